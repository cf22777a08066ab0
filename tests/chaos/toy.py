"""Two small services built from shared.messaging: `shop` counts, `mirror` copies and repeats what it hears.

Both live in one database, in a schema each, so that one SQL file can compare them.
"""

import os
import random
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.database import Key, ModelBase, Versioned, service_metadata
from shared.errors import Conflict
from shared.messaging import (
    Message,
    NotYet,
    Replica,
    Snapshot,
    event,
    handles,
    record,
    remove_replica,
    replace_replica,
)
from shared.messaging.handlers import Handlers
from shared.messaging.topology import Participant

ACCOUNTS = 20


class Base(ModelBase):
    __abstract__ = True
    metadata = service_metadata()


class MirrorBase(ModelBase):
    __abstract__ = True
    metadata = service_metadata()


class Account(Versioned, Base):
    """What shop owns."""

    __tablename__ = "accounts"
    aggregate_type = "account"

    id: Mapped[Key]
    balance: Mapped[int]
    name: Mapped[str]


class AccountCopy(Replica, MirrorBase):
    """What mirror holds of it."""

    __tablename__ = "account_copies"

    account_id: Mapped[int] = mapped_column(primary_key=True)
    balance: Mapped[int]
    name: Mapped[str]


class Effect(MirrorBase):
    """One row for each time that mirror acted on a fact: never two for one event, never none."""

    __tablename__ = "effects"

    id: Mapped[Key]
    event_id: Mapped[str]
    account_id: Mapped[int]
    number: Mapped[int]


@event("account.changed", state=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged:
    id: int
    balance: int
    name: str

    @classmethod
    def of(cls, account: Account) -> "AccountChanged":
        return cls(id=account.id, balance=account.balance, name=account.name)


@event("account.credited")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCredited:
    account_id: int
    number: int
    kind: str = "good"


@event("account.closed")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClosed:
    account_id: int


@event("shop.hint", live=True)
@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    number: int


SNAPSHOTS = [Snapshot(AccountChanged, select(Account))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What mirror reads of a credit. `kind` tells it to misbehave."""

    account_id: int
    number: int
    kind: str = "good"


@handles("account.changed", AccountChanged)
def copy_account(session: Session, event: AccountChanged, message: Message) -> None:
    replace_replica(
        session,
        AccountCopy,
        key={"account_id": event.id},
        values={"balance": event.balance, "name": event.name},
        message=message,
    )


@handles("account.closed", AccountClosed)
def close_account(session: Session, event: AccountClosed, message: Message) -> None:
    remove_replica(session, AccountCopy, key={"account_id": event.account_id}, message=message)


@handles("account.credited", Credited)
def act_on_credit(session: Session, event: Credited, message: Message) -> None:
    """Write one effect; the other kinds stand for what goes wrong in services."""
    misbehave = MISBEHAVIOURS.get(event.kind)
    if misbehave is not None:
        misbehave()
    session.add(Effect(event_id=str(message.id), account_id=event.account_id, number=event.number))


def _refuse() -> None:
    raise Conflict("a rule says no")


def _not_yet() -> None:
    raise NotYet


def _fail() -> None:
    raise KeyError("a bug")


def _die() -> None:
    os._exit(9)


MISBEHAVIOURS: dict[str, Any] = {"refused": _refuse, "early": _not_yet, "bug": _fail, "deadly": _die}

HANDLERS = SimpleNamespace(copy_account=copy_account, act_on_credit=act_on_credit, close_account=close_account)

SHOP = Participant(
    name="shop",
    publishes=(AccountChanged, AccountCredited, AccountClosed, Hint),
    handlers=Handlers([]),
    snapshots=tuple(SNAPSHOTS),
)
MIRROR = Participant(name="mirror", handlers=Handlers.of([HANDLERS]))
MEMBERS = [SHOP, MIRROR]


def credit(session: Session, account_id: int, *, kind: str = "good") -> None:
    """One change of shop: it and the events that tell of it are one transaction."""
    account = session.get(Account, account_id, with_for_update=True)
    assert account is not None
    account.balance += 1
    account.name = f"account {account.id} at {account.balance}"
    record(session, AccountChanged.of(account), subject=account)
    record(session, AccountCredited(account_id=account.id, number=account.balance, kind=kind), subject=account)


def open_accounts(session: Session, count: int = ACCOUNTS) -> None:
    """Make the accounts that writers then change."""
    session.add_all(Account(balance=0, name=f"account {number}") for number in range(count))


def write(database: Any, seed: int, *, pause: float) -> None:
    """Change random accounts for ever; some transactions stay open long after their events have numbers."""
    chance = random.Random(seed)
    while True:
        try:
            with database.transaction() as session:
                credit(session, chance.randint(1, ACCOUNTS))
                if chance.random() < 0.2:
                    session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": chance.uniform(0.02, 0.15)})
        except Exception:
            time.sleep(0.1)
        time.sleep(pause * chance.random())
