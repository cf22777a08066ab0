"""Writes what follows from the suite in a cluster: `python -m deploy.kubernetes.base`; `--check`: is it fresh?

base/: every process, its service, its growth, who may speak to whom. components/servers/: the servers by their
operators. components/monitoring/: what Prometheus' operator is told. What a place decides is in overlays/, by hand.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from deploy.docker.packages import IMAGES, SERVICES
from deploy.docker.suite import BROKER_USERS, Process, processes
from deploy.kubernetes import manifests
from deploy.kubernetes.manifests import Manifest, named
from deploy.kubernetes.networks import policies
from deploy.kubernetes.told import CONFIG
from deploy.observability.names import RULES

FOLDER = Path(__file__).resolve().parent
WEB_MOST, WORKER_MOST, EDGE_MOST = 8, 6, 12
NOTE = "# Made by `make docs` from deploy/docker/suite.py and deploy/kubernetes/*.py: change those, not this.\n"


def files() -> dict[str, list[Manifest]]:
    """Return every file that is made, by its path, with its objects."""
    known = {process.name: process for process in processes()}
    base: dict[str, list[Manifest]] = {"common": _common(), "networks": policies()}
    for service in SERVICES:
        base[service] = _of_service(known[service], known[f"{service}-worker"])
    base["realtime"] = _answering(known["realtime"], most=EDGE_MOST)
    base["gateway"] = [*_answering(known["gateway"], most=EDGE_MOST), _ingress()]
    made = {f"base/{name}.yaml": objects for name, objects in base.items()}
    made["base/kustomization.yaml"] = [
        _kustomization(
            "Kustomization",
            resources=[f"{name}.yaml" for name in base],
            namespace="estuary",
            images=[{"name": f"estuary/{image}", "newTag": "0.1.0"} for image in IMAGES if image != "sandbox"],
        )
    ]
    servers = {"postgresql": list(_databases()), "rabbitmq": [_broker()], "redis": _counters()}
    made |= {f"components/servers/{name}.yaml": objects for name, objects in servers.items()}
    made["components/servers/kustomization.yaml"] = [
        _kustomization("Component", resources=[f"{name}.yaml" for name in servers])
    ]
    made["components/monitoring/monitoring.yaml"] = [_pod_monitor(), *_rules()]
    made["components/monitoring/kustomization.yaml"] = [_kustomization("Component", resources=["monitoring.yaml"])]
    return made


def _of_service(web: Process, worker: Process) -> list[Manifest]:
    return [
        manifests.migration(web),
        *([manifests.places(web)] if web.image == "locations" else []),
        *_answering(web, most=WEB_MOST),
        manifests.deployment(worker),
        manifests.by_queue(worker, most=WORKER_MOST),
        manifests.disruption_budget(worker),
    ]


def _answering(process: Process, *, most: int) -> list[Manifest]:
    return [
        manifests.deployment(process),
        manifests.service(process),
        manifests.by_processor(process, most=most),
        manifests.disruption_budget(process),
    ]


def _common() -> list[Manifest]:
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "estuary", "labels": {"pod-security.kubernetes.io/enforce": "baseline"}},
    }
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "estuary"}, "data": dict(CONFIG)}
    return [namespace, config, _topology()]


def _topology() -> Manifest:
    """Return the job that gives the broker its exchanges, queues, policies and users."""

    def secret(name: str, holder: str, key: str) -> Manifest:
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": holder, "key": key}}}

    gateway = next(process for process in processes() if process.name == "gateway")
    command = ("topology", "apply", "--definitions", "/app/deploy/rabbitmq/definitions.json")
    main = manifests.container(gateway, command, {})
    main["env"] = [
        secret("RABBITMQ_ADMIN_URL", "broker-administrator", "amqp"),
        secret("RABBITMQ_MANAGEMENT_URL", "broker-administrator", "management"),
        *(secret(f"RABBITMQ_PASSWORD_{user.upper()}", f"broker-{user}", "password") for user in BROKER_USERS),
    ]
    main["resources"] = {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}}
    return manifests.once("topology", main, service="broker")


def _ingress() -> Manifest:
    backend = {"service": {"name": "gateway", "port": {"name": "http"}}}
    rule = {"host": "api.example.org", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    spec = {
        "ingressClassName": "nginx",
        "tls": [{"hosts": ["api.example.org"], "secretName": "estuary-tls"}],
        "rules": [rule],
    }
    # The gateway limits bodies and time itself; sockets stay open, uploads stream.
    annotations = {
        "nginx.ingress.kubernetes.io/proxy-body-size": "512m",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
        "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
        "nginx.ingress.kubernetes.io/proxy-request-buffering": "off",
    }
    return named("Ingress", "networking.k8s.io/v1", "gateway", spec, annotations=annotations)


def _databases() -> Iterator[Manifest]:
    """Yield a PostgreSQL cluster for each service, with backups from which any moment can be restored."""
    store: dict[str, Any] = {
        "accessKeyId": {"name": "postgresql-backups", "key": "ACCESS_KEY_ID"},
        "secretAccessKey": {"name": "postgresql-backups", "key": "SECRET_ACCESS_KEY"},
    }
    for service in SERVICES:
        name = f"postgresql-{service}"
        spec = {
            "instances": 3,
            "storage": {"size": "20Gi"},
            "resources": {"requests": {"cpu": "250m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
            "postgresql": {"parameters": {"max_connections": "200", "shared_buffers": "256MB", "timezone": "UTC"}},
            "bootstrap": {
                "initdb": {
                    "database": f"estuary_{service}",
                    "owner": f"estuary_{service}",
                    "postInitApplicationSQL": [
                        f"CREATE EXTENSION IF NOT EXISTS {extension}"
                        for extension in ("btree_gin", "btree_gist", "cube", "fuzzystrmatch", "pg_trgm", "unaccent")
                    ],
                }
            },
            "backup": {
                "retentionPolicy": "30d",
                "barmanObjectStore": {
                    "destinationPath": "s3://estuary-backups/",
                    "endpointURL": "https://storage.example.org",
                    "s3Credentials": store,
                    "wal": {"compression": "gzip"},
                },
            },
        }
        yield named("Cluster", "postgresql.cnpg.io/v1", name, spec)
        nightly = {"schedule": "0 30 2 * * *", "cluster": {"name": name}, "backupOwnerReference": "self"}
        yield named("ScheduledBackup", "postgresql.cnpg.io/v1", name, nightly)


def _broker() -> Manifest:
    """Return the broker: three nodes, so that quorum queues survive the loss of one."""
    spec = {
        "replicas": 3,
        "image": "rabbitmq:3.13-management",
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "persistence": {"storage": "20Gi"},
        "rabbitmq": {
            "additionalConfig": "\n".join(
                [
                    "cluster_partition_handling = pause_minority",
                    "queue_leader_locator = balanced",
                    "heartbeat = 30",
                    "disk_free_limit.absolute = 2GB",
                    "",
                ]
            )
        },
    }
    return named("RabbitmqCluster", "rabbitmq.com/v1beta1", "rabbitmq", spec)


def _counters() -> list[Manifest]:
    """Return a Redis that gateways count rate limits in; when it is away, each counts for itself."""
    told = {"app.kubernetes.io/name": "redis"}
    main = {
        "name": "redis",
        "image": "redis:7.4-alpine",
        "args": ["--save", "", "--maxmemory", "96mb", "--maxmemory-policy", "allkeys-lru"],
        "ports": [{"name": "redis", "containerPort": 6379}],
        "securityContext": {**manifests.LOCKED, "runAsUser": 999},
        "readinessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 5},
        "livenessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 10},
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
    }
    pod = {**manifests.SERVICE_ACCOUNT, "securityContext": manifests.CONFINED, "containers": [main]}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": told},
        "template": {"metadata": {"labels": told}, "spec": pod},
    }
    ports = [{"name": "redis", "port": 6379, "targetPort": "redis"}]
    return [
        named("Deployment", "apps/v1", "redis", spec, labels=told),
        named("Service", "v1", "redis", {"selector": told, "ports": ports}, labels=told),
    ]


def _pod_monitor() -> Manifest:
    def from_label(label: str, name: str) -> Manifest:
        return {"sourceLabels": [f"__meta_kubernetes_pod_label_estuary_dev_{label}"], "targetLabel": name}

    endpoint = {
        "port": "probes",
        "path": "/metrics",
        "interval": "15s",
        "honorLabels": True,
        "relabelings": [
            from_label("service", "service"),
            from_label("part", "part"),
            {"targetLabel": "job", "replacement": "estuary"},
        ],
    }
    pods = {"matchLabels": {"app.kubernetes.io/part-of": "estuary"}}
    pods_only = {"matchExpressions": [{"key": "estuary.dev/part", "operator": "NotIn", "values": ["once"]}]}
    spec = {"selector": {**pods, **pods_only}, "podMetricsEndpoints": [endpoint]}
    return named("PodMonitor", "monitoring.coreos.com/v1", "estuary", spec)


def _rules() -> Iterator[Manifest]:
    for file in sorted(RULES.glob("*.yml")):
        content = yaml.safe_load(file.read_text())
        yield named("PrometheusRule", "monitoring.coreos.com/v1", f"estuary-{file.stem}", content)


def _kustomization(kind: str, **content: Any) -> Manifest:
    version = "kustomize.config.k8s.io/v1beta1" if kind == "Kustomization" else "kustomize.config.k8s.io/v1alpha1"
    return {"apiVersion": version, "kind": kind, **content}


class _Plain(yaml.SafeDumper):
    """Writes every object in full: an alias would tie what belongs to different processes."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - The parent's name.
        return True


def as_text(objects: Sequence[Manifest]) -> str:
    """Return objects as one YAML file."""
    written = (yaml.dump(item, Dumper=_Plain, sort_keys=False, width=110, allow_unicode=True) for item in objects)
    return NOTE + "---\n".join(written)


def main(arguments: Sequence[str]) -> int:
    """Write the files, or say which are not fresh; return how many are not."""
    stale = 0
    for name, objects in files().items():
        file, content = FOLDER / name, as_text(objects)
        if "--check" not in arguments:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        elif not file.exists() or file.read_text() != content:
            print(f"{file} is not what the code says")
            stale += 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
