"""What the broker must hold for the services of this checkout: exchanges, queues, policies, and rights by user.

Working it out imports all ten services, so the result is kept until a file that it follows from changes.
"""

import hashlib
import json
from typing import Any

from deploy.local.given import ROOT
from deploy.local.profiles import Profile

KINDS = ("exchanges", "queues", "bindings", "policies", "permissions", "topic_permissions")


def topology(profile: Profile) -> dict[str, list[Any]]:
    """Return RabbitMQ's definitions, users left out."""
    digest = _digest()
    kept = profile.folder / "topology.json"
    if kept.exists():
        known: dict[str, Any] = json.loads(kept.read_text())
        if known["digest"] == digest:
            held: dict[str, list[Any]] = known["definitions"]
            return held
    found = _work_out()
    kept.write_text(json.dumps({"digest": digest, "definitions": found}))
    return found


def _work_out() -> dict[str, list[Any]]:
    from shared.messaging.topology import definitions, participants

    held = definitions(participants())
    return {kind: held[kind] for kind in KINDS}


def _digest() -> str:
    """Return a sum over every file that says what is published and handled."""
    total = hashlib.sha256()
    for pattern in (
        "services/*/events.py",
        "services/*/worker.py",
        "services/*/handlers/**/*.py",
        "shared/identity/handlers.py",
        "shared/messaging/*.py",
        "shared/privacy.py",
    ):
        for file in sorted(ROOT.glob(pattern)):
            total.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return total.hexdigest()
