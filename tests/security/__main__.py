"""Runs every attack in full; further arguments are pytest's."""

import os
import sys

import pytest


def main() -> int:
    """Return pytest's exit code."""
    os.environ["ESTUARY_ATTACK"] = "full"
    return int(pytest.main(["tests/security", "-v", "--durations=10", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
