"""docker-compose.yml starts everything, in order, and gives each process no more than it needs."""

from typing import Any

import pytest
import yaml

from deploy.docker.compose import SECRETS, main
from deploy.docker.packages import IMAGES, SERVICES
from deploy.docker.secrets import missing
from deploy.docker.tests.interpolating import ROOT, Unset, example, interpolated

TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(interpolated(TEXT, example()))
PROCESSES = [*SERVICES, *(f"{service}-worker" for service in SERVICES), "realtime", "gateway", "stripe", "livekit"]
SERVERS = ["postgresql", "rabbitmq", "minio"]


def test_the_file_is_what_the_suite_says() -> None:
    assert main(["--check"]) == 0


def test_nothing_runs_on_a_secret_that_was_forgotten() -> None:
    for name in SECRETS:
        with pytest.raises(Unset, match=name):
            interpolated(TEXT, {key: value for key, value in example().items() if key != name})


def test_secrets_are_made_up_for_what_is_missing_and_only_for_that() -> None:
    given = (ROOT / ".env.example").read_text()

    made = missing(given, "EDGE_KEY=mine\n")

    assert set(made) == set(example()) - {"EDGE_KEY"}
    assert not set(made.values()) & set(example().values())
    assert missing(given, given) == {}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_confined(name: str) -> None:
    process = COMPOSE["services"][name]

    assert process["read_only"] is True
    assert process["cap_drop"] == ["ALL"]
    assert process["security_opt"] == ["no-new-privileges:true"]
    assert process["restart"] == "unless-stopped"
    assert process["mem_limit"]
    assert process["pids_limit"]


def test_only_what_a_browser_must_reach_is_published_and_on_loopback() -> None:
    published = {
        name: service["ports"]
        for name, service in COMPOSE["services"].items()
        if "ports" in service and "profiles" not in service
    }

    assert set(published) == {"gateway", "minio", "stripe", "livekit"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_knows_its_own_database_and_user_only(service: str) -> None:
    passwords = {name: value for name, value in example().items() if name.startswith("PASSWORD_")}
    for part in (service, f"{service}-worker", f"{service}-migrate"):
        told = "\n".join(map(str, COMPOSE["services"][part]["environment"].values()))
        known = {name for name, value in passwords.items() if value in told}
        assert known == {f"PASSWORD_{service.upper()}"}


def test_everything_waits_for_what_it_needs() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, f"{name} waits for {needed}, which is not there"
            once = services[needed].get("restart") == "no"
            assert how["condition"] == ("service_completed_successfully" if once else "service_healthy")
    ready = services["ready"]["depends_on"]
    assert set(PROCESSES) <= set(ready)
    assert any(name.endswith("-seed") for name in ready)


def test_every_image_is_built_once() -> None:
    built = [service["build"]["args"]["SERVICE"] for service in COMPOSE["services"].values() if "build" in service]

    assert sorted(built) == sorted(IMAGES)


@pytest.mark.parametrize("name", SERVERS)
def test_servers_keep_their_data_in_named_volumes(name: str) -> None:
    volumes = [volume.partition(":")[0] for volume in COMPOSE["services"][name]["volumes"]]

    assert set(volumes) & set(COMPOSE["volumes"])
    assert COMPOSE["services"][name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", PROCESSES)
def test_what_a_process_keeps_is_its_own(name: str) -> None:
    """A volume over a folder that the image lacks belongs to root, and nothing can be kept in it."""
    made = next(line for line in (ROOT / "deploy/Dockerfile").read_text().splitlines() if "mkdir -p estuary" in line)
    assert "chown -R 10001:10001 estuary" in made

    for volume in COMPOSE["services"][name].get("volumes", []):
        folder = volume.split(":")[1]
        assert folder.removeprefix("/var/lib/") in made.split()
