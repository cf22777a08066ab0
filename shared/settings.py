"""What a process is told by its environment, read once at start.

Every service has one frozen dataclass that derives from `ServiceSettings`; field names are the environment's
names in lower case. All missing or bad values are reported at once, by name, before anything starts.
"""

import dataclasses
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from environs import Env, EnvError

Environment = Literal["development", "test", "production"]


class BadSettings(SystemExit):
    """The environment lacks names or holds values that cannot be; the text lists all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("This process cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of all settings: `from_environ` reads every field from the variable of its upper-case name.

    Types: str, int, float, bool, Literal of strings, tuple[str, ...] (comma list), each also `| None`.
    A field without a default is required. `secret()` marks fields that are never shown.
    """

    @classmethod
    def from_environ(cls) -> Self:
        """Return the settings of this process. Raises BadSettings, which names all problems at once."""
        env, values, problems = Env(), {}, []
        hints = typing.get_type_hints(cls)
        for item in dataclasses.fields(cls):
            name = item.name.upper()
            if not env.str(name, "").strip() and _has_default(item):
                continue
            try:
                values[item.name] = _read(env, name, hints[item.name])
            except (EnvError, ValueError) as problem:
                problems.append(f"{name}: {problem}")
        if not problems:
            settings = cls(**values)
            problems = settings.problems()
        if problems:
            raise BadSettings(problems)
        return settings

    def problems(self) -> list[str]:
        """Return what is wrong with the values together; overridden where values depend on each other."""
        return []


def secret(default: Any = dataclasses.MISSING) -> Any:
    """Declare a field whose value is never shown in a repr or a log."""
    return field(default=default, repr=False)


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(Settings):
    """What each of the ten services is told.

    Addresses are `host:port`; `database_url` and `rabbitmq_url` carry the service's own role and user.
    """

    estuary_env: Environment = "development"
    """production refuses sandboxes, made-up keys and weak settings."""
    database_url: str = secret()
    """The service's own role and database; every service has another."""
    rabbitmq_url: str = secret("")
    """The service's own broker user; a web process needs none."""
    bind: str = "127.0.0.1:8000"
    """Where the web process listens."""
    worker_bind: str = "127.0.0.1:8200"
    """Where the worker answers probes and shows its figures."""
    edge_key: str = secret()
    """What the gateway signs requests with, at least 32 characters, the same everywhere."""
    public_url: str = "http://localhost:8000"
    """The address that the world uses; also the issuer of tokens, so the same everywhere."""
    frontend_url: str = "http://localhost:3000"
    """The web client, where links lead."""
    jwt_legacy_secret: str = secret("")
    """Accept the replaced system's tokens, signed with this; at least 32 bytes in production."""
    database_pool_size: int = 8
    """Connections of a web process; a worker has up to 10, and a few single ones."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged."""

    @property
    def is_production(self) -> bool:
        """Whether made-up keys and sandboxes are refused."""
        return self.estuary_env == "production"

    def problems(self) -> list[str]:
        found = []
        if len(self.edge_key) < 32:
            found.append("EDGE_KEY: must be at least 32 characters")
        if self.is_production and self.jwt_legacy_secret:
            if len(self.jwt_legacy_secret.encode()) < 32:
                found.append("JWT_LEGACY_SECRET: must be at least 32 bytes in production")
            if self.jwt_legacy_secret.startswith("django-insecure"):
                found.append("JWT_LEGACY_SECRET: must not be a development key in production")
        return found


def _has_default(item: dataclasses.Field[Any]) -> bool:
    return item.default is not dataclasses.MISSING or item.default_factory is not dataclasses.MISSING


def _read(env: Env, name: str, hint: Any) -> Any:
    """Read one variable as its annotated type."""
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    origin = typing.get_origin(hint)
    if origin is Literal:
        value = env.str(name)
        if value not in typing.get_args(hint):
            raise ValueError(f"must be one of {', '.join(typing.get_args(hint))}")
        return value
    if origin is tuple:
        return tuple(part.strip() for part in env.str(name).split(",") if part.strip())
    readers: dict[Any, Callable[[str], Any]] = {str: env.str, int: env.int, float: env.float, bool: env.bool}
    return readers[hint](name)
