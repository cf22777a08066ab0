"""From a machine with Python and make to one that can run Estuary: `.venv` from the lock, PostgreSQL and RabbitMQ.

Run as `python3 -m deploy.local.bootstrap` at the root; the standard library only. The second time costs nothing.
"""

from __future__ import annotations  # An older Python shall get as far as the sentence that tells it is too old.

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from deploy.local.programs import find_postgresql, find_rabbitmq

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "estuary-stamp"
LOGS = ROOT / ".run" / "logs"
LOCK = ROOT / "requirements.lock"
INSTALLER_LOCK = ROOT / "deploy" / "local" / "installer.lock"
OLDEST_PYTHON = (3, 11)

# What each system calls the packages. `venv` is a package of its own on Debian only.
PACKAGES: dict[str, dict[str, list[str]]] = {
    "apt-get": {"venv": ["python3-venv"], "postgresql": ["postgresql"], "rabbitmq": ["rabbitmq-server"]},
    "dnf": {"venv": [], "postgresql": ["postgresql-server", "postgresql-contrib"], "rabbitmq": ["rabbitmq-server"]},
    "brew": {"venv": [], "postgresql": ["postgresql@16"], "rabbitmq": ["rabbitmq"]},
}
POLICY = Path("/usr/sbin/policy-rc.d")

_began = time.monotonic()


def main() -> None:
    """Make everything that is missing, telling what and how long it took."""
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = (".".join(map(str, version[:2])) for version in (OLDEST_PYTHON, sys.version_info))
        _stop(
            f"Estuary needs Python {wanted} or newer; this is {found}: install it, then 'make up PYTHON=python{wanted}'"
        )
    missing = _missing()
    is_stale = not STAMP.exists() or STAMP.read_text() != _fingerprint()
    if not missing and not is_stale:
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1, thread_name_prefix="packages") as pool:
        packages: Future[None] | None = None
        if missing:
            _require_permission(missing)
            _tell(f"Installing {', '.join(missing)} …")
            packages = pool.submit(_install_packages, missing)
            if "venv" in missing:
                packages.result()
        if is_stale:
            _make_venv()
        if packages:
            packages.result()
            _tell(f"Installed {', '.join(missing)}")
    left = [name for name in _missing() if name in missing]
    if left:
        _stop(f"After installing, {' and '.join(left)} cannot be found: see {LOGS}.")


def _missing() -> list[str]:
    """Return which of venv, postgresql and rabbitmq this machine lacks."""
    found = {
        "venv": PYTHON.exists() or shutil.which("uv") or importlib.util.find_spec("ensurepip"),
        "postgresql": find_postgresql(),
        "rabbitmq": find_rabbitmq(),
    }
    return [name for name, place in found.items() if not place]


def _make_venv() -> None:
    """Install exactly what the lock says, hashes checked, then the project itself."""
    if not _is_venv_usable():
        if VENV.is_symlink():
            # What it leads to is somebody else's.
            VENV.unlink()
        shutil.rmtree(VENV, ignore_errors=True)
        with _step("Made .venv"):
            if importlib.util.find_spec("ensurepip"):
                _run([sys.executable, "-m", "venv", str(VENV)])
            else:
                _run(["uv", "venv", "--quiet", "--python", sys.executable, str(VENV)])
    with _step(f"Installed the packages of {LOCK.name}"):
        uv = _installer()
        into = ["--quiet", "--python", str(PYTHON)]
        _run([uv, "pip", "sync", *into, "--require-hashes", str(LOCK)])
        _run([uv, "pip", "install", *into, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    STAMP.write_text(_fingerprint())


def _is_venv_usable() -> bool:
    """Whether .venv's Python starts and is new enough: the one it was made with may be gone."""
    if not PYTHON.exists():
        return False
    test = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return subprocess.run([PYTHON, "-c", test], capture_output=True, check=False).returncode == 0


def _installer() -> str:
    """Return where uv is: the machine's own, or the one that pip puts into .venv."""
    own = VENV / "bin" / "uv"
    if not own.exists() and not _works("uv"):
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
        _run([*pip, "--require-hashes", "-r", str(INSTALLER_LOCK)])
    return str(own) if own.exists() else "uv"


def _works(program: str) -> bool:
    """Whether a program on the path can be run: a version manager's placeholder may only complain."""
    if not shutil.which(program):
        return False
    return subprocess.run([program, "--version"], capture_output=True, check=False, cwd=ROOT).returncode == 0


def _fingerprint() -> str:
    """Return what .venv was made from; any change makes it anew."""
    digest = hashlib.sha256()
    for part in (LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode()):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _require_permission(missing: list[str]) -> None:
    """Stop with the one command to type when packages are missing that this user may not install."""
    manager = _manager()
    if manager is None:
        _stop(
            f"{_sentence(missing)} and no known package manager was found: install PostgreSQL 14 or newer with its"
            " contrib extensions and RabbitMQ 3.10 or newer.",
        )
    if manager == "brew" or os.geteuid() == 0 or _may_sudo():
        return
    _stop(
        f"{_sentence(missing)}. Type:\n\n    sudo {' '.join(_install_command(manager, missing))}\n\n"
        "and 'make up' again.",
    )


def _sentence(missing: list[str]) -> str:
    names = {
        "venv": "Python's venv module",
        "postgresql": "PostgreSQL (14 or newer)",
        "rabbitmq": "RabbitMQ (3.10 or newer)",
    }
    return " and ".join(names[name] for name in missing) + (" is missing" if len(missing) == 1 else " are missing")


def _manager() -> str | None:
    preferred = ("brew",) if platform.system() == "Darwin" else ("apt-get", "dnf")
    return next((name for name in preferred if shutil.which(name)), None)


def _may_sudo() -> bool:
    return (
        bool(shutil.which("sudo"))
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    )


def _install_command(manager: str, missing: list[str]) -> list[str]:
    names = [package for part in missing for package in PACKAGES[manager][part]]
    quiet = ["--no-install-recommends"] if manager == "apt-get" else []
    return [manager, "install", *([] if manager == "brew" else ["-y"]), *quiet, *names]


def _install_packages(missing: list[str]) -> None:
    manager = _manager()
    assert manager is not None
    before: list[str] = [] if manager == "brew" or os.geteuid() == 0 else ["sudo", "-n"]
    if manager == "apt-get":
        before += ["env", "DEBIAN_FRONTEND=noninteractive"]
        _run([*before, "apt-get", "update", "-q"])
    with _servers_left_alone(before, applies=manager == "apt-get"):
        _run([*before, *_install_command(manager, missing)])


@contextmanager
def _servers_left_alone(before: Sequence[str], *, applies: bool) -> Iterator[None]:
    """Keep Debian's packages from starting servers of their own while they are installed; Estuary runs private ones."""
    if not applies or POLICY.exists():
        yield
        return
    _run([*before, "sh", "-c", f"printf '#!/bin/sh\\nexit 101\\n' > {POLICY} && chmod 755 {POLICY}"])
    try:
        yield
    finally:
        _run([*before, "rm", "-f", str(POLICY)])


def _run(command: Sequence[str]) -> None:
    """Run a command, its words going to the log; stop with their end when it fails."""
    environment = {
        **os.environ,
        # Nothing outside the checkout is written but the system's packages.
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(ROOT / ".run" / "cache" / "uv")),
        "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "hardlink"),
    }
    log_file = LOGS / f"bootstrap-{threading.current_thread().name.lower()}.log"
    with log_file.open("wb") as log:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, cwd=ROOT, env=environment
        )
    if done.returncode != 0:
        end = "\n".join(log_file.read_text(errors="replace").splitlines()[-15:])
        _stop(f"'{' '.join(command)}' failed:\n\n{end}\n\nThe whole log is {log_file}.")


@contextmanager
def _step(done: str) -> Iterator[None]:
    yield
    _tell(done)


def _tell(line: str) -> None:
    print(f"{time.monotonic() - _began:5.1f} s  {line}", flush=True)


def _stop(sentence: str) -> NoReturn:
    raise SystemExit(f"\n{sentence}")


if __name__ == "__main__":
    main()
