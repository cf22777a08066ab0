"""The public keys a service verifies tokens with: its own copy of what auth published.

`signing_keys.changed` carries the whole public set; the newest is kept in the table `signing_keys`, one row. A web
process reads it at the first token and again, at most once in ten seconds, when a token names a key it lacks.
"""

import threading
import time
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from shared.database import database
from shared.database.tables import metadata
from shared.identity.claims import Claims, UnknownKey
from shared.identity.keyset import KeySet
from shared.identity.verifying import TokenVerifier

REREAD_SECONDS = 10.0

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("jwks", JSONB, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)


def store_keys(session: Session, jwks: dict[str, Any], *, epoch: int, sequence: int) -> None:
    """Keep the public set if it is newer than the one held."""
    statement = insert(signing_keys).values(id=1, epoch=epoch, sequence=sequence, jwks=jwks)
    newer = (signing_keys.c.epoch < epoch) | ((signing_keys.c.epoch == epoch) & (signing_keys.c.sequence < sequence))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[signing_keys.c.id],
            set_={"epoch": epoch, "sequence": sequence, "jwks": jwks, "received_at": func.now()},
            where=newer,
        )
    )


class KeyRing:
    """Verifies access tokens with the keys in the service's database."""

    def __init__(self, *, issuer: str, legacy_secret: str = "") -> None:
        self._keys = KeySet({"keys": []})
        self._verifier = TokenVerifier(self._keys, issuer=issuer, legacy_secret=legacy_secret or None)
        self._lock = threading.Lock()
        self._reread_after = 0.0

    def verify(self, token: str) -> Claims:
        """Return who the token names. Raises TokenExpired, TokenInvalid."""
        try:
            return self._verifier.verify(token)
        except UnknownKey as unknown:
            self._reread(unknown.kid)
            return self._verifier.verify(token)

    def _reread(self, kid: str) -> None:
        """Load the newest set, unless that was done a moment ago; threads that wait for it share one read."""
        with self._lock:
            if kid in self._keys or time.monotonic() < self._reread_after:
                return
            with database().reading() as connection:
                jwks = connection.scalar(select(signing_keys.c.jwks))
            if jwks is not None:
                self._keys.replace(jwks)
                self._reread_after = time.monotonic() + REREAD_SECONDS
