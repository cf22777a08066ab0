import threading

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from shared.clock import utc_now
from shared.database import Database
from shared.messaging import Message, Snapshot, record, replicas
from shared.messaging.consumer import Consumer
from shared.messaging.handlers import Handlers
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import retell
from shared.messaging.readiness import untold
from shared.messaging.snapshots import (
    Bootstrap,
    Teller,
    ask_again,
    protocol,
    raise_epoch,
    replica_digest,
)
from shared.tests.messaging.conftest import Running
from tests.chaos import toy
from tests.chaos.servers import Servers, eventually

COPIES = "SELECT count(*), min(sequence), max(epoch) FROM mirror.account_copies"


def listen(servers: Servers, running: Running) -> None:
    """Let shop and mirror hear each other, protocol included."""
    running.relay()
    shop_inbox = Inbox("shop", protocol("shop", toy.SHOP.keys), servers.database("shop"))
    running.start(Consumer(shop_inbox, broker_url=servers.broker_url("shop")).run)
    running.consumer(handlers=toy.MIRROR.handlers.joined(protocol("mirror", [])))


def mirrors_relay(servers: Servers, running: Running) -> None:
    from shared.messaging.relay import Relay

    relay = Relay("mirror", database_url=servers.database_url("mirror"), broker_url=servers.broker_url("mirror"))
    running.start(relay.run)


def teller(servers: Servers, shop: Database) -> Teller:
    return Teller("shop", database=shop, broker_url=servers.broker_url("shop"), snapshots=toy.SNAPSHOTS)


def test_a_new_reader_asks_and_is_ready_when_it_was_told_everything(
    servers: Servers, shop: Database, mirror: Database, running: Running
) -> None:
    for account in range(1, toy.ACCOUNTS + 1):
        with shop.transaction() as session:
            toy.credit(session, account)
    servers.query("UPDATE shop.outbox SET published_at = now()")  # Told before mirror listened.
    listen(servers, running)
    mirrors_relay(servers, running)
    bootstrap = Bootstrap("mirror", database=mirror, types=["account.changed"])

    assert bootstrap.ask() == ["account.changed"]
    with mirror.reading() as connection:
        assert untold(connection) == ["account.changed"]
    running.start(teller(servers, shop).run)

    eventually(lambda: bootstrap.ask() == [])
    with mirror.reading() as connection:
        assert untold(connection) == []
        held = replica_digest(connection, toy.AccountCopy, "account_id")
    eventually(lambda: servers.query(COPIES) == [(toy.ACCOUNTS, 2, 1)])
    told = teller(servers, shop).tell(["account.changed"], reader="mirror", pages_per_second=1000)
    assert told == {"account.changed": held}
    assert servers.query("SELECT count(*) FROM mirror.effects") == [(0,)]


def test_a_wiped_replica_heals_while_changes_go_on(
    servers: Servers, shop: Database, mirror: Database, running: Running
) -> None:
    listen(servers, running)
    mirrors_relay(servers, running)
    running.start(teller(servers, shop).run)
    bootstrap = Bootstrap("mirror", database=mirror, types=["account.changed"])
    eventually(lambda: bootstrap.ask() == [])
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.wait(0.005):
            number += 1
            with shop.transaction() as session:
                toy.credit(session, 1 + number % toy.ACCOUNTS)

    thread = threading.Thread(target=change)
    thread.start()
    servers.query("TRUNCATE mirror.account_copies")
    with mirror.transaction() as session:
        ask_again(session, ["account.changed"])
    eventually(lambda: bootstrap.ask() == [], within=15)
    stop.set()
    thread.join()

    def equal() -> bool:
        return servers.query(
            "SELECT count(*) FROM shop.accounts a LEFT JOIN mirror.account_copies c ON c.account_id = a.id"
            " WHERE (a.balance, a.version) IS DISTINCT FROM (c.balance, c.sequence)"
        ) == [(0,)]

    eventually(equal)


def test_a_restored_source_is_believed_after_its_epoch_was_raised(
    servers: Servers, shop: Database, mirror: Database, running: Running
) -> None:
    running.relay()
    running.consumer()
    for _ in range(5):
        with shop.transaction() as session:
            toy.credit(session, 1)
    eventually(lambda: servers.query("SELECT sequence FROM mirror.account_copies") == [(6,)])

    # A backup from before four of the changes is put back; readers hold newer versions than the source.
    servers.query(
        "UPDATE shop.accounts SET version = 2, balance = 1 WHERE id = 1; DELETE FROM shop.outbox WHERE sequence > 2"
    )
    with shop.transaction() as session:
        assert raise_epoch(session) == 2
    teller(servers, shop).tell(pages_per_second=1000)

    eventually(lambda: servers.query(COPIES) == [(toy.ACCOUNTS, 1, 2)])
    assert servers.query("SELECT balance, sequence, epoch FROM mirror.account_copies WHERE account_id = 1") == [
        (1, 2, 2)
    ]
    with shop.transaction() as session:
        toy.credit(session, 1)
    eventually(
        lambda: servers.query("SELECT balance, epoch FROM mirror.account_copies WHERE account_id = 1") == [(2, 2)]
    )


def test_tombstones_are_told_too(servers: Servers, shop: Database, mirror: Database, running: Running) -> None:
    gone = select(toy.Account).where(toy.Account.id <= 3)
    snapshots = [
        Snapshot(toy.AccountChanged, select(toy.Account).where(toy.Account.id > 3)),
        Snapshot(toy.AccountClosed, gone, build=lambda _session, row: toy.AccountClosed(account_id=row.id)),
    ]
    running.consumer()

    Teller("shop", database=shop, broker_url=servers.broker_url("shop"), snapshots=snapshots).tell(
        reader="mirror", pages_per_second=1000
    )

    eventually(
        lambda: (
            servers.query(
                "SELECT count(*) FILTER (WHERE deleted_at IS NULL), count(*) FILTER (WHERE deleted_at IS NOT NULL)"
                " FROM mirror.account_copies"
            )
            == [(toy.ACCOUNTS - 3, 3)]
        )
    )


def test_many_pages_are_read_by_key(servers: Servers, shop: Database) -> None:
    with shop.transaction() as session:
        toy.open_accounts(session, 1_234)

    with shop.transaction() as session:
        pages = [len(page) for page in toy.SNAPSHOTS[0].rows(session)]

    assert pages == [500, 500, 1_234 + toy.ACCOUNTS - 1_000]


def test_requests_of_others_events_and_own_requests_are_passed_over(servers: Servers, shop: Database) -> None:
    handlers = protocol("shop", toy.SHOP.keys)
    inbox = Inbox("shop", handlers, shop)

    def asked(source: str, types: list[str]) -> Message:
        from shared.messaging.testing import message

        return message(f"{source}.snapshot.requested", {"types": types}, source=source)

    inbox.apply(asked("mirror", ["other.changed"]), asked("shop", ["account.changed"]))
    assert servers.query("SELECT count(*) FROM shop.snapshot_requests") == [(0,)]

    inbox.apply(asked("mirror", ["other.changed", "account.changed"]))
    assert servers.query("SELECT consumer, types FROM shop.snapshot_requests") == [("mirror", ["account.changed"])]


def test_republished_states_reach_everybody_and_cause_no_effects(
    servers: Servers, shop: Database, mirror: Database, running: Running
) -> None:
    heard: list[Message] = []
    from types import SimpleNamespace

    from shared.messaging import handles

    @handles("account.changed", toy.AccountChanged)
    def hear(_session: object, _event: toy.AccountChanged, message: Message) -> None:
        heard.append(message)

    running.consumer(handlers=Handlers.of([SimpleNamespace(hear=hear)]))  # type: ignore[list-item]
    with shop.transaction() as session:
        account = session.get_one(toy.Account, 1)
        account.balance = 7
        record(session, toy.AccountChanged.of(account), subject=account)

    teller(servers, shop).tell(["account.changed"], pages_per_second=1000)

    eventually(lambda: len(heard) == toy.ACCOUNTS)
    assert all(message.snapshot for message in heard)
    assert {message.sequence for message in heard} == {1, 2}


def test_an_audit_counts_and_heals_what_a_replica_had_missed(
    servers: Servers, shop: Database, mirror: Database, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "complete_types", set())
    listen(servers, running)
    mirrors_relay(servers, running)
    running.start(teller(servers, shop).run)
    bootstrap = Bootstrap("mirror", database=mirror, types=["account.changed"])
    eventually(lambda: bootstrap.ask() == [])
    eventually(lambda: servers.query("SELECT count(*) FROM mirror.account_copies") == [(toy.ACCOUNTS,)])
    servers.query("DELETE FROM mirror.account_copies WHERE account_id < 4")
    replicas.complete_types.add("account.changed")
    before = drift()

    bootstrap.audit()

    eventually(lambda: servers.query("SELECT count(*) FROM mirror.account_copies") == [(toy.ACCOUNTS,)])
    eventually(lambda: drift() - before == 3)
    with mirror.reading() as connection:
        assert untold(connection) == [], "nobody waits for an audit"
    eventually(
        lambda: servers.query("SELECT bool_and(completed_at IS NOT NULL) FROM shop.snapshot_requests") == [(True,)]
    )


def drift() -> float:
    return REGISTRY.get_sample_value("estuary_replica_drift_total", {"type": "account.changed"}) or 0.0


def test_facts_are_told_again_to_a_reader_that_was_set_back(
    servers: Servers, shop: Database, mirror: Database, running: Running
) -> None:
    running.relay()
    running.consumer()
    before = utc_now()
    for account in (1, 2, 3):
        with shop.transaction() as session:
            toy.credit(session, account)
    effects = "SELECT count(*), count(DISTINCT event_id) FROM mirror.effects"
    eventually(lambda: servers.query(effects) == [(3, 3)])
    # What a restore takes from the reader: one effect, and the memory of it.
    servers.query(
        "DELETE FROM mirror.inbox WHERE event_id::text IN (SELECT event_id FROM mirror.effects WHERE account_id = 2);"
        " DELETE FROM mirror.effects WHERE account_id = 2"
    )

    with shop.transaction() as session:
        assert retell(session, since=before) == 6
        assert retell(session, since=utc_now()) == 0

    eventually(lambda: servers.query(effects) == [(3, 3)])
    eventually(lambda: servers.query("SELECT count(*) FROM shop.outbox WHERE published_at IS NULL") == [(0,)])
    assert servers.query(effects) == [(3, 3)], "who knew an event passed over it"
