"""Attacks on the running system, through the real gateway.

`make test` runs the quick ones, `make attack` all of them in full.
"""

import os

FULL = os.environ.get("ESTUARY_ATTACK") == "full"
"""Whether there is time for as many tries as the promises name."""
