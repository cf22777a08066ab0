"""Trouble made to order: webhooks that are lost, late, doubled or out of order, calls that fail, counts that lie."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import STATUSES, TwirpError


@dataclass
class WebhookPolicy:
    """What befalls webhooks that are sent from now on."""

    drop_rate: float = 0.0
    repeat: int = 1
    delay_seconds: float = 0.0
    shuffle_seconds: float = 0.0
    """Each waits a random time of up to this long, so that they arrive out of order."""
    types: list[str] = field(default_factory=list)
    """Only these events are meant; empty: all."""
    seed: int | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - trouble, not secrets.

    def waits(self, event: str) -> list[float]:
        """Return how long each copy of an event waits before it is sent; a lost one is not among them."""
        if self.types and event not in self.types:
            return [0.0]
        kept = [number for number in range(self.repeat) if self._random.random() >= self.drop_rate]
        return [self.delay_seconds + self._random.uniform(0, self.shuffle_seconds) for _ in kept]


@dataclass
class Fault:
    """What befalls the next calls of a method: a refusal, or an answer that takes so long; `after`: it took effect."""

    method: str = ""
    code: str = "unavailable"
    times: int = 1
    delay_seconds: float = 0.0
    after: bool = False

    def __post_init__(self) -> None:
        if self.code and self.code not in STATUSES:
            raise TwirpError("invalid_argument", f"code is one of {', '.join(STATUSES)}")


class Trouble:
    """Everything that is to go wrong."""

    def __init__(self) -> None:
        self.webhooks = WebhookPolicy()
        self.faults: list[Fault] = []
        self.egress_fails = False
        self.lie_participants: int | None = None
        """What `num_participants` says in webhooks instead of the truth."""

    def take(self, method: str) -> Fault | None:
        """Return what befalls a call, and count it."""
        for fault in self.faults:
            if fault.method in ("", method):
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None

    def change(self, wish: dict[str, Any]) -> None:
        """Make the trouble that a control call asks for."""
        if "webhooks" in wish:
            self.webhooks = WebhookPolicy(**wish["webhooks"])
        if "fault" in wish:
            self.faults.append(Fault(**wish["fault"]))
        if "egress_fails" in wish:
            self.egress_fails = bool(wish["egress_fails"])
        if "lie_participants" in wish:
            self.lie_participants = wish["lie_participants"]

    def shown(self) -> dict[str, Any]:
        """Return what is to go wrong."""
        return {
            "webhooks": asdict(self.webhooks),
            "faults": [asdict(one) for one in self.faults],
            "egress_fails": self.egress_fails,
            "lie_participants": self.lie_participants,
        }
