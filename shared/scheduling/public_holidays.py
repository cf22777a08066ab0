"""Public holidays of countries and their regions, from the data that the `holidays` package carries."""

from datetime import date
from functools import cache

import holidays


@cache
def _regions_by_country() -> dict[str, list[str]]:
    # The package builds this anew, from some two hundred and fifty modules, whenever it is asked.
    regions: dict[str, list[str]] = holidays.list_supported_countries(include_aliases=False)
    return regions


def is_holiday_country(country_code: str) -> bool:
    """Tell whether the holidays of a country (ISO 3166-1, two letters) are known."""
    return country_code in _regions_by_country()


def holiday_regions(country_code: str) -> tuple[str, ...]:
    """Return the regions (the part of ISO 3166-2 after the dash) that have holidays of their own."""
    return tuple(_regions_by_country().get(country_code, ()))


def public_holidays(
    country_code: str | None, region: str | None = None, *, day_from: date, day_to: date
) -> dict[date, str]:
    """Return the public holidays from `day_from` to `day_to` (included) with their English names, in order.

    Empty for a country without data; the holidays of the whole country for a region without data.
    """
    if country_code is None or not is_holiday_country(country_code):
        return {}

    known = holidays.country_holidays(
        country_code,
        subdiv=region if region in holiday_regions(country_code) else None,
        years=range(day_from.year, day_to.year + 1),
        language="en_US",
    )
    return {day: name for day, name in sorted(known.items()) if day_from <= day <= day_to}
