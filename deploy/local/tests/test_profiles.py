"""Installations never meet each other's ports, databases or messages."""

import pytest

from deploy.local.processes import processes, tasks
from deploy.local.profiles import INFRASTRUCTURE, PORTS, PROFILES, SERVICES, Profile


def _ports(profile: Profile) -> list[int]:
    return [profile.port(name) for name in PORTS] + [profile.worker_port(service) for service in SERVICES]


@pytest.mark.parametrize("name", PROFILES)
def test_no_two_parts_of_an_installation_want_the_same_port(name: str) -> None:
    ports = _ports(PROFILES[name])

    assert len(set(ports)) == len(ports)


def test_installations_share_no_server_and_no_process() -> None:
    servers = [(profile.port(name), profile.folder) for profile in PROFILES.values() for name in INFRASTRUCTURE]

    assert len(set(servers)) == len(servers)
    assert not set(_ports(PROFILES["default"])) & set(_ports(PROFILES["e2e"]))


def test_a_port_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTUARY_PORT_GATEWAY", "9080")
    monkeypatch.setenv("ESTUARY_PORT_SHIFT", "0")

    assert PROFILES["default"].port("gateway") == 9080
    assert PROFILES["default"].public_url == "http://localhost:9080"


def test_whatever_a_process_needs_is_a_task() -> None:
    profile = PROFILES["default"]
    known = {task.name for task in tasks(profile)}

    assert {need for process in processes(profile) for need in process.needs} <= known
    assert {need for task in tasks(profile) for need in task.needs} <= known


def test_every_process_has_a_name_and_a_port_of_its_own() -> None:
    table = processes(PROFILES["default"])

    assert len({process.name for process in table}) == len(table)
    assert len({process.port for process in table}) == len(table)
