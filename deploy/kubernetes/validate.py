"""Whether a cluster would take what is in this folder: `python -m deploy.kubernetes.validate`.

Overlays are rendered by `kubectl kustomize`, and everything is compared with Kubernetes' own schemas (schemas/). No
network is used. Without kubectl the files that are made from the code are compared alone, and that is said.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from deploy.kubernetes.base import FOLDER, files

OVERLAYS = ("small", "production")


def rendered(overlay: str) -> list[dict[str, Any]]:
    """Return the objects of an overlay, as the cluster would be given them. Raises CalledProcessError."""
    program = shutil.which("kubectl")
    assert program is not None, "overlays are rendered by kubectl"
    command = [program, "kustomize", str(FOLDER / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [item for item in yaml.safe_load_all(done.stdout) if item]


def made() -> list[dict[str, Any]]:
    """Return the objects that are made from the code, before any overlay."""
    return [item for objects in files().values() for item in objects if "kustomize" not in item["apiVersion"]]


def problems(objects: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what a cluster would refuse, by object and place."""
    schemas = _schemas()
    seen: set[tuple[str, str]] = set()
    for item in objects:
        kind, name = f"{item['apiVersion']}/{item['kind']}", item["metadata"]["name"]
        if (kind, name) in seen:
            yield f"{kind} {name}: there are two of it"
        seen.add((kind, name))
        if kind not in schemas:
            yield f"{kind} {name}: no schema is known for it"
            continue
        for error in schemas[kind].iter_errors(item):
            yield f"{kind} {name}: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def _schemas() -> dict[str, Draft202012Validator]:
    found = {}
    for file in sorted((FOLDER / "schemas").glob("*.json")):
        content = json.loads(Path(file).read_text())
        for kind, schema in content["kinds"].items():
            found[kind] = Draft202012Validator({**schema, "$defs": content["$defs"]})
    return found


def main() -> int:
    """Tell every problem; return how many overlays have some."""
    if shutil.which("kubectl") is None:
        print("kubectl is not installed: overlays are not rendered")
        found = list(problems(made()))
        print("\n".join(found))
        return len(found)
    ill = 0
    for overlay in OVERLAYS:
        try:
            found = list(problems(rendered(overlay)))
        except subprocess.CalledProcessError as refused:
            found = [refused.stderr]
        ill += bool(found)
        print("\n".join(f"{overlay}: {problem}" for problem in found), end="\n" if found else "")
    return ill


if __name__ == "__main__":
    sys.exit(main())
