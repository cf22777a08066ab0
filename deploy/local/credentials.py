"""Passwords and keys that are made once and kept in a file that only the owner can read."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.local.profiles import Profile

FILE: Final = "secrets/credentials.json"


class Credentials:
    """The made-up secrets of one installation, by name; a name asked for the first time gets a new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._read()

    @classmethod
    def of(cls, profile: Profile) -> "Credentials":
        """Return the credentials of a profile."""
        folder = profile.folder / "secrets"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        return cls(profile.folder / FILE)

    def password(self, name: str) -> str:
        """Return a secret of URL-safe characters."""
        return self._once(name, lambda: secrets.token_urlsafe(32))

    def key(self, name: str) -> str:
        """Return 32 random bytes in base64 (URL-safe, padded)."""
        return self._once(name, lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())

    def prefixed(self, name: str, prefix: str) -> str:
        """Return a secret in the form that a provider gives its keys, for instance `sk_test_…`."""
        return self._once(name, lambda: prefix + secrets.token_hex(24))

    def _once(self, name: str, make: Callable[[], str]) -> str:
        if name not in self._known:
            self._make(name, make)
        return self._known[name]

    def _make(self, name: str, make: Callable[[], str]) -> None:
        """Make a secret, unless another process has made it meanwhile."""
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._known = self._read()
            if name not in self._known:
                self._known[name] = make()
                write_private(self._path, json.dumps(self._known, indent=2, sort_keys=True))

    def _read(self) -> dict[str, str]:
        known: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}
        return known


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step by one that only the owner can read."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    draft.replace(path)
