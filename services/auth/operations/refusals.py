"""Refusing without forgetting why."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from shared.database import transaction
from shared.errors import DomainError


@contextmanager
def keeping_refusals() -> Iterator[Session]:
    """Yield a session like `transaction()`, but commit what was written before a refusal, and raise it then.

    For operations whose refusal leaves traces: a counted failure, a stolen session that was ended. They decide before
    they write anything else.
    """
    refusal: DomainError | None = None
    with transaction() as session:
        try:
            yield session
        except DomainError as raised:
            refusal = raised
    if refusal is not None:
        raise refusal
