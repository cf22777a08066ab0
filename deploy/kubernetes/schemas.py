"""Kubernetes' own schemas, cut down to the kinds that are used here.

    pip download --no-deps kubernetes-validate && unzip -d /tmp/kv kubernetes_validate-*.whl
    python -m deploy.kubernetes.schemas /tmp/kv/kubernetes_validate/kubernetes-json-schema/v1.31.0-local-strict

writes schemas/kubernetes.json: strict (an unknown field is refused), without descriptions.
"""

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "schemas"
KINDS = {
    "v1/ConfigMap": "configmap-v1",
    "v1/Namespace": "namespace-v1",
    "v1/Service": "service-v1",
    "apps/v1/Deployment": "deployment-apps-v1",
    "autoscaling/v2/HorizontalPodAutoscaler": "horizontalpodautoscaler-autoscaling-v2",
    "batch/v1/Job": "job-batch-v1",
    "networking.k8s.io/v1/Ingress": "ingress-networking-v1",
    "networking.k8s.io/v1/NetworkPolicy": "networkpolicy-networking-v1",
    "policy/v1/PodDisruptionBudget": "poddisruptionbudget-policy-v1",
}
PREFIX = "/api/_definitions.json#/$defs/"


def cut(source: Path) -> dict[str, Any]:
    """Return the schemas of KINDS and all that they refer to."""
    everything = json.loads((source / "_definitions.json").read_text())["$defs"]
    kinds = {kind: _bare(json.loads((source / f"{name}.json").read_text())) for kind, name in KINDS.items()}
    needed: dict[str, Any] = {}
    open_ = _named(kinds)
    while open_:
        name = open_.pop()
        if name not in needed:
            needed[name] = _bare(everything[name])
            open_ |= _named(needed[name])
    return {"$defs": dict(sorted(needed.items())), "kinds": kinds}


def _bare(node: Any) -> Any:
    """Return a schema without prose, its references pointing into the one file."""
    if isinstance(node, list):
        return [_bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value.replace(PREFIX, "#/$defs/") if key == "$ref" else _bare(value)
        for key, value in node.items()
        if not (key == "description" and isinstance(value, str)) and not key.startswith(("x-kubernetes", "$schema"))
    }


def _named(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_named, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].removeprefix("#/$defs/")} if isinstance(node.get("$ref"), str) else set()
    return own.union(*map(_named, node.values()))


def main(arguments: list[str]) -> None:
    """Write the file."""
    (FOLDER / "kubernetes.json").write_text(json.dumps(cut(Path(arguments[0])), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
