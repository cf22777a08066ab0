"""People of the tests."""

from typing import Any

from services.practitioners.handlers import auth
from shared.database import Database
from shared.messaging.testing import announced, apply, message
from shared.testing.http import Caller

STAFF = 1


def newcomer(http: Caller, database: Database, *, user_id: int, **more: Any) -> Caller:
    """Return somebody whose account is known here, without a profile."""
    data = {
        "id": user_id,
        "email": f"person{user_id}@example.org",
        "first_name": "Pat",
        "last_name": f"Tester{user_id}",
        "timezone": "Europe/Berlin",
        "email_verified": True,
        **more,
    }
    apply(database, "practitioners", [auth], message("user.changed", data, subject=("user", user_id)))
    return http.as_user(user_id)


def announced_types(database: Database) -> list[str]:
    """Return the types of what was announced, oldest first."""
    with database.transaction() as session:
        return [one.type for one in announced(session)]
