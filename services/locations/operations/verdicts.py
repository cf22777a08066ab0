"""Whether an address can be used, as far as our own tables can tell."""

from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from services.locations.clients import formats
from services.locations.domain.addresses import Correction, Question, Verdict, is_nothing
from services.locations.models import lookups
from services.locations.operations.offline import Understood, formatted, geocode, understood


@dataclass(slots=True)
class Checks:
    """What is found wrong, part by part; `problem` is the first thing that makes the address unusable."""

    corrections: list[Correction] = field(default_factory=list)
    unconfirmed: list[str] = field(default_factory=list)
    problem: str | None = None

    def correct(self, component: str, before: str, after: str) -> None:
        """Note that a part is called otherwise; the last word on a part counts."""
        self.corrections = [one for one in self.corrections if one.component != component]
        self.corrections.append(Correction(component=component, before=before, after=after))

    def refuse(self, problem: str, component: str | None = None) -> None:
        """Note what makes the address unusable."""
        self.problem = self.problem or problem
        if component:
            self.unconfirmed.append(component)


def verdict(connection: Connection, question: Question) -> Verdict:
    """Return whether an address can be used, as far as tables can tell: they never know a street."""
    nothing = is_nothing(question.one_line)
    known = understood(connection, question)
    if nothing or (known.country is not None and not _has_place(known)):
        return Verdict(valid=False, error="Address not found")
    if known.country is None:
        return Verdict(valid=False, error="Unknown country", unconfirmed=("country",))
    checks = Checks()
    for check in (_check_state, _check_postal_code, _check_together, _check_city):
        check(known, checks)
    missing = tuple(part for part in _required(known) if getattr(known.components, part) is None)
    places = geocode(connection, question)
    found = places[0] if places else None
    components = replace(known.components, **{one.component: one.after for one in checks.corrections})
    sure = [
        part
        for part in ("city", "state", "postal_code", "country")
        if getattr(components, part) and part not in checks.unconfirmed
    ]
    street = [part for part in ("street_number", "street") if getattr(components, part)]
    error = checks.problem or (f"Missing: {', '.join(missing)}" if missing else None)
    return Verdict(
        valid=error is None and found is not None,
        error=error if error or found else "Address not found",
        formatted_address=formatted(components, known.country, known.state_name),
        point=found.point if found else None,
        components=components,
        granularity=found.precision if found else "none",
        confirmed=tuple(sure),
        unconfirmed=(*street, *checks.unconfirmed),
        corrections=tuple(checks.corrections),
        missing=missing,
        city_id=found.city_id if found else None,
        state_id=found.state_id if found else None,
        country_id=known.country["id"],
        timezone=found.timezone if found else None,
    )


def _has_place(known: Understood) -> bool:
    written = known.written
    return any((written.city, written.state, written.postal_code, written.street))


def _required(known: Understood) -> list[str]:
    assert known.country is not None
    country = known.country["code"]
    parts = [part for part in ("city", "state", "postal_code") if formats.needs(country, part)]
    return ["street", *parts]


def _check_state(known: Understood, checks: Checks) -> None:
    written = known.written.state
    if written and known.state is None:
        checks.refuse("Unknown state", "state")
    elif written and known.state and written != known.state["code"]:
        checks.correct("state", written, known.state["code"])


def _check_postal_code(known: Understood, checks: Checks) -> None:
    assert known.country is not None
    written, code = known.written.postal_code, known.postal_code
    if not written or not code:
        return
    if not formats.fits_pattern(known.country["code"], code):
        checks.refuse("The postal code does not have the country's form", "postal_code")
    elif known.country_has_codes and known.postal is None:
        checks.refuse("Unknown postal code", "postal_code")
    elif code != written:
        checks.correct("postal_code", written, code)


def _check_together(known: Understood, checks: Checks) -> None:
    """Hold state and postal code against each other."""
    assert known.country is not None
    wrong = "The postal code does not belong to the state"
    if known.state is None or not known.postal_code or checks.problem:
        return
    if known.postal is None:
        if not formats.fits_state(known.country["code"], known.state["code"], known.postal_code):
            checks.refuse(wrong, "postal_code")
    elif known.postal["state_id"] != known.state["id"]:
        checks.correct("state", known.written.state or known.state["code"], known.postal["state_code"])
        checks.refuse(wrong)


def _check_city(known: Understood, checks: Checks) -> None:
    written = known.written.city
    if not written:
        return
    if known.city is None:
        checks.unconfirmed.append("city")
        if not (known.postal and lookups.zip_knows_city(known.postal, written)):
            checks.refuse("Unknown city")
    elif known.is_corrected:
        checks.correct("city", written, known.city["name"])
