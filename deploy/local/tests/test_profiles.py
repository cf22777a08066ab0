"""Installations never meet each other's ports, databases or messages."""

import pytest

from deploy.local.processes import processes, tasks
from deploy.local.profiles import PORTS, PROFILES, SERVICES, Profile, sharing_servers_with


def _ports(profile: Profile) -> list[int]:
    return [profile.port(name) for name in PORTS] + [profile.worker_port(service) for service in SERVICES]


@pytest.mark.parametrize("name", PROFILES)
def test_no_two_parts_of_an_installation_want_the_same_port(name: str) -> None:
    ports = _ports(PROFILES[name])

    assert len(set(ports)) == len(ports)


def test_the_tests_ports_are_nobody_elses() -> None:
    assert not set(_ports(PROFILES["default"])) & set(_ports(PROFILES["e2e"]))


def test_whole_system_tests_share_servers_but_no_database_and_no_virtual_host() -> None:
    sharing = sharing_servers_with(PROFILES["e2e"])

    assert {profile.name for profile in sharing} == {"test", "e2e"}
    assert len({profile.virtual_host for profile in sharing}) == 2
    assert len({profile.database("auth") for profile in sharing}) == 2


def test_a_port_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESTUARY_PORT_GATEWAY", "9080")

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
