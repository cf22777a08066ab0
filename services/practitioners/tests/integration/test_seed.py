"""The demo fills an empty service once."""

import pytest
from sqlalchemy import func, select

from services.practitioners import seed
from services.practitioners.domain.demo_practices import EMAILS
from services.practitioners.models import Practitioner
from services.practitioners.tests.people import newcomer
from shared.database import Database
from shared.messaging import NotYet
from shared.testing.http import Caller

FEW = EMAILS[:3]


def test_waits_for_the_people_then_fills_once(http: Caller, database: Database) -> None:
    with pytest.raises(NotYet):
        seed.seed(FEW)
    for number, email in enumerate(FEW):
        newcomer(http, database, user_id=900 + number, email=email, first_name="Maya", last_name=f"Lind{number}")

    seed.seed(FEW)
    seed.seed(FEW)

    with database.transaction() as session:
        listed = select(func.count()).where(Practitioner.listed)
        assert session.scalar(listed) == len(FEW)
    page = http.get("/practitioners/?page_size=10&search=massage").json
    assert page["count"] == 1
    assert page["results"][0]["specializations"][0]["content"] == "Massage Therapy"
