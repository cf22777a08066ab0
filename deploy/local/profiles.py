"""Where one local installation lives and listens.

`default` is the marketplace a person looks at. `test` holds the servers and empty databases that a service's own
tests use. `e2e` is the whole system for tests, which kill its servers too: it shares nothing with the other two.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from deploy.local.given import ROOT, given

SERVICES = (
    "auth",
    "bookings",
    "catalog",
    "practitioners",
    "payments",
    "reviews",
    "locations",
    "media",
    "notifications",
    "streams",
)

BROKER_USERS = (*SERVICES, "gateway")

# Ports of the default profile. Each can be moved by ESTUARY_PORT_<NAME>, for instance ESTUARY_PORT_GATEWAY=9080,
# and all together by ESTUARY_PORT_SHIFT=1000, so that two checkouts can run side by side. All lie below 32768: from
# there on the system takes ports for outgoing connections, and one of those would now and then hold ours.
PORTS = {
    "postgresql": 25432,
    "rabbitmq": 26672,
    "rabbitmq_epmd": 26369,
    "rabbitmq_distribution": 26572,
    "gateway": 8000,
    "gateway_probes": 9000,
    "auth": 8101,
    "bookings": 8102,
    "catalog": 8103,
    "practitioners": 8104,
    "payments": 8105,
    "reviews": 8106,
    "locations": 8107,
    "media": 8108,
    "notifications": 8109,
    "streams": 8110,
    "realtime": 8119,
    "stripe": 8195,
    "livekit": 8196,
    "oidc": 8197,
    "prometheus": 29090,
}
WORKER_OFFSET = 100
INFRASTRUCTURE = ("postgresql", "rabbitmq", "rabbitmq_epmd", "rabbitmq_distribution")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One local installation: its folder and its ports."""

    name: str
    folder: Path
    port_shift: int
    infrastructure_port_shift: int
    estuary_env: str
    is_durable: bool

    def port(self, name: str) -> int:
        """Return the loopback port of a process, or of a part of the infrastructure."""
        shift = self.infrastructure_port_shift if name in INFRASTRUCTURE else self.port_shift
        told = given()
        own = int(told.get(f"ESTUARY_PORT_{name.upper()}", PORTS[name]))
        return own + shift + int(told.get("ESTUARY_PORT_SHIFT", "0"))

    def worker_port(self, service: str) -> int:
        """Return the port on which a service's worker answers probes."""
        return self.port(service) + WORKER_OFFSET

    @property
    def public_url(self) -> str:
        """The address a browser uses."""
        return f"http://localhost:{self.port('gateway')}"

    def inside(self, *parts: str) -> Path:
        """Return a path in this installation's folder, whose parent exists."""
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def checkout_key() -> str:
    """Return a short name that is this checkout's alone on this machine."""
    return hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]


def _profiles() -> dict[str, Profile]:
    default, test = ROOT / ".run", ROOT / ".run-test"
    return {
        "default": Profile(
            name="default",
            folder=default,
            port_shift=0,
            infrastructure_port_shift=0,
            estuary_env="development",
            is_durable=True,
        ),
        "test": Profile(
            name="test",
            folder=test,
            port_shift=10_000,
            infrastructure_port_shift=1,
            estuary_env="test",
            is_durable=False,
        ),
        "e2e": Profile(
            name="e2e",
            folder=test / "e2e",
            port_shift=10_000,
            infrastructure_port_shift=2,
            estuary_env="test",
            is_durable=False,
        ),
    }


PROFILES = _profiles()
