"""Writing a page, or saying that it is stale."""

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
SERVICES = (
    "auth", "bookings", "catalog", "practitioners", "payments", "reviews", "locations", "media", "notifications",
    "streams",
)  # fmt: skip


def keep(name: str, text: str, *, module: str, problems: Sequence[str] = ()) -> int:
    """Write the page of that name, or with --check compare it; return the exit code."""
    page = FOLDER / name
    found = list(problems)
    if "--check" not in sys.argv[1:]:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text)
    elif not page.exists() or page.read_text() != text:
        found.append(f"{page.relative_to(ROOT)} is stale: run python -m {module}")
    for problem in found:
        print(problem)
    return 1 if found else 0


def cell(text: str) -> str:
    """Return a text as it stands in a table."""
    return " ".join(text.split()).replace("|", "\\|")
