"""Trouble made to order: the next call that fits fails, hangs or loses its answer."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from .errors import InvalidRequest

WHEN = ("before", "after")


@dataclass
class Fault:
    """What befalls the next calls that fit, `before` or `after` they took effect.

    A delay alone lets the call succeed late. A status after the effect is what a repeated call hears again, as Stripe
    repeats its own failures; a dropped connection after the effect is healed by a repeated call.
    """

    method: str | None = None
    path: str = "/v1/"
    """The beginning of the paths that are meant."""
    when: str = "before"
    status: int | None = None
    drop: bool = False
    delay_seconds: float = 0.0
    times: int = 1

    @classmethod
    def of(cls, wish: dict[str, Any]) -> Self:
        """Return the fault that a control call describes. Raises InvalidRequest."""
        known = set(cls.__dataclass_fields__)
        if unknown := wish.keys() - known:
            raise InvalidRequest(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join(sorted(known))}.")
        fault = cls(**wish)
        fault.times, fault.delay_seconds = int(fault.times), float(fault.delay_seconds)
        if fault.when not in WHEN:
            raise InvalidRequest(f"`when` is one of {', '.join(WHEN)}.")
        if not (fault.status or fault.drop or fault.delay_seconds):
            raise InvalidRequest("A fault needs a `status`, `drop` or `delay_seconds`.")
        return fault

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a call is meant."""
        return path.startswith(self.path) and self.method in {None, method}


class Faults:
    """The faults still to come, in the order they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let this befall the next calls that fit."""
        self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that befalls a call, and count it."""
        for fault in self._waiting:
            if fault.fits(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Make no more trouble."""
        self._waiting.clear()

    def shown(self) -> list[dict[str, Any]]:
        """Return what is still to come."""
        return [asdict(fault) for fault in self._waiting]
