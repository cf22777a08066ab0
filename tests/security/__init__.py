"""Attacks on the running system, through the real gateway.

`make test` runs the quick ones, `make attack` all of them in full.
"""

import os

FULL = os.environ.get("ESTUARY_ATTACK") == "full"
"""Whether there is time for as many tries as the promises name."""
AT_ONCE_SECONDS = 1.5 if FULL else 15.0
"""How soon an ended session is refused: the promise is a second; beside other tests the machine may be busier."""
