"""What the broker must hold for the services of this checkout: exchanges, queues, policies, and rights by user.

Working it out imports all ten services, so the result is kept until a file that it follows from changes.
"""

import hashlib
import json
from typing import Any

from deploy.local.given import ROOT
from deploy.local.profiles import Profile, sharing_servers_with

KINDS = ("exchanges", "queues", "bindings", "policies", "permissions", "topic_permissions")


def topology(profile: Profile) -> dict[str, list[Any]]:
    """Return RabbitMQ's definitions, users left out, of every virtual host that the profile's broker has."""
    digest = _digest()
    kept = profile.infrastructure_folder / "topology.json"
    if kept.exists():
        known: dict[str, Any] = json.loads(kept.read_text())
        if known["digest"] == digest:
            held: dict[str, list[Any]] = known["definitions"]
            return held
    found = _work_out(profile)
    kept.write_text(json.dumps({"digest": digest, "definitions": found}))
    return found


def _work_out(profile: Profile) -> dict[str, list[Any]]:
    from shared.messaging.topology import definitions, participants

    members = participants()
    hosts = [definitions(members, virtual_host=one.virtual_host) for one in sharing_servers_with(profile)]
    return {kind: [item for host in hosts for item in host[kind]] for kind in KINDS}


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
