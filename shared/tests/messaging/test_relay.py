import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2

from shared.database import Database
from shared.messaging import record
from shared.messaging.broker import Browser, Link, Outgoing
from shared.messaging.live import Listener
from shared.messaging.messages import Message
from shared.messaging.relay import prune_outbox
from shared.tests.messaging.conftest import Running
from tests.chaos import toy
from tests.chaos.servers import Servers, eventually


def arrived(servers: Servers) -> list[Message]:
    """Return what lies in mirror's queue."""
    with Browser(servers.admin_broker_url(), name="test") as browser:
        return [Message.from_bytes(delivery.body) for delivery in browser.look("mirror.in")]


def pending(servers: Servers) -> int:
    return int(servers.query("SELECT count(*) FROM shop.outbox WHERE published_at IS NULL")[0][0])


def credit(shop: Database, count: int, *, account: int | None = None) -> None:
    for number in range(count):
        with shop.transaction() as session:
            toy.credit(session, account or 1 + number % toy.ACCOUNTS)


def test_events_arrive_complete_and_in_the_order_of_each_account(
    servers: Servers, shop: Database, running: Running
) -> None:
    running.relay()

    credit(shop, 60)

    eventually(lambda: servers.depth("mirror.in") == 120)
    found = arrived(servers)
    for account in map(str, range(1, toy.ACCOUNTS + 1)):
        sequences = [one.sequence for one in found if one.subject_id == account and one.type == "account.changed"]
        assert sequences == [2, 3, 4]
    assert {one.source for one in found} == {"shop"}
    assert found[0].data == {"id": 1, "balance": 1, "name": "account 1 at 1"}


def test_a_slow_transaction_is_not_passed_over(servers: Servers, shop: Database, running: Running) -> None:
    running.relay()
    with shop.transaction() as slow:
        toy.credit(slow, 1)  # Its rows have lower numbers than those below, and become visible after them.
        with shop.transaction() as quick:
            toy.credit(quick, 2)
        eventually(lambda: servers.depth("mirror.in") == 2)

    eventually(lambda: servers.depth("mirror.in") == 4)


def test_what_is_recorded_while_the_relay_works_does_not_wait(
    servers: Servers, shop: Database, running: Running
) -> None:
    """A hint that comes with the answer to another statement is a hint, too; missed, its event waits for a second."""
    relay, _ = running.relay()
    eventually(lambda: relay.is_leading)
    waited = []
    for number in range(40):
        credit(shop, 1)
        time.sleep(number / 4_000)
        credit(shop, 1)
        began = time.monotonic()
        eventually(lambda: pending(servers) == 0)
        waited.append(time.monotonic() - began)

    assert len([one for one in waited if one > 0.7]) < 4


def test_one_of_two_relays_leads_and_the_other_takes_over(servers: Servers, shop: Database, running: Running) -> None:
    first, stop_first = running.relay()
    eventually(lambda: first.is_leading)
    second, _ = running.relay()
    credit(shop, 5)
    eventually(lambda: pending(servers) == 0)
    assert not second.is_leading

    stop_first()
    credit(shop, 5)

    eventually(lambda: second.is_leading and pending(servers) == 0)
    assert servers.depth("mirror.in") == 20


def test_a_relay_whose_database_link_is_cut_gives_up_the_lead(
    servers: Servers, shop: Database, running: Running
) -> None:
    relay, _ = running.relay()
    eventually(lambda: relay.is_leading)

    servers.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'relay-shop'")
    credit(shop, 3)

    eventually(lambda: pending(servers) == 0)


def test_a_zombie_only_repeats(servers: Servers, shop: Database, mirror: Database, running: Running) -> None:
    """A relay that lost its lock unknowingly publishes what the new leader publishes too: effects stay single."""
    credit(shop, 10)
    zombie = running.relay(batch=5)[0]
    eventually(lambda: pending(servers) == 0)
    servers.query("UPDATE shop.outbox SET published_at = NULL")
    zombie._resting.clear()

    eventually(lambda: pending(servers) == 0 and servers.depth("mirror.in") == 40)
    running.consumer()

    eventually(lambda: servers.depth("mirror.in") == 0)
    eventually(lambda: servers.query("SELECT count(*), count(DISTINCT event_id) FROM mirror.effects") == [(10, 10)])


def test_unconfirmed_messages_of_a_dying_broker_are_sent_again(
    servers: Servers, shop: Database, running: Running
) -> None:
    """The broker is frozen with messages in its socket and then killed: only confirmed ones may count as sent."""
    running.relay()
    credit(shop, 10)
    eventually(lambda: pending(servers) == 0)

    servers.pause_broker()
    credit(shop, 30)
    time.sleep(1)
    assert pending(servers) == 60
    servers.kill_broker()
    servers.restart_broker()

    eventually(lambda: pending(servers) == 0, within=30)
    credited = {one.id for one in arrived(servers) if one.type == "account.credited"}
    assert len(credited) == 40


@contextmanager
def nowhere_to_go(servers: Servers) -> Iterator[None]:
    """Let events of closed accounts find no queue, as when the topology is broken."""
    bindings = [("mirror.in", "estuary.events", "account.closed"), ("events.unrouted", "events.unrouted", "")]
    with Browser(servers.admin_broker_url(), name="test") as browser:
        for binding in bindings:
            browser.channel.queue_unbind(*binding)
    yield
    with Browser(servers.admin_broker_url(), name="test") as browser:
        for binding in bindings:
            browser.channel.queue_bind(*binding)


def test_a_refused_event_rests_and_the_others_go_on(servers: Servers, shop: Database, running: Running) -> None:
    with nowhere_to_go(servers):
        with shop.transaction() as session:
            record(session, toy.AccountClosed(account_id=3), about=("account", 3, 99))
        running.relay()
        credit(shop, 3, account=1)

        eventually(lambda: pending(servers) == 1)
        eventually(lambda: servers.query("SELECT 1 FROM shop.outbox WHERE last_error LIKE 'no queue takes it%%'") != [])

    eventually(lambda: pending(servers) == 0)


def test_a_hint_reaches_connected_processes_and_is_kept_nowhere(
    servers: Servers, shop: Database, running: Running
) -> None:
    heard: list[Message] = []
    listener = Listener(
        servers.broker_url("shop"), user="shop", bindings=[("estuary.shop.live", "")], on_message=heard.append
    )
    listener.start()
    running.ends_with(listener.stop)
    eventually(lambda: listener.is_connected)
    running.relay()

    with shop.transaction() as session:
        record(session, toy.Hint(number=1), about=("inbox", 1, 1))

    eventually(lambda: [one.data for one in heard] == [{"number": 1}])
    listener.stop()
    with shop.transaction() as session:
        record(session, toy.Hint(number=2), about=("inbox", 1, 2))
    eventually(lambda: pending(servers) == 0)
    assert servers.depth("events.unrouted") == 0


def test_a_lost_broker_stops_no_change_and_relay_and_listener_come_back(
    servers: Servers, shop: Database, running: Running
) -> None:
    heard: list[str] = []
    connected: list[bool] = []
    listener = Listener(
        servers.broker_url("door"),
        user="door",
        bindings=[("estuary.events", "account.credited")],
        on_message=lambda message: heard.append(message.type),
        on_connected=lambda: connected.append(True),
    )
    listener.start()
    running.ends_with(listener.stop)
    eventually(lambda: connected == [True])
    running.relay()
    credit(shop, 1)
    eventually(lambda: heard == ["account.credited"])

    servers.kill_broker()
    credit(shop, 20)
    assert pending(servers) == 40
    servers.restart_broker()

    eventually(lambda: connected == [True, True], within=20)
    eventually(lambda: pending(servers) == 0, within=20)
    assert servers.depth("mirror.in") == 42
    credit(shop, 1)
    eventually(lambda: heard[-1:] == ["account.credited"] and len(heard) >= 2)


def test_published_events_are_pruned_after_their_time(servers: Servers, shop: Database) -> None:
    credit(shop, 3)
    servers.query(
        "UPDATE shop.outbox SET published_at = now() - interval '8 days'"
        " WHERE seq IN (SELECT seq FROM shop.outbox ORDER BY seq LIMIT 4)"
    )

    with closing(psycopg2.connect(servers.database_url("shop"))) as connection:
        connection.autocommit = True
        pruned = [prune_outbox(connection, days=7), prune_outbox(connection, days=7)]

    assert pruned == [4, 0]


def test_publishing_goes_on_in_a_window(servers: Servers, running: Running) -> None:
    link = Link.open(servers.broker_url("shop"), name="test")
    messages = [
        Outgoing(
            exchange="estuary.events", key="account.credited", body=b"{}", message_id=str(number),
            type="account.credited", app_id="shop",
        )
        for number in range(1000)
    ]  # fmt: skip
    threads = [threading.Thread(target=link.publish, args=(messages,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert servers.depth("mirror.in") == 2000
    link.close()
