"""What is given back when somebody cancels. Money and time are arguments; nothing is looked up.

The policy is the one of the day of booking. Its tiers fall in hours: the first whose notice is kept counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.bookings.domain import words

DEFAULT_HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Tier:
    """With at least `hours_before` of notice, `refund_percent` is given back."""

    hours_before: int
    refund_percent: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A cancellation policy as it was when booked; `course_days` is how long a running course may be left."""

    code: str
    tiers: tuple[Tier, ...]
    course_days: int

    @classmethod
    def of(cls, data: Mapping[str, Any] | None, *, course_days: int = 14) -> "Policy":
        """Return the policy that `data` ({code, tiers[{hours_before, refund_percent}], course_days}) tells."""
        if not data or "code" not in data:
            return cls("flexible", (Tier(DEFAULT_HOURS, 100),), course_days)
        tiers = [Tier(int(tier["hours_before"]), int(tier["refund_percent"])) for tier in data.get("tiers") or ()]
        tiers.sort(key=lambda tier: -tier.hours_before)
        return cls(str(data["code"]), tuple(tiers), int(data.get("course_days", course_days)))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        tiers = [{"hours_before": tier.hours_before, "refund_percent": tier.refund_percent} for tier in self.tiers]
        return {"code": self.code, "tiers": tiers, "course_days": self.course_days}

    @property
    def free_hours(self) -> int | None:
        """The notice with which all is given back; None if it never is."""
        return min((tier.hours_before for tier in self.tiers if tier.refund_percent == 100), default=None)

    def percent(self, *, start: datetime | None, now: datetime) -> int:
        """Return what a client who cancels `now` gets back. Exactly on time is on time; unscheduled is always free."""
        if start is None:
            return 100
        for tier in self.tiers:
            if now <= start - timedelta(hours=tier.hours_before):
                return tier.refund_percent
        return 0


def refund_cents(base_cents: int, percent: int) -> int:
    """Return `percent` of the base, half a cent rounded up."""
    return (base_cents * percent + 50) // 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a cancellation has to know of one booking; `base_cents` is what was paid for it and not yet refunded."""

    id: int
    kind: str
    status: str
    status_detail: str | None
    start: datetime | None
    end: datetime | None
    base_cents: int
    final_cents: int
    policy: Policy
    parent_kind: str | None = None

    @property
    def is_unpaid(self) -> bool:
        """Whether it waits for its payment, or for that of its purchase."""
        return self.status == words.PENDING or self.status_detail == words.AWAITING_PARENT

    @property
    def is_class(self) -> bool:
        """Whether it is one class of a course, bought by itself or in a package: a course is left as a whole."""
        return self.parent_kind is not None and self.kind == words.COURSE and self.start is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a cancellation does to one child."""

    id: int
    refund_cents: int
    retained_cents: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a cancellation amounts to. `refusal` says why it can not be; then the sums are nought."""

    percent: int = 0
    refund_cents: int = 0
    retained_cents: int = 0
    restores_credit: bool = False
    children: tuple[Part, ...] = ()
    refusal: str | None = None


def refusal(claim: Claim, *, role: str, now: datetime) -> str | None:
    """Return why `role` can not cancel the booking by itself, or None."""
    if claim.parent_kind is not None and claim.is_unpaid:
        return "This belongs to a purchase that is not paid yet: cancel the whole purchase."
    if claim.status in (words.DRAFT, words.PENDING):
        return None
    is_parent = claim.kind in words.PARENT_KINDS and claim.parent_kind is None
    if claim.status == words.COMPLETED and claim.status_detail == words.COMPLETED_EARLY and role == words.CLIENT:
        started = claim.start is not None and now >= claim.start
        return "This has started already." if started else None
    if claim.status == words.CONFIRMED or (is_parent and claim.status == words.IN_PROGRESS):
        if role == words.CLIENT and not is_parent and claim.start is not None and now >= claim.start:
            return "This has started already."
        return None
    return f"A booking that is {words.STATUS_NAMES[claim.status].lower()} can not be canceled."


def outcome(
    claim: Claim,
    children: Sequence[Claim] = (),
    *,
    role: str,
    now: datetime,
    fixed_percent: int | None = None,
) -> Outcome:
    """Return what happens if `role` cancels now. `fixed_percent` stands in for the policy."""
    refused = refusal(claim, role=role, now=now)
    if refused is not None:
        return Outcome(refusal=refused)
    if claim.status == words.PENDING:
        return Outcome(percent=100, refund_cents=claim.final_cents)
    if children and claim.kind == words.COURSE:
        return _course(claim, children, role=role, now=now, fixed_percent=fixed_percent)
    if children:
        return _bought_together(children, role=role, now=now, fixed_percent=fixed_percent)
    percent = _percent(claim, role=role, now=now, fixed_percent=fixed_percent)
    if claim.parent_kind in words.CREDIT_KINDS and not claim.is_class:
        restored = percent > 0
        return Outcome(percent=percent, retained_cents=0 if restored else claim.base_cents, restores_credit=restored)
    refund = refund_cents(claim.base_cents, percent)
    return Outcome(percent=percent, refund_cents=refund, retained_cents=claim.base_cents - refund)


def _percent(claim: Claim, *, role: str, now: datetime, fixed_percent: int | None) -> int:
    if fixed_percent is not None:
        return fixed_percent
    if role != words.CLIENT:
        return 100
    if claim.is_class:
        return 0
    if claim.status_detail == words.RESCHEDULE_REQUESTED:
        return 100
    return claim.policy.percent(start=claim.start, now=now)


def _bought_together(children: Sequence[Claim], *, role: str, now: datetime, fixed_percent: int | None) -> Outcome:
    """Each open child by its own notice; what was held, or is being held, is kept."""
    parts = []
    for child in children:
        if child.status in words.TERMINAL:
            continue
        held = child.status == words.IN_PROGRESS or (child.start is not None and now >= child.start)
        if held:
            continue
        percent = _percent(_alone(child), role=role, now=now, fixed_percent=fixed_percent)
        refund = refund_cents(child.base_cents, percent)
        reason = "unscheduled" if child.start is None else f"{percent} %"
        parts.append(Part(id=child.id, refund_cents=refund, retained_cents=child.base_cents - refund, reason=reason))
    return _sum_of(parts)


def _course(claim: Claim, children: Sequence[Claim], *, role: str, now: datetime, fixed_percent: int | None) -> Outcome:
    """Before the first class the tiers, on the whole; afterwards the classes to come, for some days."""
    open_children = [child for child in children if child.status not in words.TERMINAL]
    first = claim.start
    if role != words.CLIENT or first is None or now < first:
        percent = _percent(_alone(claim), role=role, now=now, fixed_percent=fixed_percent)
    elif now <= first + timedelta(days=claim.policy.course_days):
        percent = 100
    else:
        return Outcome(refusal=f"A course can be left until {claim.policy.course_days} days after its first class.")
    to_come = [
        child
        for child in open_children
        if child.status != words.IN_PROGRESS and (child.start is None or now < child.start)
    ]
    parts, base, told = [], 0, 0
    for child in to_come:
        # What goes back is a share of the whole, so it is the sums that are rounded, not the parts.
        base += child.base_cents
        refund = refund_cents(base, percent) - told
        told += refund
        parts.append(
            Part(id=child.id, refund_cents=refund, retained_cents=child.base_cents - refund, reason=f"{percent} %")
        )
    return _sum_of(parts)


def _alone(claim: Claim) -> Claim:
    """Return the claim as if it had been bought by itself."""
    return Claim(
        id=claim.id,
        kind=claim.kind,
        status=claim.status,
        status_detail=claim.status_detail,
        start=claim.start,
        end=claim.end,
        base_cents=claim.base_cents,
        final_cents=claim.final_cents,
        policy=claim.policy,
    )


def _sum_of(parts: Sequence[Part]) -> Outcome:
    refund = sum(part.refund_cents for part in parts)
    base = refund + sum(part.retained_cents for part in parts)
    percent = 100 if not base else refund * 100 // base
    return Outcome(percent=percent, refund_cents=refund, children=tuple(parts))
