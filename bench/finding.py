"""Whether searching stays fast as the marketplace grows: `python -m bench.finding` (`--write` keeps its page).

Practitioners' list and search and catalog's search at two sizes, in one run on a database server of its own: the
figure that matters is the ratio of the larger one's time to the smaller one's.
"""

import argparse
from pathlib import Path

from bench import catalog, practitioners

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance" / "finding.md"
SIZES = (10_000, 1_000_000)
PARTS = {"practitioners": ("Practitioners", practitioners.measure), "catalog": ("Services", catalog.measure)}


def main() -> None:
    """Fill, ask, print; write the page if asked."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=60, help="how often each question is asked")
    reader.add_argument("--sizes", type=int, nargs=2, default=SIZES)
    reader.add_argument("--only", choices=tuple(PARTS))
    reader.add_argument("--write", action="store_true", help=f"keep the tables in {PAGE.name}, and plans")
    options = reader.parse_args()
    for part in [options.only] if options.only else PARTS:
        title, measure = PARTS[part]
        lines = measure(options.sizes, options.rounds, write=options.write)
        if options.write:
            _keep(title, lines)


def _keep(title: str, table: list[str]) -> None:
    """Put a table into its section of the page, in place of the one that is there."""
    before, heading, section = PAGE.read_text().partition(f"## {title}\n")
    lines = section.split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    behind = next(number for number, line in enumerate(lines) if number > first and not line.startswith("|"))
    PAGE.write_text(before + heading + "\n".join([*lines[:first], *table, *lines[behind:]]))


if __name__ == "__main__":
    main()
