"""Public holidays, as a practitioner looks at them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.practitioners.models import Practitioner, Preference
from shared.localtime import local_day
from shared.scheduling.public_holidays import public_holidays


def holidays_of(
    session: Session, practitioner: Practitioner, query: dict[str, Any], *, now: datetime
) -> list[dict[str, Any]]:
    """Return a year's holidays: public ones of the asked country, or of the practitioner's own, and own ones."""
    preference = session.get(Preference, practitioner.id)
    year = query.get("year") or local_day(now, practitioner.timezone).year
    first, last = date(year, 1, 1), date(year, 12, 31)
    own_country = preference.country_code if preference else None
    country = query.get("country") or own_country
    region = query.get("region") or (preference.region if preference and country == own_country else None)
    respected = preference is not None and preference.respect_holidays and country == own_country
    found = {
        day: {"date": day, "name": name, "blocked": respected}
        for day, name in public_holidays(country, region, day_from=first, day_to=last).items()
    }
    if preference is None:
        return list(found.values())
    for entry in preference.holidays:
        day = date.fromisoformat(entry["date"])
        if first <= day <= last:
            found[day] = {"date": day, "name": entry["name"] or "Holiday", "blocked": preference.respect_holidays}
    return [found[day] for day in sorted(found)]
