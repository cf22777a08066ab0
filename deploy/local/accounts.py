"""Under which system user the database server and the broker run.

PostgreSQL refuses to run as root, so root hands both to an unprivileged user; anybody else runs them as themselves.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.problems import Problem
from deploy.local.profiles import Profile, checkout_key


@dataclass(frozen=True)
class Account:
    """A system user that owns data folders and runs servers."""

    uid: int
    gid: int
    switches: bool

    @classmethod
    def for_servers(cls) -> "Account":
        """Return who runs the servers. Raises Problem when root finds nobody to hand them to."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), switches=False)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, switches=True)
        raise Problem(
            "PostgreSQL refuses to run as root and there is no user 'postgres' or 'nobody': run as another user."
        )

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for subprocess that start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switches else {}

    def own(self, folder: Path) -> None:
        """Make a folder that is this user's alone."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.switches:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def reaches(self, folder: Path) -> bool:
        """Whether this user can walk to the folder."""
        if not self.switches:
            return True
        test = subprocess.run(["test", "-x", str(folder)], check=False, cwd="/", **self.options)
        return test.returncode == 0


def server_folder(profile: Profile, account: Account, server: str) -> Path:
    """Return the folder of one server's data, owned by the account.

    It lies in the installation's folder, or under /var/tmp when the checkout is where the account cannot go
    (under /root, for instance).
    """
    base = profile.folder
    base.mkdir(parents=True, exist_ok=True)
    if not account.reaches(base):
        base = _elsewhere(profile)
    folder = base / server
    account.own(folder)
    return folder


def _elsewhere(profile: Profile) -> Path:
    """Return the folder that replaces an unreachable one, empty if the installation was made anew since."""
    name = f"estuary-{profile.folder.name.strip('.')}-{checkout_key()}"
    folder = Path("/var/tmp") / name  # noqa: S108 - The name is this checkout's, and its owner is looked at.
    note = profile.folder / "servers-lie-in"
    if not note.exists():
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.stat().st_uid != os.geteuid() or folder.is_symlink():
        raise Problem(f"{folder} belongs to somebody else: remove it and try again.")
    note.write_text(f"{folder}\n")
    return folder
