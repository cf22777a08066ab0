"""A recurrence rule in English words."""

from services.streams.domain.recurrence import Rule

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}


def in_words(rule: Rule) -> str:
    """Return the rule as a sentence part: `every 2 weeks on Monday at 19:00 (Europe/Berlin), 10 times`."""
    unit = _UNITS[rule.freq]
    parts = [f"every {unit}" if rule.interval == 1 else f"every {rule.interval} {unit}s"]
    if rule.by_day:
        parts.append("on " + _joined([_day(number, day) for number, day in rule.by_day]))
    elif rule.freq == "WEEKLY":
        parts.append(f"on {DAYS[rule.starts_at.weekday()]}")
    if rule.by_month_day:
        parts.append("on " + _joined([_nth(day, "day of the month") for day in rule.by_month_day]))
    elif rule.freq in ("MONTHLY", "YEARLY") and not rule.by_day:
        parts.append(f"on the {_ordinal(rule.starts_at.day)}")
    if rule.by_month:
        parts.append("in " + _joined([MONTHS[month - 1] for month in rule.by_month]))
    elif rule.freq == "YEARLY" and not rule.by_day and not rule.by_month_day:
        parts.append(f"of {MONTHS[rule.starts_at.month - 1]}")
    if rule.by_set_pos:
        parts.append("but only " + _joined([_nth(place, "of these") for place in rule.by_set_pos]))
    hour = rule.starts_at.hour if rule.hour is None else rule.hour
    minute = rule.starts_at.minute if rule.hour is None else rule.minute or 0
    text = f"{' '.join(parts)} at {hour:02}:{minute:02} ({rule.zone})"
    if rule.count is not None:
        text += f", {rule.count} {'time' if rule.count == 1 else 'times'}"
    if rule.until is not None:
        text += f", until {rule.until.day} {MONTHS[rule.until.month - 1]} {rule.until.year}"
    return text[0].upper() + text[1:]


def _day(number: int, day: int) -> str:
    return DAYS[day] if not number else _nth(number, DAYS[day])


def _nth(number: int, what: str) -> str:
    if number == -1:
        return f"the last {what}"
    return f"the {_ordinal(number)} {what}" if number > 0 else f"the {_ordinal(-number)} last {what}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 // 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
