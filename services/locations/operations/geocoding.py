"""Finding addresses: remembered answers, then Google where a key is set, then our own tables.

Nothing here runs inside a database transaction of its caller's. Google is asked at most `LOCATIONS_GEOCODE_DAILY` times
a day over all processes, and not for a minute after it said that this was too much, or failed five times in a row.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert

from services.locations.clients.google import GoogleMaps, GoogleRefusal, KeyRefused, OverLimit
from services.locations.domain import words
from services.locations.domain.addresses import Found, Question, Verdict
from services.locations.domain.breaker import Breaker
from services.locations.domain.sphere import Point
from services.locations.models import GeocodeCache, GeocodeUsage, lookups
from services.locations.operations import offline, verdicts
from services.locations.settings import Settings
from shared.clock import utc_now
from shared.database import database, reading
from shared.observability import logger

CACHE_DAYS: Final = 30
"""Google allows coordinates to be kept so long."""

log = logger(__name__)
T = TypeVar("T")


class Geocoder(Protocol):
    """Whoever finds addresses: Google, or our own tables."""

    def geocode(self, question: Question) -> list[Found]:
        """Return the places that an address may mean, best first."""

    def reverse(self, point: Point) -> Found | None:
        """Return the address at, or near, a point."""

    def verdict(self, question: Question) -> Verdict:
        """Return whether an address can be used."""


class Offline:
    """Our own tables as a geocoder."""

    def geocode(self, question: Question) -> list[Found]:
        """See `Geocoder.geocode`."""
        with reading() as connection:
            return offline.geocode(connection, question)

    def reverse(self, point: Point) -> Found | None:
        """See `Geocoder.reverse`."""
        with reading() as connection:
            return offline.reverse(connection, point)

    def verdict(self, question: Question) -> Verdict:
        """See `Geocoder.verdict`."""
        with reading() as connection:
            return verdicts.verdict(connection, question)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found, where; `is_final` is False while a better answer may come from Google later."""

    results: list[Found]
    source: str
    is_final: bool = True

    @property
    def best(self) -> Found | None:
        """The first result."""
        return self.results[0] if self.results else None


@dataclass(slots=True)
class Geocoding:
    """The geocoders of this process, and what it knows of their health."""

    google: GoogleMaps | None = None
    daily_max: int = 2000
    breaker: Breaker = field(default_factory=Breaker)

    @classmethod
    def of(cls, settings: Settings) -> "Geocoding":
        """Return what the settings ask for; a key that can not be one acts like none."""
        google = None
        if settings.google_maps_api_key:
            try:
                google = GoogleMaps(
                    key=settings.google_maps_api_key,
                    base=settings.google_maps_base_url,
                    timeout_ms=settings.locations_geocode_timeout_ms,
                )
            except KeyRefused:
                log.error("google_key_refused")  # noqa: TRY400 - the trace would name the key.
        return cls(google=google, daily_max=settings.locations_geocode_daily)

    @property
    def has_google(self) -> bool:
        """Whether Google may be asked, now or later."""
        return self.google is not None and not self.breaker.is_final

    def geocode(self, question: Question) -> Answer:
        """Return the places that an address may mean, best first."""
        key = _hash(question.key)
        remembered = _remembered(key)
        if remembered is not None:
            return Answer(results=remembered, source=words.CACHE)
        found = self._ask(lambda google: google.geocode(question))
        if found:
            with reading() as connection:
                found = [identified(connection, one) for one in found]
            _remember(key, found)
            return Answer(results=found, source=words.GOOGLE)
        is_final = not self.has_google or found is not None
        return Answer(results=Offline().geocode(question), source=words.OFFLINE, is_final=is_final)

    def offline(self, question: Question) -> Answer:
        """Return what our own tables find, for callers at whose wish Google is never asked."""
        return Answer(results=Offline().geocode(question), source=words.OFFLINE)

    def again(self, place_id: str) -> Found | None:
        """Return a place by Google's id, as it is now; None if nobody can tell."""
        found = self._ask(lambda google: google.place(place_id))
        if found is None:
            return None
        with reading() as connection:
            return identified(connection, found)

    def reverse(self, point: Point) -> Found | None:
        """Return the address at a point, or the nearest place that we know; None where there is none."""
        found = self._ask(lambda google: google.reverse(point))
        if found is not None:
            with reading() as connection:
                return identified(connection, found)
        return Offline().reverse(point)

    def verdict(self, question: Question) -> tuple[Verdict, str]:
        """Return whether an address can be used, and who says so."""
        judged = self._ask(lambda google: google.verdict(question))
        if judged is None:
            return Offline().verdict(question), words.OFFLINE
        with reading() as connection:
            ids = _ids(connection, judged.components.country, judged.components.state, judged.components.city)
        own = {"city_id": ids.city, "state_id": ids.state, "country_id": ids.country, "timezone": ids.timezone}
        return Verdict(**{**_fields(judged), **own}), words.GOOGLE

    def suggestions(
        self, asked: str, *, session_token: str, countries: tuple[str, ...], point: Point | None
    ) -> list[tuple[str, str, str]]:
        """Return addresses that begin so, from Google alone."""
        found = self._ask(
            lambda google: google.suggestions(asked, session_token=session_token, countries=countries, point=point)
        )
        return found or []

    def _ask(self, call: Callable[[GoogleMaps], T]) -> T | None:
        """Return Google's answer, or None where it is not asked or gives none."""
        if self.google is None or not self.breaker.is_closed(time.monotonic()) or not _counted(self.daily_max):
            return None
        try:
            answer = call(self.google)
        except KeyRefused:
            self.breaker.open_for_good()
            log.error("google_key_refused")  # noqa: TRY400 - the trace would name the address.
        except OverLimit:
            self.breaker.open(time.monotonic())
            log.warning("google_over_limit")
        except GoogleRefusal as failed:
            self.breaker.failed(time.monotonic())
            log.warning("google_unanswered", reason=str(failed))
        else:
            self.breaker.succeeded()
            return answer
        return None


_geocoding: Geocoding | None = None


def use_geocoding(made: Geocoding) -> Geocoding:
    """Name the geocoding of this process and return it."""
    global _geocoding
    _geocoding = made
    return made


def geocoding() -> Geocoding:
    """Return the geocoding of this process; our own tables alone until a composition root names another."""
    return _geocoding or Geocoding()


@dataclass(frozen=True, slots=True)
class _Ids:
    city: int | None = None
    state: int | None = None
    country: int | None = None
    timezone: str | None = None


def identified(connection: Connection, found: Found) -> Found:
    """Return a place of Google's with the ids of our own reference data."""
    ids = _ids(connection, found.components.country, found.components.state, found.components.city)
    return found.with_place(city_id=ids.city, state_id=ids.state, country_id=ids.country, timezone=ids.timezone)


def _ids(connection: Connection, country: str | None, state: str | None, city: str | None) -> _Ids:
    if not country:
        return _Ids()
    nation, region = lookups.country_and_state(connection, country)
    if nation is None:
        return _Ids()
    if region is None and state:
        region = lookups.state(connection, nation["id"], state)
    place = lookups.city(connection, nation["id"], region["id"] if region else None, city) if city else None
    zone = place["timezone"] if place else next(iter(nation["timezones"]), None)
    return _Ids(place["id"] if place else None, region["id"] if region else None, nation["id"], zone)


def _fields(verdict: Verdict) -> dict[str, Any]:
    return {name: getattr(verdict, name) for name in Verdict.__slots__}


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _remembered(key: str) -> list[Found] | None:
    statement = select(GeocodeCache.result).where(
        GeocodeCache.key == key, GeocodeCache.provider == words.GOOGLE, GeocodeCache.expires_at > utc_now()
    )
    with reading() as connection:
        kept = connection.execute(statement).scalar()
    return None if kept is None else [Found.of_json(one) for one in kept]


def _remember(key: str, found: list[Found]) -> None:
    values = {"result": [one.as_json() for one in found], "expires_at": utc_now() + timedelta(days=CACHE_DAYS)}
    statement = insert(GeocodeCache).values(key=key, provider=words.GOOGLE, **values)
    with database().transaction() as session:
        session.execute(statement.on_conflict_do_update(index_elements=["key", "provider"], set_=values))


def _counted(daily_max: int) -> bool:
    """Count one call of today; False if there were enough already."""
    statement = insert(GeocodeUsage).values(day=func.current_date(), calls=1, cost_units=5)
    counted = statement.on_conflict_do_update(
        index_elements=["day"],
        set_={"calls": GeocodeUsage.calls + 1, "cost_units": GeocodeUsage.cost_units + 5},
        where=GeocodeUsage.calls < text(":most").bindparams(most=daily_max),
    ).returning(GeocodeUsage.calls)
    with database().transaction() as session:
        return daily_max > 0 and session.execute(counted).scalar() is not None
