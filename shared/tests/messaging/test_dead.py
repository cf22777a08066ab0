from datetime import timedelta

from shared.clock import utc_now
from shared.database import Database
from shared.messaging.broker import Browser
from shared.messaging.dead import drop_dead, list_dead, replay_dead, show_dead
from shared.messaging.testing import message
from shared.tests.messaging.conftest import Running
from shared.tests.messaging.test_consumer import credited, effects, send, send_body
from tests.chaos import toy
from tests.chaos.servers import Servers, eventually

KINDS = 5
EACH = 20


def bury(servers: Servers, running: Running) -> None:
    """Let a hundred messages die of five causes."""
    stop = running.consumer()
    send(servers, *(credited(number, kind="refused") for number in range(EACH)))
    send(servers, *(credited(100 + number, kind="bug") for number in range(EACH)), headers={"x-attempt": 7})
    send(servers, *(credited(200 + number, kind="early") for number in range(EACH)), headers={"x-attempt": 7})
    unreadable = credited(1).to_bytes().replace(b'"version":1', b'"version":9')
    with Browser(servers.broker_url("shop"), name="test") as browser:
        for number in range(EACH):
            send_body(browser, unreadable, "account.credited", message_id=f"unknown-version-{number}")
            send_body(browser, b"nonsense", "account.credited", message_id=f"nonsense-{number}")
    eventually(lambda: servers.depth("mirror.dead") == KINDS * EACH, within=20)
    stop()


def test_every_dead_message_is_accounted_for_and_replay_twice_has_no_second_effect(
    servers: Servers, mirror: Database, running: Running
) -> None:
    bury(servers, running)
    url = servers.broker_url("mirror")
    assert len(list_dead(url, "mirror", limit=1000)) == KINDS * EACH
    assert servers.depth("mirror.dead") == KINDS * EACH

    toy.MISBEHAVIOURS, kept = {}, toy.MISBEHAVIOURS  # The causes are mended.
    try:
        sent = replay_dead(url, "mirror", limit=1000).sent
        running.consumer()
        eventually(lambda: servers.depth("mirror.in") == 0 and effects(servers) == (60, 60))
        send(servers, *(credited(number) for number in range(5)))
    finally:
        toy.MISBEHAVIOURS = kept

    assert len(sent) == KINDS * EACH
    eventually(lambda: servers.depth("mirror.dead") == 2 * EACH)
    again = replay_dead(url, "mirror").sent
    eventually(lambda: servers.depth("mirror.dead") == 2 * EACH and servers.depth("mirror.in") == 0)
    assert len(again) == 2 * EACH
    assert effects(servers) == (65, 65)


def test_dead_messages_are_found_by_type_and_id_and_thrown_away_one_by_one(servers: Servers, running: Running) -> None:
    first, second = credited(1, kind="refused"), credited(2, kind="refused")
    send(servers, first, second)
    running.consumer()
    eventually(lambda: servers.depth("mirror.dead") == 2)
    url = servers.broker_url("mirror")

    shown = show_dead(url, "mirror", str(second.id))
    assert shown is not None
    assert shown.problem == "Conflict: a rule says no"
    assert shown.to_dict()["event"]["data"]["number"] == 2
    assert list_dead(url, "mirror", type_="account.changed") == []
    assert [one.message_id for one in drop_dead(url, "mirror", message_id=str(first.id))] == [str(first.id)]
    assert [one.message_id for one in list_dead(url, "mirror")] == [str(second.id)]


def test_a_message_older_than_the_inbox_remembers_is_not_sent_again(servers: Servers, running: Running) -> None:
    old = message(
        "account.credited",
        {"account_id": 1, "number": 1, "kind": "refused"},
        occurred_at=utc_now() - timedelta(days=31),
    )
    send(servers, old)
    running.consumer()
    eventually(lambda: servers.depth("mirror.dead") == 1)

    replayed = replay_dead(servers.broker_url("mirror"), "mirror")

    assert replayed.sent == ()
    assert replayed.refused == (str(old.id),)
    assert servers.depth("mirror.dead") == 1
