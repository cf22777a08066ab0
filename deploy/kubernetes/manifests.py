"""The objects that one process becomes in a cluster."""

from typing import Any

from deploy.docker.suite import GATEWAY_PORT, Process
from deploy.kubernetes.told import environment

Manifest = dict[str, Any]
# Longer than a process takes to finish what is at hand (35 s), and the pause before it is told.
GRACE_SECONDS = 45
# Balancers must have heard that a pod is leaving before it refuses connections.
LEAVE_SECONDS = 5
SERVICE_ACCOUNT = {"automountServiceAccountToken": False}
# Who may be asked by whom is said by these labels.
CONFINED = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "fsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
LOCKED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def labels(process: Process) -> dict[str, str]:
    """Return the labels of a process' pods."""
    service = "notifications" if process.part == "realtime" else process.image
    return {
        "app.kubernetes.io/name": process.name,
        "app.kubernetes.io/part-of": "estuary",
        "estuary.dev/service": service,
        "estuary.dev/part": process.part,
    }


def selector(process: Process) -> dict[str, str]:
    """Return the labels by which a process' pods are found; they never change."""
    return {"app.kubernetes.io/name": process.name}


def named(kind: str, version: str, name: str, spec: Manifest, **metadata: Any) -> Manifest:
    """Return an object with a specification."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def container(process: Process, command: tuple[str, ...], told: dict[str, str]) -> Manifest:
    """Return a container of a process' image that runs a command, without probes."""
    return {
        "name": "main",
        "image": f"estuary/{process.image}",
        "args": list(command),
        "env": environment(told),
        "securityContext": LOCKED,
        "volumeMounts": [
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - The pod's own, and empty.
            {"name": "scratch", "mountPath": "/var/lib/estuary"},
        ],
    }


def deployment(process: Process) -> Manifest:
    """Return what keeps a process running and replaces it without a gap."""
    main = container(process, process.command, process.told)
    ports = [{"name": "probes", "containerPort": process.port}]
    if process.part == "gateway":
        ports.insert(0, {"name": "http", "containerPort": GATEWAY_PORT})
    main |= {
        "ports": ports,
        "startupProbe": _probe("/health/live", period=2, failures=60),
        "livenessProbe": _probe("/health/live", period=10, failures=6),
        "readinessProbe": _probe(process.health_path, period=5, failures=2),
        "lifecycle": {"preStop": {"sleep": {"seconds": LEAVE_SECONDS}}},
        "resources": {
            "requests": {"cpu": "100m", "memory": f"{process.memory_mb * 6 // 10}Mi"},
            # No limit on the processor: a service that may not use what is idle is only slower.
            "limits": {"memory": f"{process.memory_mb}Mi"},
        },
    }
    pod = {
        **SERVICE_ACCOUNT,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": CONFINED,
        "topologySpreadConstraints": [
            _spread(process, "kubernetes.io/hostname"),
            _spread(process, "topology.kubernetes.io/zone"),
        ],
        "containers": [main],
        "volumes": [_scratch()],
    }
    spec = {
        # How many there are is the autoscaler's to say: written here, each deploy would set it back.
        "revisionHistoryLimit": 5,
        "selector": {"matchLabels": selector(process)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {"metadata": {"labels": labels(process)}, "spec": pod},
    }
    return named("Deployment", "apps/v1", process.name, spec, labels=labels(process))


def service(process: Process) -> Manifest:
    """Return the name under which others reach a process."""
    port = GATEWAY_PORT if process.part == "gateway" else process.port
    target = "http" if process.part == "gateway" else "probes"
    spec = {"selector": selector(process), "ports": [{"name": "http", "port": port, "targetPort": target}]}
    return named("Service", "v1", process.name, spec, labels=labels(process))


def disruption_budget(process: Process) -> Manifest:
    """Return how many of a process' pods may be taken away at a time by maintenance."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector(process)}}
    return named("PodDisruptionBudget", "policy/v1", process.name, spec)


def by_processor(process: Process, *, most: int) -> Manifest:
    """Return how a process that answers requests grows: with the processor time that its pods ask for."""
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": process.name},
        "minReplicas": process.replicas,
        "maxReplicas": most,
        # In shares of what is requested (100m): three quarters of a core a pod.
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "750m"}},
            }
        ],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }
    return named("HorizontalPodAutoscaler", "autoscaling/v2", process.name, spec)


def by_queue(process: Process, *, most: int) -> Manifest:
    """Return how a worker grows: with what waits in its service's queue."""
    spec = {
        "scaleTargetRef": {"name": process.name},
        "minReplicaCount": process.replicas,
        "maxReplicaCount": most,
        "cooldownPeriod": 300,
        "triggers": [
            {
                "type": "rabbitmq",
                "metadata": {
                    "protocol": "amqp",
                    "hostFromEnv": "RABBITMQ_URL",
                    "queueName": f"{process.image}.in",
                    "mode": "QueueLength",
                    "value": "1000",
                },
            }
        ],
    }
    return named("ScaledObject", "keda.sh/v1alpha1", process.name, spec)


def migration(process: Process) -> Manifest:
    """Return the job that brings a service's database to the newest form, once for each version."""
    name = f"{process.image}-migrate"
    main = container(process, ("migrate", process.image), process.told)
    main["resources"] = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
    return once(name, main, service=process.image)


def places(process: Process) -> Manifest:
    """Return the job that brings countries, cities and postal codes up to the packages; it waits for the migration."""
    main = container(process, ("seed", process.image), process.told)
    main["resources"] = {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}
    return once(f"{process.image}-places", main, service=process.image)


def once(name: str, main: Manifest, *, service: str) -> Manifest:
    """Return a job that runs a container to its end."""
    told = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "estuary", "estuary.dev/service": service}
    told |= {"estuary.dev/part": "once"}
    pod = {
        **SERVICE_ACCOUNT,
        "enableServiceLinks": False,
        "restartPolicy": "OnFailure",
        "securityContext": CONFINED,
        "containers": [main],
        "volumes": [_scratch()],
    }
    spec = {
        "backoffLimit": 20,
        "activeDeadlineSeconds": 900,
        "ttlSecondsAfterFinished": 86400,
        "template": {"metadata": {"labels": told}, "spec": pod},
    }
    return named("Job", "batch/v1", name, spec, labels=told)


def _probe(path: str, *, period: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "probes"},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _spread(process: Process, key: str) -> Manifest:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(process)},
        # Counted by version: else those that leave would push the new ones together.
        "matchLabelKeys": ["pod-template-hash"],
    }


def _scratch() -> Manifest:
    return {"name": "scratch", "emptyDir": {"sizeLimit": "2Gi"}}
