"""`python -m tests.chaos --seeds 10`: clean runs, then every mutant, which must be caught within three seeds."""

import argparse
import signal
import sys
import time

from tests.chaos.harness import Plan, Report, run
from tests.chaos.mutants import MUTANTS
from tests.chaos.servers import Servers

SEEDS_FOR_A_MUTANT = 3
CLEAN = Plan()
FOR_MUTANTS = Plan(seconds=2, writers=2, kill_pause_seconds=(0.1, 0.3), broker_kills=0, database_restarts=0)
# What is lost with a frozen broker; and what only many changes of one account bring out of order.
FOR_SOME = {
    "no-confirms": Plan(seconds=2, writers=2, broker_kills=0, broker_freezes=1, database_restarts=0),
    "no-sequence": Plan(seconds=3, kill_pause_seconds=(0.1, 0.3), broker_kills=0, database_restarts=0),
}


def plan_for(mutant: str) -> Plan:
    """Return the faults that a mutant must fail under."""
    return FOR_SOME.get(mutant, FOR_MUTANTS)


def hunt(servers: Servers, mutant: str, *, first_seed: int) -> Report | None:
    """Run a mutant on up to three seeds; return the run that caught it, or None."""
    for seed in range(first_seed, first_seed + SEEDS_FOR_A_MUTANT):
        report = run(servers, seed, mutant=mutant, plan=plan_for(mutant))
        print(report, flush=True)
        if report.violations:
            return report
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many clean runs")
    parser.add_argument("--seed", type=int, help="run this seed alone")
    parser.add_argument("--seconds", type=float, default=CLEAN.seconds, help="how long each clean run rages")
    parser.add_argument("--mutant", choices=[*MUTANTS, "none", "all"], default="all", help="which mutants to hunt")
    options = parser.parse_args()
    first = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    clean = Plan(seconds=options.seconds)
    # Ended from outside, it takes its servers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    servers = Servers()
    failed: list[str] = []
    try:
        servers.start()
        for seed in range(first, first + (1 if options.seed is not None else options.seeds)):
            report = run(servers, seed, plan=clean)
            print(report, flush=True)
            if report.violations:
                failed.append(f"seed {seed}")
                for name, rows in report.violations.items():
                    print(f"  {name}: {rows[:5]}")
        wanted = {"all": list(MUTANTS), "none": []}.get(options.mutant, [options.mutant])
        for mutant in wanted:
            if hunt(servers, mutant, first_seed=first) is None:
                failed.append(f"mutant {mutant} survived")
    finally:
        servers.stop()
    print("failed: " + ", ".join(failed) if failed else "all seeds clean, all mutants caught")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
