"""Everything that is measured, one after the other: `python -m bench`.

Each part can be run alone (`python -m bench.services`). The gateway's has a command of its own, `make bench-gateway`.
Whether things stay fast as the marketplace grows takes minutes to fill: `--growth` runs those parts.
"""

import subprocess
import sys

PARTS = ("scheduling", "messaging", "services", "main_flow", "telling", "uploads", "sockets")
GROWTH = ("finding", "locations", "bookings", "reviews")


def main() -> None:
    """Run all parts; the first one that fails ends it."""
    for part in GROWTH if "--growth" in sys.argv[1:] else PARTS:
        print(f"\n== {part}", flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{part}"], check=True)


if __name__ == "__main__":
    main()
