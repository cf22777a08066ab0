"""What a cluster is given: it is taken, confined, and told no more than it needs."""

import copy
import importlib
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from deploy.docker.packages import SERVICES
from deploy.docker.suite import WEB_PORT, processes
from deploy.kubernetes.base import FOLDER, files, main
from deploy.kubernetes.told import CONFIG, OPTIONAL, environment, field_of, secrets
from deploy.kubernetes.validate import OVERLAYS, made, problems, rendered

OBJECTS = made()
DEPLOYMENTS = {item["metadata"]["name"]: item for item in OBJECTS if item["kind"] == "Deployment"}
JOBS = {item["metadata"]["name"]: item for item in OBJECTS if item["kind"] == "Job"}
POLICIES = [item for item in OBJECTS if item["kind"] == "NetworkPolicy"]
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders the overlays")
LONG = "0123456789abcdef0123456789abcdef0123456789abcdef"
# Secrets as they could be, in a production that the services accept.
LIKELY = {
    "uri": "postgresql://role:word@host:5432/name",
    "EDGE_KEY": LONG,
    "AUTH_ENCRYPTION_KEY": "cGxioxW0-Zy-NRt4uESwq6meUp2f96E1dWnhQZaxx4I=",
    "MEDIA_SIGNING_KEYS": "first:bsgc9HGX6Rw4i9G-T7x3ghAym1gjLpXyE7oG9PnQwQg=",
    "SMTP_URL": "smtps://user:word@mail.example.org:465",
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_WEBHOOK_SECRETS": "whsec_abc",
    "LIVEKIT_API_KEY": "APIabc",
}


def test_the_files_are_what_the_code_says() -> None:
    assert main(["--check"]) == 0


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kubernetes_takes_an_overlay(overlay: str) -> None:
    objects = rendered(overlay)

    assert list(problems(objects)) == []
    assert {item["metadata"].get("namespace") for item in objects if item["kind"] != "Namespace"} == {"estuary"}
    scaled = [item for item in objects if item["kind"] == "Deployment" and item["metadata"]["name"] != "redis"]
    assert all("replicas" not in item["spec"] for item in scaled), "the autoscalers say how many"


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        ("Deployment", {"spec": {"replics": 3}}, "replics"),
        ("NetworkPolicy", {"spec": {"podSelector": "all"}}, "podSelector"),
        ("ScaledObject", {"spec": {"maxReplicaCount": "six"}}, "maxReplicaCount"),
        ("RabbitmqCluster", {"spec": {"replicas": 2}}, "replicas"),
        ("Cluster", {"spec": {"storage": {"size": "much"}}}, "storage"),
    ],
)
def test_what_kubernetes_would_refuse_is_found(kind: str, change: dict[str, Any], told: str) -> None:
    broken = copy.deepcopy(next(item for item in OBJECTS if item["kind"] == kind))
    for key, value in change["spec"].items():
        broken["spec"][key] = value

    assert any(told in problem for problem in problems([broken]))


@pytest.mark.parametrize("name", sorted(DEPLOYMENTS))
def test_a_process_is_confined_and_asked_how_it_is(name: str) -> None:
    pod = DEPLOYMENTS[name]["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"]
    if name != "redis":
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        leave = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert pod["terminationGracePeriodSeconds"] >= leave + 35
        assert DEPLOYMENTS[name]["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_every_process_grows_and_survives_maintenance() -> None:
    grown = {
        item["spec"]["scaleTargetRef"]["name"]
        for item in OBJECTS
        if item["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}
    }
    kept = {item["metadata"]["name"] for item in OBJECTS if item["kind"] == "PodDisruptionBudget"}

    assert grown == kept == {process.name for process in processes()} == DEPLOYMENTS.keys() - {"redis"}
    assert JOBS.keys() == {"topology", "locations-places", *(f"{service}-migrate" for service in SERVICES)}


def test_secrets_are_referred_to_and_never_written() -> None:
    known = secrets() | {f"postgresql-{service}-app": ["uri"] for service in SERVICES}
    for item in [*DEPLOYMENTS.values(), *JOBS.values()]:
        for container in item["spec"]["template"]["spec"]["containers"]:
            for variable in container.get("env", ()):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference is not None:
                    assert reference["key"] in known[reference["name"]], (item["metadata"]["name"], variable)
                elif "value" in variable:
                    assert not any(word in variable["name"] for word in ("KEY", "SECRET", "PASSWORD", "DATABASE_URL"))


def test_the_page_names_every_secret() -> None:
    page = (FOLDER / "README.md").read_text()

    for holder, fields in secrets().items():
        shown = holder if not holder.startswith("broker-") or holder == "broker-administrator" else "broker-<user>"
        assert f"`{shown}`" in page
        assert all(f"`{field}`" in page for field in fields)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_what_it_is_told_in_production(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = next(process for process in processes() if process.name == service).told
    for variable in environment(told):
        monkeypatch.setenv(variable["name"], value_of(variable))

    settings = importlib.import_module(f"services.{service}.settings").Settings.from_environ()

    assert settings.is_production


def value_of(variable: Mapping[str, Any]) -> str:
    source = variable.get("valueFrom", {})
    if "configMapKeyRef" in source:
        return CONFIG[source["configMapKeyRef"]["key"]]
    if "secretKeyRef" in source:
        key = source["secretKeyRef"]["key"]
        return "" if key in OPTIONAL else LIKELY.get(key, LONG)
    return str(variable["value"])


def pod(name: str) -> dict[str, str]:
    return dict(DEPLOYMENTS[name]["spec"]["template"]["metadata"]["labels"])


DATABASE = {f"database of {service}": {"cnpg.io/cluster": f"postgresql-{service}"} for service in SERVICES}
BROKER = {"app.kubernetes.io/name": "rabbitmq"}


def may(caller: Mapping[str, str], called: Mapping[str, str], port: int) -> bool:
    """Whether the policies let a pod speak to another: both ends must be allowed to."""
    return _passes("egress", "to", caller, called, port) and _passes("ingress", "from", called, caller, port)


def _passes(direction: str, word: str, subject: Mapping[str, str], peer: Mapping[str, str], port: int) -> bool:
    mine = [item["spec"] for item in POLICIES if _selects(item["spec"]["podSelector"], subject)]
    confining = [spec for spec in mine if direction.capitalize() in spec["policyTypes"]]
    if not confining:
        return True
    return any(
        ("ports" not in rule or port in {one["port"] for one in rule["ports"]})
        and (word not in rule or any("podSelector" in one and _selects(one["podSelector"], peer) for one in rule[word]))
        for spec in confining
        for rule in spec.get(direction, ())
    )


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(rule["key"] in labels for rule in selector.get("matchExpressions", ()))


@pytest.mark.parametrize("service", SERVICES)
def test_only_the_gateway_reaches_a_service(service: str) -> None:
    assert may(pod("gateway"), pod(service), WEB_PORT)
    for other in DEPLOYMENTS.keys() - {"gateway"}:
        assert not may(pod(other), pod(service), WEB_PORT), f"{other} reaches {service}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_database_is_reached_by_its_own_service_alone(service: str) -> None:
    database = DATABASE[f"database of {service}"]
    for name in DEPLOYMENTS.keys() - {"redis"}:
        own = pod(name)["estuary.dev/service"] == service
        assert may(pod(name), database, 5432) is own, name
    assert may(JOBS[f"{service}-migrate"]["spec"]["template"]["metadata"]["labels"], database, 5432)


def test_the_broker_is_reached_by_those_who_speak_to_it() -> None:
    assert all(may(pod(name), BROKER, 5672) for name in DEPLOYMENTS.keys() - {"redis"})
    assert not any(may(pod(name), BROKER, 15672) for name in DEPLOYMENTS)
    assert may(JOBS["topology"]["spec"]["template"]["metadata"]["labels"], BROKER, 15672)


def test_nothing_is_left_open() -> None:
    assert field_of("RABBITMQ_URL_AUTH") == "uri"
    stranger = {"app": "anything"}
    assert not any(may(stranger, pod(name), 8000) for name in DEPLOYMENTS)
    assert not may(stranger, BROKER, 5672)
    assert files()
