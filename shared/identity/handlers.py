"""What every service does when auth publishes its signing keys."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from shared.identity.keys import store_keys
from shared.messaging import Message, handles


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeysChanged:
    """The whole public set, as JWKs."""

    keys: list[dict[str, Any]]


@handles("signing_keys.changed", SigningKeysChanged)
def keep_signing_keys(session: Session, event: SigningKeysChanged, message: Message) -> None:
    """Keep the newest public set, so that tokens are verified without asking anybody."""
    store_keys(session, {"keys": event.keys}, epoch=message.epoch, sequence=message.sequence)
