import json

from shared.messaging.administration import apply
from shared.messaging.broker import Browser
from shared.messaging.topology import definitions, policies_by_name
from tests.chaos import toy
from tests.chaos.servers import Servers


def test_every_queue_is_quorum_and_keeps_what_dies_safely() -> None:
    made = definitions(toy.MEMBERS)

    assert all(queue["arguments"]["x-queue-type"] == "quorum" for queue in made["queues"])
    settings = policies_by_name(made)
    for name in ("in", "retry.5s", "retry.30m", "quarantine"):
        policy = settings[f"mirror.{name}"]
        assert policy["dead-letter-strategy"] == "at-least-once"
        assert policy["overflow"] == "reject-publish"  # Without it at-least-once is silently off.
        assert policy["dead-letter-exchange"] == "mirror.x"
    assert settings["mirror.in"]["delivery-limit"] == 20
    assert settings["mirror.retry.5m"]["message-ttl"] == 300_000
    assert "message-ttl" not in settings["mirror.dead"]


def test_a_service_is_bound_to_what_it_handles_and_to_states_told_to_it_alone() -> None:
    made = definitions(toy.MEMBERS)

    keys = {
        (binding["source"], binding["routing_key"])
        for binding in made["bindings"]
        if binding["destination"] == "mirror.in"
    }
    assert keys == {
        ("estuary.events", "account.changed"),
        ("estuary.events", "account.closed"),
        ("estuary.events", "account.credited"),
        ("snapshots", "mirror.#"),
        ("mirror.x", "in"),
    }


def test_the_same_code_makes_the_same_file() -> None:
    assert json.dumps(definitions(toy.MEMBERS)) == json.dumps(definitions(toy.MEMBERS))


def test_effective_settings_are_the_policies_and_stale_bindings_go(servers: Servers) -> None:
    """What the broker says of itself, after one order that also takes away what nobody handles any more."""
    tool = servers.control_tool()
    with Browser(servers.admin_broker_url(), name="test") as browser:
        browser.channel.queue_bind("mirror.in", "estuary.events", "account.forgotten")

    stale = apply(servers.broker.definitions(), tool, admin_url=servers.admin_broker_url())

    assert stale == [("estuary.events", "mirror.in", "account.forgotten")]
    assert ("estuary.events", "mirror.in", "account.forgotten") not in tool.bindings("/")
    listed = json.loads(tool._run("list_queues", "--quiet", "--formatter", "json", "name", "policy", "type"))
    assert {queue["name"]: queue["policy"] for queue in listed}["mirror.retry.5s"] == "mirror.retry.5s"
    assert all("quorum" in queue["type"] for queue in listed)
