"""What each process is told, and what it is not."""

import dataclasses
import importlib
import re
from pathlib import Path

import pytest

from deploy.local.environment import EVERYBODY, PASSED_ON, Environments
from deploy.local.given import ROOT, read_file
from deploy.local.profiles import BROKER_USERS, PROFILES, SERVICES, Profile
from gateway.settings import GatewaySettings
from shared.settings import Settings

OTHERS = ("gateway", "stripe", "livekit", "oidc")


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    default = PROFILES["default"]
    settings = {name: getattr(default, name) for name in default.__dataclass_fields__}
    return Profile(**{**settings, "folder": tmp_path})


@pytest.fixture
def environments(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> Environments:
    for name in ("STRIPE_SECRET_KEY", "LIVEKIT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return Environments(profile)


def test_every_service_has_its_own_role_and_database(environments: Environments) -> None:
    urls = {environments.of(service)["DATABASE_URL"] for service in SERVICES}

    assert len(urls) == len(SERVICES)


def test_every_broker_user_has_its_own_password(environments: Environments) -> None:
    urls = {environments.of(user)["RABBITMQ_URL"] for user in BROKER_USERS}

    assert len(urls) == len(BROKER_USERS)


@pytest.mark.parametrize("name", ["AUTH_ENCRYPTION_KEY", "REFRESH_KEY"])
def test_only_auth_holds_the_keys_of_identity(environments: Environments, name: str) -> None:
    holders = [process for process in (*SERVICES, *OTHERS) if name in environments.of(process)]

    assert holders == ["auth"]


def test_no_process_knows_stripe_but_payments_and_its_sandbox(environments: Environments) -> None:
    holders = {process for process in (*SERVICES, *OTHERS) if "STRIPE_SECRET_KEY" in environments.of(process)}

    assert holders == {"payments", "stripe"}


def test_secrets_are_made_once(profile: Profile) -> None:
    first = Environments(profile).of("payments")

    assert Environments(profile).of("payments") == first


def test_two_processes_that_make_secrets_at_once_agree(profile: Profile) -> None:
    one, other = Environments(profile), Environments(profile)

    assert one.of("auth") == other.of("auth")


def test_a_key_of_the_real_stripe_turns_the_sandbox_off(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_mine")

    told = Environments(profile).of("payments")

    assert told["STRIPE_SECRET_KEY"] == "sk_live_mine"
    assert "STRIPE_API_BASE" not in told
    assert not Environments(profile).uses_sandbox("stripe")


def test_what_a_person_sets_reaches_only_who_reads_it(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWS_EDIT_HOURS", "48")

    environments = Environments(profile)

    assert environments.of("reviews")["REVIEWS_EDIT_HOURS"] == "48"
    assert "REVIEWS_EDIT_HOURS" not in environments.of("auth")


@pytest.mark.parametrize("process", [*SERVICES, "gateway"])
def test_every_setting_can_be_given(environments: Environments, process: str) -> None:
    """What a settings class reads is told by the runner, or passed on from the person."""
    read = {field.name.upper() for field in dataclasses.fields(_settings(process))} - {"OIDC"}

    reachable = (*EVERYBODY, *PASSED_ON[process])
    unreachable = {name for name in read - set(environments.of(process)) if not name.startswith(reachable)}

    assert unreachable == set()


def test_the_sandbox_of_providers_can_be_told_everything_it_reads() -> None:
    read = set(re.findall(r'environ\.get\("(\w+)"', (ROOT / "deploy/sandbox/oidc/__main__.py").read_text()))

    assert {name for name in read - {"BIND"} if not name.startswith(PASSED_ON["oidc"])} == set()


def _settings(process: str) -> type[Settings]:
    if process == "gateway":
        return GatewaySettings
    found: type[Settings] = importlib.import_module(f"services.{process}.settings").Settings
    return found


def test_written_files_are_for_the_owner_only(environments: Environments, profile: Profile) -> None:
    environments.write()

    files = list((profile.folder / "env").iterdir())
    assert {file.stem for file in files} == {*SERVICES, *OTHERS, "administrator"}
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}


def test_files_read_back_as_they_were_told(environments: Environments, profile: Profile) -> None:
    environments.write()

    assert read_file((profile.folder / "env" / "payments.env").read_text()) == environments.of("payments")


def test_a_persons_file_may_have_comments_quotes_and_export() -> None:
    content = "# keys\nexport A=1\nB='two words'  # said\n\nC=\n"

    assert read_file(content) == {"A": "1", "B": "two words", "C": ""}
