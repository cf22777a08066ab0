"""What need not be done again: migrations of a database that already has them all, seeds that were sown.

Stamps of migrations lie beside the database server's data, so that they vanish with it.
"""

import hashlib
from pathlib import Path

from deploy.local.given import ROOT
from deploy.local.processes import Task
from deploy.local.profiles import Profile


class Stamps:
    """Remembers finished tasks by what they were done from."""

    def __init__(self, profile: Profile, servers: Path) -> None:
        self._folder = servers / f"stamps-{profile.name}"

    def is_done(self, task: Task) -> bool:
        """Whether the task was done before from exactly the same files."""
        file = self._file(task)
        return file is not None and file.exists() and file.read_text() == _digest(task)

    def done(self, task: Task) -> None:
        """Remember that the task is done."""
        file = self._file(task)
        if file is not None:
            file.parent.mkdir(exist_ok=True)
            file.write_text(_digest(task))

    def is_seeded(self) -> bool:
        """Whether the demo's seeds were sown."""
        return (self._folder / "seeded").exists()

    def seeded(self) -> None:
        """Remember that they were."""
        self._folder.mkdir(exist_ok=True)
        (self._folder / "seeded").touch()

    def _file(self, task: Task) -> Path | None:
        return self._folder / task.name.replace(" ", "-") if task.command[0] == "migrate" else None


def _digest(task: Task) -> str:
    """Return a sum over the migrations of the task's service and those that all services have."""
    folders = (ROOT / "shared" / "database" / "migrations", ROOT / "services" / task.command[1] / "migrations")
    total = hashlib.sha256()
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            total.update(file.name.encode() + file.read_bytes())
    return total.hexdigest()
