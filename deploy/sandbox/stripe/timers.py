"""What happens by itself, by the sandbox's clock: sessions expire, subscriptions renew, payouts arrive."""

from collections.abc import Callable

import structlog

from .sandbox import Sandbox

log = structlog.get_logger()

Action = Callable[[Sandbox, str], None]
ACTIONS: dict[str, Action] = {}
AT_ONCE_MAX = 1000


def timer(name: str) -> Callable[[Action], Action]:
    """Let the decorated function run when a timer of this name is due; it finds an object that may have moved on."""

    def enter(action: Action) -> Action:
        ACTIONS[name] = action
        return action

    return enter


def run_due(sandbox: Sandbox) -> int:
    """Run every timer that is due by now, each in a transaction of its own, and return how many ran."""
    ran = 0
    while ran < AT_ONCE_MAX and _run_next(sandbox, until=sandbox.now()):
        ran += 1
    return ran


def advance(sandbox: Sandbox, seconds: int) -> int:
    """Move the clock on, stopping at each timer on the way so that it sees its own time. Returns how many ran."""
    target = sandbox.now() + seconds
    ran = 0
    while _run_next(sandbox, until=target, jump=True):
        ran += 1
    with sandbox.store.transaction():
        _move_clock(sandbox, target)
    return ran


def _run_next(sandbox: Sandbox, *, until: int, jump: bool = False) -> bool:
    row = sandbox.store.connection.execute(
        "SELECT * FROM timers WHERE due_at <= ? ORDER BY due_at, number LIMIT 1", (until,)
    ).fetchone()
    if row is None:
        return False
    with sandbox.store.transaction():
        sandbox.store.connection.execute("DELETE FROM timers WHERE number = ?", (row["number"],))
        if jump:
            _move_clock(sandbox, row["due_at"])
    sandbox.cause = {"id": None, "idempotency_key": None}
    sandbox.account = None
    try:
        with sandbox.store.transaction():
            ACTIONS[row["name"]](sandbox, row["object_id"])
    except Exception:  # One broken timer must not stop the clock for all others.
        log.exception("timer.failed", name=row["name"], object_id=row["object_id"])
    return True


def _move_clock(sandbox: Sandbox, moment: int) -> None:
    behind = moment - sandbox.now()
    if behind > 0:
        sandbox.store.remember("clock_offset", sandbox.store.fact("clock_offset", 0) + behind)
