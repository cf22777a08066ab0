"""The names of the time zone database, and the countries that use them, from the package tzdata."""

from collections import defaultdict
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones


@cache
def countries_by_zone() -> dict[str, list[str]]:
    """Return the codes of the countries of each zone in use. Source: `zone.tab`."""
    found: dict[str, list[str]] = defaultdict(list)
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _point, name, *_comment = line.split("\t")
            found[name].append(country)
    found["UTC"] = []
    return dict(found)


@cache
def all_zones() -> frozenset[str]:
    """Return every name, also former ones."""
    return frozenset(name for name in available_timezones() if name not in ("Factory", "localtime"))
