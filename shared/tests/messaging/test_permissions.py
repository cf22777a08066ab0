"""Who may say what on the bus: a stolen password of one service must not speak for another."""

import pika
import pika.exceptions
import pytest

from shared.messaging.broker import Browser, Link, Outgoing
from shared.messaging.errors import BrokerLost
from shared.messaging.testing import message
from shared.tests.messaging.conftest import Running
from tests.chaos.servers import Servers, eventually


def refusal(servers: Servers, user: str, exchange: str, key: str, *, user_id: str | None = None) -> int:
    """Return the broker's code for a publication, or 0 when it took it."""
    connection = pika.BlockingConnection(pika.URLParameters(servers.broker_url(user)))
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        channel.basic_publish(exchange, key, b"{}", pika.BasicProperties(user_id=user_id or user))
    except pika.exceptions.ChannelClosedByBroker as closed:
        return int(closed.reply_code)
    finally:
        if connection.is_open:
            connection.close()
    return 0


@pytest.mark.parametrize(
    ("user", "exchange", "key", "code"),
    [
        pytest.param("shop", "estuary.events", "account.changed", 0, id="its own event"),
        pytest.param("mirror", "estuary.events", "account.changed", 403, id="another's event"),
        pytest.param("shop", "estuary.events", "payment.succeeded", 403, id="an event that nobody declared"),
        pytest.param("shop", "estuary.events", "shop.snapshot.requested", 0, id="its own request"),
        pytest.param("mirror", "estuary.events", "shop.snapshot.requested", 403, id="a request in another's name"),
        pytest.param("shop", "snapshots", "mirror.account.changed", 0, id="its own state, to a reader"),
        pytest.param("mirror", "snapshots", "shop.account.changed", 403, id="another's state"),
        pytest.param("shop", "mirror.x", "in", 403, id="straight into another's queue"),
        pytest.param("shop", "", "mirror.in", 403, id="by the default exchange"),
        pytest.param("mirror", "mirror.x", "dead", 0, id="its own queues"),
        pytest.param("door", "estuary.events", "account.credited", 403, id="a listener announces nothing"),
    ],
)
def test_a_service_publishes_its_own_and_nothing_else(
    servers: Servers, user: str, exchange: str, key: str, code: int
) -> None:
    assert refusal(servers, user, exchange, key) == code


def test_a_forged_sender_is_refused(servers: Servers) -> None:
    assert refusal(servers, "shop", "estuary.events", "account.changed", user_id="mirror") == 406


def test_nobody_declares_queues_or_reads_anothers(servers: Servers) -> None:
    for action in ("queue_declare", "basic_get"):
        connection = pika.BlockingConnection(pika.URLParameters(servers.broker_url("mirror")))
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="403"):
            getattr(connection.channel(), action)("shop.in" if action == "basic_get" else "mirror.more")
        connection.close()


def test_a_listener_binds_what_it_may_hear_only(servers: Servers) -> None:
    link = Link.open(servers.broker_url("door"), name="test")
    link.listen("door.live.1", [("estuary.events", "account.changed")])

    eventually(lambda: not link.is_open)
    assert "403" in link.problem


def test_an_event_that_nobody_wants_is_confirmed_and_kept_aside(servers: Servers) -> None:
    link = Link.open(servers.broker_url("mirror"), name="test")
    request = Outgoing(
        exchange="estuary.events",
        key="mirror.snapshot.requested",
        body=b"{}",
        message_id="1",
        type="mirror.snapshot.requested",
        app_id="mirror",
    )
    with Browser(servers.admin_broker_url(), name="test") as browser:
        browser.channel.queue_unbind("shop.in", "estuary.events", "*.snapshot.requested")
    try:
        link.publish_one(request)
    finally:
        with Browser(servers.admin_broker_url(), name="test") as browser:
            browser.channel.queue_bind("shop.in", "estuary.events", "*.snapshot.requested")
        link.close()

    assert servers.depth("events.unrouted") == 1


def test_invalid_events_of_a_true_sender_end_in_the_dead_queue_alone(servers: Servers, running: Running) -> None:
    running.consumer()
    with Browser(servers.broker_url("shop"), name="test") as browser:
        good = message("account.credited", {"account_id": 1, "number": 1}, source="shop")
        for number, body in enumerate([b"{}", b'{"id": 1}', good.to_bytes()]):
            browser.publish(
                Outgoing(
                    exchange="estuary.events",
                    key="account.credited",
                    body=body,
                    message_id=str(number),
                    type="account.credited",
                    app_id="shop",
                )
            )

    eventually(lambda: servers.depth("mirror.dead") == 2)
    eventually(lambda: servers.query("SELECT count(*) FROM mirror.effects") == [(1,)])


def test_a_wrong_password_is_told_as_a_lost_broker(servers: Servers) -> None:
    with pytest.raises(BrokerLost):
        Link.open(servers.broker_url("shop").replace("shop:", "shop:wrong"), name="test")
