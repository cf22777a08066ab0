"""Which days a rule falls on.

Walked period by period up to an end, so that a rule that no calendar fulfils costs no more than any other. (dateutil's
`rrule` looks for such a day until the year 9999; tests hold this walk against it for rules that have days.)
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from services.streams.domain.recurrence import Rule

DAY = timedelta(days=1)


def days_of(rule: Rule, *, until: date) -> Iterator[date]:
    """Yield the days of the rule from its first period on, in order, up to `until`."""
    for begins, candidates in _periods(rule):
        if begins > until:
            return
        days = sorted(candidates)
        yield from (_picked(days, rule.by_set_pos) if rule.by_set_pos else days)


def _picked(days: list[date], places: tuple[int, ...]) -> list[date]:
    """Return those of a period's days that stand at the wanted places; -1 is the last."""
    wanted = {place - 1 if place > 0 else len(days) + place for place in places}
    return [day for number, day in enumerate(days) if number in wanted]


def _periods(rule: Rule) -> Iterator[tuple[date, set[date]]]:
    """Yield each period's first day and its candidates."""
    walk = {"DAILY": _by_day, "WEEKLY": _by_week, "MONTHLY": _by_month, "YEARLY": _by_year}
    return walk[rule.freq](rule)


def _fits(rule: Rule, day: date) -> bool:
    """Whether a day is of a wanted month, day of the month and weekday, each where the rule names any."""
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_month_day:
        back = day.day - monthrange(day.year, day.month)[1] - 1
        if day.day not in rule.by_month_day and back not in rule.by_month_day:
            return False
    return not rule.by_day or any(weekday == day.weekday() for _, weekday in rule.by_day)


def _by_day(rule: Rule) -> Iterator[tuple[date, set[date]]]:
    day = rule.starts_at.date()
    while True:
        yield day, {day} if _fits(rule, day) else set()
        day += rule.interval * DAY


def _by_week(rule: Rule) -> Iterator[tuple[date, set[date]]]:
    first = rule.starts_at.date()
    begins = first - (first.weekday() - rule.week_start) % 7 * DAY
    wanted = {weekday for _, weekday in rule.by_day} or {first.weekday()}
    while True:
        week = (begins + number * DAY for number in range(7))
        yield begins, {day for day in week if day.weekday() in wanted and _fits(rule, day)}
        begins += rule.interval * 7 * DAY


def _by_month(rule: Rule) -> Iterator[tuple[date, set[date]]]:
    number = rule.starts_at.year * 12 + rule.starts_at.month - 1
    while True:
        year, month = number // 12, number % 12 + 1
        wanted = not rule.by_month or month in rule.by_month
        yield date(year, month, 1), _of_month(rule, year, month) if wanted else set()
        number += rule.interval


def _of_month(rule: Rule, year: int, month: int) -> set[date]:
    length = monthrange(year, month)[1]
    days = [date(year, month, number) for number in range(1, length + 1)]
    if rule.by_day and any(ordinal for ordinal, _ in rule.by_day):
        return _numbered(days, rule.by_day)
    if rule.by_day or rule.by_month_day:
        return {day for day in days if _fits(rule, day)}
    return {days[rule.starts_at.day - 1]} if rule.starts_at.day <= length else set()


def _by_year(rule: Rule) -> Iterator[tuple[date, set[date]]]:
    year = rule.starts_at.year
    while True:
        yield date(year, 1, 1), _of_year(rule, year)
        year += rule.interval


def _of_year(rule: Rule, year: int) -> set[date]:
    if rule.by_day and not rule.by_month and not rule.by_month_day:
        first = date(year, 1, 1)
        length = (date(year + 1, 1, 1) - first).days
        return _numbered([first + number * DAY for number in range(length)], rule.by_day)
    everywhere = rule.by_day or rule.by_month_day
    months = rule.by_month or (range(1, 13) if everywhere else (rule.starts_at.month,))
    return {day for month in months for day in _of_month(rule, year, month)}


def _numbered(days: list[date], wanted: tuple[tuple[int, int], ...]) -> set[date]:
    """Return nth weekdays of a span of days: (1, 0) its first Monday, (-1, 4) its last Friday, (0, 6) all Sundays."""
    found: set[date] = set()
    for ordinal, weekday in wanted:
        same = [day for day in days if day.weekday() == weekday]
        if not ordinal:
            found.update(same)
        elif abs(ordinal) <= len(same):
            found.add(same[ordinal - 1 if ordinal > 0 else ordinal])
    return found
