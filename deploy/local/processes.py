"""Every process of Estuary on one machine, and every task that must be done before it starts."""

import importlib.util
from dataclasses import dataclass
from functools import cache

from deploy.local.environment import Environments
from deploy.local.profiles import SERVICES, Profile

DATABASE, BROKER = "PostgreSQL", "RabbitMQ"


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something done once before what needs it: a command that ends."""

    name: str
    command: tuple[str, ...]
    environment: str | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Process:
    """Something that runs until it is told to stop: a command that listens on a port."""

    name: str
    command: tuple[str, ...]
    environment: str
    port: int
    needs: tuple[str, ...] = ()
    # Whether SIGHUP makes it take up new code without refusing a request; others are stopped and started.
    reloads: bool = False
    # Started by a new interpreter, for programs that decide something when a shared library is first imported.
    is_fresh: bool = False
    probe: str = "/health/ready"


def tasks(profile: Profile) -> list[Task]:
    """Return what must be done before processes start."""
    infrastructure = [
        Task(name=name, command=("infra", "up", "--profile", profile.name, "--only", name.lower()))
        for name in (DATABASE, BROKER)
    ]
    return [*infrastructure, *migrations(needs=(DATABASE,))]


def migrations(needs: tuple[str, ...] = ()) -> list[Task]:
    """Return what brings every database to the newest form."""
    return [
        Task(name=migration_of(service), command=("migrate", service), environment=service, needs=needs)
        for service in SERVICES
    ]


def processes(profile: Profile) -> list[Process]:
    """Return all processes, in the order of their start."""
    webs = [
        Process(
            name=service,
            command=("web", service),
            environment=service,
            port=profile.port(service),
            needs=(migration_of(service),),
            reloads=True,
        )
        for service in SERVICES
    ]
    workers = [
        Process(
            name=f"{service}-worker",
            command=("worker", service),
            environment=service,
            port=profile.worker_port(service),
            needs=(migration_of(service), BROKER),
        )
        for service in SERVICES
    ]
    realtime = Process(
        name="realtime",
        command=("realtime",),
        environment="notifications",
        port=profile.port("realtime"),
        needs=(migration_of("notifications"), BROKER),
    )
    gateway = Process(
        name="gateway",
        command=("gateway",),
        environment="gateway",
        port=profile.port("gateway_probes"),
        reloads=True,
        is_fresh=True,
        needs=(BROKER,),
    )
    sandboxes = [
        Process(
            name=name,
            command=("sandbox", name),
            environment=name,
            port=profile.port(name),
            probe="/health/live",
        )
        for name in ("stripe", "livekit")
        if Environments(profile).uses_sandbox(name)
    ]
    return [*sandboxes, *webs, gateway, *workers, realtime]


def seeds() -> list[Task]:
    """Return what fills the demo: one service after the other, since later ones speak of earlier ones' rows."""
    order = (
        *("auth", "practitioners", "catalog", "locations", "payments"),
        *("bookings", "reviews", "media", "streams", "notifications"),
    )
    found: list[Task] = []
    for service in order:
        if _exists(f"services.{service}.seed"):
            before = (found[-1].name,) if found else ()
            found.append(Task(name=f"seed {service}", command=("seed", service), environment=service, needs=before))
    return found


def migration_of(service: str) -> str:
    """Return the name of the task that migrates a service's database."""
    return f"migrate {service}"


@cache
def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
