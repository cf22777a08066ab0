"""Times of day in bodies."""

from typing import Any

from marshmallow import ValidationError

from services.practitioners.domain.hours import minute_of_day
from shared.http import fields


class TimeOfDay(fields.Field[int]):
    """`HH:MM` or `HH:MM:00`, read as minutes after midnight; `24:00` is the day's end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "time", "example": "09:00"}, **options)

    def _serialize(self, value: Any, *_args: Any, **_options: Any) -> Any:
        return value

    def _deserialize(self, value: Any, *_args: Any, **_options: Any) -> int:
        if not isinstance(value, str):
            raise ValidationError("Not a time of day (HH:MM).")
        try:
            return minute_of_day(value)
        except ValueError as bad:
            raise ValidationError(str(bad)) from bad
