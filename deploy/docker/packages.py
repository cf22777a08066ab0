"""What an image holds: the packages of one service out of the lock, and its code.

    python3 packages.py lock bookings               prints the part of requirements.lock that bookings needs
    python3 packages.py code bookings /from /to     copies the folders that bookings runs from

The standard library only: it runs in a bare Python, before anything is installed.
"""

import re
import shutil
import sys
import tomllib
from pathlib import Path

SERVICES = (
    *("auth", "bookings", "catalog", "practitioners", "payments"),
    *("reviews", "locations", "media", "notifications", "streams"),
)
# An image's dependency groups of pyproject.toml, where they are not simply its own name's.
GROUPS = {
    **{service: (service, "tracing") for service in SERVICES},
    "gateway": ("gateway", "tracing"),
    # The stand-ins for Stripe, LiveKit and an OpenID provider.
    "sandbox": ("auth", "gateway", "media", "notifications", "streams"),
}
IMAGES = tuple(GROUPS)
TESTS = ("tests", "__pycache__", "*.pyc")

_ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==")
_VIA = re.compile(r"^\s+#\s+(?:via\s+)?([A-Za-z0-9][A-Za-z0-9._-]*)\s*$")


def wanted(pyproject: str, image: str) -> set[str]:
    """Return the names of the packages that an image asks for itself."""
    content = tomllib.loads(pyproject)
    groups = content["dependency-groups"]
    asked = [*content["project"]["dependencies"]]
    for group in GROUPS[image]:
        asked += groups[group]
    return {_name(requirement) for requirement in asked}


def part_of(lock: str, roots: set[str]) -> str:
    """Return the entries of a lock that `roots` need, directly or not, hashes and markers untouched.

    Who needs whom is read from the lock's own `# via` notes. Raises KeyError for a root that is not locked.
    """
    entries = _entries(lock)
    names = {name for name, _, _ in entries}
    if not roots <= names:
        raise KeyError(f"not in the lock: {', '.join(sorted(roots - names))}")
    needs: dict[str, set[str]] = {}
    for name, via, _ in entries:
        for parent in via:
            needs.setdefault(parent, set()).add(name)
    found, open_ = set(roots), set(roots)
    while open_:
        open_ = {child for parent in open_ for child in needs.get(parent, ())} - found
        found |= open_
    return "".join(text for name, _, text in entries if name in found)


def copy_code(image: str, source: Path, target: Path) -> None:
    """Copy what an image runs from: `shared`, its own folder, and the broker's definitions; no tests."""
    folders = ["shared", *_own(image)]
    for folder in folders:
        shutil.copytree(source / folder, target / folder, ignore=shutil.ignore_patterns(*TESTS), dirs_exist_ok=True)
    tools = target / "deploy" / "docker"
    tools.mkdir(parents=True, exist_ok=True)
    for package in ("services", "deploy"):
        init = source / package / "__init__.py"
        if init.exists() and (target / package).exists():
            shutil.copy(init, target / package)
    for tool in ("healthcheck.py", "bucket.py"):
        shutil.copy(source / "deploy" / "docker" / tool, tools)
    shutil.copytree(source / "deploy" / "rabbitmq", target / "deploy" / "rabbitmq", dirs_exist_ok=True)


def _own(image: str) -> list[str]:
    if image in SERVICES:
        return [f"services/{image}"]
    return ["deploy/sandbox"] if image == "sandbox" else [image]


def _entries(lock: str) -> list[tuple[str, set[str], str]]:
    """Return each entry's name, who wants it, and its text."""
    found: list[tuple[str, set[str], str]] = []
    lines: list[str] = []
    for line in [*lock.splitlines(keepends=True), "end==0\n"]:
        if _ENTRY.match(line) and lines:
            name = _ENTRY.match(lines[0])
            if name is not None:
                via = {match[1].lower() for text in lines if (match := _VIA.match(text))}
                found.append((_name(name[1]), via, "".join(lines)))
            lines = []
        lines.append(line)
    return found


def _name(requirement: str) -> str:
    """Return the normal form of a package's name. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]).lower()


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    if arguments[0] == "lock":
        folder = Path(__file__).resolve().parent
        root = folder if (folder / "requirements.lock").exists() else folder.parents[1]
        roots = wanted((root / "pyproject.toml").read_text(), arguments[1])
        sys.stdout.write(part_of((root / "requirements.lock").read_text(), roots))
    else:
        copy_code(arguments[1], Path(arguments[2]), Path(arguments[3]))


if __name__ == "__main__":
    main(sys.argv[1:])
