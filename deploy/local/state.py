"""What the supervisor tells everybody else: a small file, replaced whole on every change."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from deploy.local.profiles import Profile

TaskState = Literal["waiting", "running", "done", "failed"]
ProcessState = Literal["waiting", "running", "failing", "held"]


@dataclass(kw_only=True)
class TaskStatus:
    """How far a task is; `seconds` is how long it took."""

    state: TaskState = "waiting"
    seconds: float = 0.0


@dataclass(kw_only=True)
class ProcessStatus:
    """How a process is; `since` is a wall-clock time in seconds, `restarts` counts deaths that nobody asked for."""

    port: int
    probe: str
    state: ProcessState = "waiting"
    pid: int | None = None
    since: float = 0.0
    restarts: int = 0


@dataclass(kw_only=True)
class State:
    """All that a supervisor knows."""

    pid: int
    tasks: dict[str, TaskStatus] = field(default_factory=dict)
    processes: dict[str, ProcessStatus] = field(default_factory=dict)

    @classmethod
    def read(cls, profile: Profile) -> Self | None:
        """Return what the last supervisor of the profile said, or None; whether it lives is another question."""
        try:
            content: Mapping[str, Any] = json.loads(path_of(profile).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return cls(
            pid=content["pid"],
            tasks={name: TaskStatus(**status) for name, status in content["tasks"].items()},
            processes={name: ProcessStatus(**status) for name, status in content["processes"].items()},
        )

    def write(self, profile: Profile) -> None:
        """Replace the file in one step."""
        path = path_of(profile)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self), indent=1))
        draft.replace(path)


def path_of(profile: Profile) -> Path:
    """Return where the state of a profile lies."""
    return profile.inside("state.json")
