"""How large a proof is: quick in every test run, at full size by `make prove`."""

import os

import pytest

FULL = os.environ.get("ESTUARY_PROOF") == "full"
"""Whether promises are to be shown at the size that is promised."""


def sized(short: int, *, full: int) -> int:
    """Return how often something is to be tried in this run."""
    return full if FULL else short


proof = [pytest.mark.proof, pytest.mark.timeout(1800 if FULL else 120)]
"""Marks of a promise that `make prove` shows at full size."""
