"""Public holidays of countries and regions."""

from datetime import date

from shared.scheduling.public_holidays import holiday_regions, is_holiday_country, public_holidays

YEAR = {"day_from": date(2026, 1, 1), "day_to": date(2026, 12, 31)}


def test_a_countrys_holidays_have_names_and_come_in_order() -> None:
    found = public_holidays("US", **YEAR)

    assert found[date(2026, 12, 25)] == "Christmas Day"
    assert list(found) == sorted(found)


def test_a_region_has_its_own_on_top() -> None:
    assert date(2026, 6, 4) not in public_holidays("DE", **YEAR)
    assert public_holidays("DE", "BY", **YEAR)[date(2026, 6, 4)] == "Corpus Christi"
    assert "BY" in holiday_regions("DE")


def test_an_unknown_region_has_the_countrys() -> None:
    assert public_holidays("DE", "Atlantis", **YEAR) == public_holidays("DE", **YEAR)


def test_an_unknown_country_has_none() -> None:
    assert public_holidays("ZZ", **YEAR) == public_holidays(None, **YEAR) == {}
    assert not is_holiday_country("ZZ")
    assert is_holiday_country("NP")
    assert holiday_regions("ZZ") == ()


def test_the_range_includes_both_ends_and_may_span_years() -> None:
    found = public_holidays("US", day_from=date(2026, 12, 25), day_to=date(2027, 1, 1))

    assert list(found) == [date(2026, 12, 25), date(2027, 1, 1)]
