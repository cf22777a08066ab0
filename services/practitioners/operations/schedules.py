"""Working hours: schedules and their slots. Each change is one `schedule.changed`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from services.practitioners.domain.errors import LimitReached, ScheduleNotFound, SlotOverlap
from services.practitioners.domain.hours import overlapping
from services.practitioners.models import Practitioner, Preference, Schedule, ScheduleSlot
from services.practitioners.operations.announcing import announce_calendar, lock_calendar
from services.practitioners.operations.finding import changing_practitioner
from services.practitioners.operations.verification import advance_onboarding
from shared.clock import utc_now
from shared.errors import Invalid, NotFound
from shared.identity import Identity

SCHEDULES_MAX: Final = 20
SLOTS_MAX: Final = 100
_OWN = ("name", "description", "timezone", "is_active")

SlotData = Mapping[str, Any]


def own_calendar(session: Session, by: Identity) -> Practitioner:
    """Return the caller's practitioner with the calendar locked. Raises NoProfile, PractitionerSuspended."""
    practitioner = changing_practitioner(session, by)
    lock_calendar(session, practitioner.id)
    return practitioner


def own_schedule(session: Session, practitioner: Practitioner, schedule_id: int) -> Schedule:
    """Return one of a practitioner's schedules. Raises ScheduleNotFound."""
    schedule = session.scalar(
        select(Schedule).where(Schedule.id == schedule_id, Schedule.practitioner_id == practitioner.id)
    )
    if schedule is None:
        raise ScheduleNotFound
    return schedule


def create_schedule(
    session: Session, *, by: Identity, data: Mapping[str, Any], service_id: int | None = None
) -> Schedule:
    """Add a schedule; the first one becomes the default. Raises LimitReached, SlotOverlap, Invalid."""
    practitioner = own_calendar(session, by)
    held = session.scalar(select(func.count()).where(Schedule.practitioner_id == practitioner.id)) or 0
    if held >= SCHEDULES_MAX:
        raise LimitReached
    preference = session.get(Preference, practitioner.id)
    zone = data.get("timezone") or (preference.timezone if preference else practitioner.timezone)
    schedule = Schedule(
        practitioner_id=practitioner.id,
        name=data["name"],
        description=data.get("description"),
        timezone=zone,
        is_active=data.get("is_active", True),
        service_id=service_id,
        slots=[],
    )
    session.add(schedule)
    _write_slots(session, schedule, data.get("time_slots") or [])
    session.flush()
    if service_id is None and (data.get("is_default") or not _has_default(session, practitioner.id)):
        _make_default(session, schedule)
    _settle(session, practitioner)
    return schedule


def change_schedule(
    session: Session, schedule_id: int, *, by: Identity, change: Callable[[Session, Schedule], None]
) -> Schedule:
    """Apply `change` to one of the caller's schedules and announce it. Raises ScheduleNotFound."""
    practitioner = own_calendar(session, by)
    schedule = own_schedule(session, practitioner, schedule_id)
    change(session, schedule)
    schedule.touch()
    session.flush()
    _settle(session, practitioner)
    return schedule


def update_schedule(session: Session, schedule: Schedule, data: Mapping[str, Any]) -> None:
    """Apply what is given; `time_slots` becomes the whole week. Raises SlotOverlap, Invalid, NotFound."""
    for name in _OWN:
        if name in data and (data[name] is not None or name == "description"):
            setattr(schedule, name, data[name])
    if data.get("time_slots") is not None:
        replace_slots(session, schedule, data["time_slots"])
    if data.get("is_default") and schedule.service_id is None:
        _make_default(session, schedule)


def set_default(session: Session, schedule: Schedule) -> None:
    """Let a schedule serve every service that names no other."""
    if schedule.service_id is not None:
        raise Invalid.field("service_id", "A service's own schedule can not be the default.")
    _make_default(session, schedule)


def delete_schedule(session: Session, schedule_id: int, *, by: Identity) -> None:
    """Delete a schedule; the oldest active one becomes the default if this was it. Raises ScheduleNotFound."""
    practitioner = own_calendar(session, by)
    schedule = own_schedule(session, practitioner, schedule_id)
    was_default = schedule.is_default
    session.delete(schedule)
    session.flush()
    if was_default:
        heir = session.scalar(
            select(Schedule)
            .where(Schedule.practitioner_id == practitioner.id, Schedule.service_id.is_(None))
            .order_by(Schedule.is_active.desc(), Schedule.id)
            .limit(1)
        )
        if heir is not None:
            _make_default(session, heir)
    _settle(session, practitioner)


def duplicate_schedule(session: Session, schedule_id: int, *, by: Identity, name: str | None) -> Schedule:
    """Copy a schedule with its slots. Raises ScheduleNotFound, LimitReached."""
    original = own_schedule(session, own_calendar(session, by), schedule_id)
    data = {
        "name": name or f"{original.name[:93]} (copy)",
        "description": original.description,
        "timezone": original.timezone,
        "is_active": original.is_active,
        "time_slots": _as_data(original.slots),
    }
    return create_schedule(session, by=by, data=data)


def replace_slots(session: Session, schedule: Schedule, wanted: Sequence[SlotData]) -> None:
    """Make `wanted` the whole week: one with an id is kept and changed, others are new, the rest goes.

    Raises SlotOverlap, LimitReached, NotFound for an id of another schedule.
    """
    held = {slot.id: slot for slot in schedule.slots}
    kept: dict[int, SlotData] = {}
    for data in wanted:
        if data.get("id") is not None:
            if data["id"] not in held:
                raise Invalid.field("time_slots", f"There is no slot {data['id']} in this schedule.")
            kept[data["id"]] = data
    # While hours are moved about they may overlap for a moment; the whole week is judged below.
    session.execute(text("SET CONSTRAINTS ex_schedule_slots_overlap DEFERRED"))
    for slot_id, slot in held.items():
        if slot_id in kept:
            _apply(slot, kept[slot_id])
        else:
            schedule.slots.remove(slot)
    _write_slots(session, schedule, [data for data in wanted if data.get("id") is None])
    session.flush()
    session.execute(text("SET CONSTRAINTS ex_schedule_slots_overlap IMMEDIATE"))


def add_slot(session: Session, schedule: Schedule, data: SlotData) -> ScheduleSlot:
    """Add hours. Raises SlotOverlap, LimitReached."""
    _write_slots(session, schedule, [data])
    session.flush()
    return schedule.slots[-1]


def change_slot(session: Session, schedule: Schedule, slot_id: int, data: SlotData) -> ScheduleSlot:
    """Change hours. Raises SlotOverlap, NotFound, Invalid."""
    slot = find_slot(schedule, slot_id)
    _apply(slot, data)
    if slot.start_min >= slot.end_min:
        raise Invalid.field("end_time", "Must lie after start_time.")
    _refuse_overlap(schedule.slots)
    session.flush()
    return slot


def remove_slot(session: Session, schedule: Schedule, slot_id: int) -> None:
    """Take hours away. Raises NotFound."""
    schedule.slots.remove(find_slot(schedule, slot_id))
    session.flush()


def copy_day(session: Session, schedule: Schedule, *, from_day: int, to_days: Iterable[int]) -> None:
    """Replace the hours of the target days by those of one day."""
    targets = set(to_days) - {from_day}
    source = [slot for slot in schedule.slots if slot.day == from_day]
    for slot in [slot for slot in schedule.slots if slot.day in targets]:
        schedule.slots.remove(slot)
    session.flush()
    copies = [{**data, "day": day} for day in sorted(targets) for data in _as_data(source)]
    _write_slots(session, schedule, copies)


def find_slot(schedule: Schedule, slot_id: int) -> ScheduleSlot:
    """Return a slot of this schedule. Raises NotFound."""
    for slot in schedule.slots:
        if slot.id == slot_id:
            return slot
    raise NotFound("There is no such slot in this schedule.")


def _as_data(slots: Iterable[ScheduleSlot]) -> list[dict[str, Any]]:
    return [
        {"day": slot.day, "start_min": slot.start_min, "end_min": slot.end_min, "is_active": slot.is_active}
        for slot in slots
    ]


def _apply(slot: ScheduleSlot, data: SlotData) -> None:
    for name in ("day", "start_min", "end_min", "is_active"):
        if data.get(name) is not None:
            setattr(slot, name, data[name])


def _write_slots(session: Session, schedule: Schedule, wanted: Sequence[SlotData]) -> None:
    if len(schedule.slots) + len(wanted) > SLOTS_MAX:
        raise LimitReached
    for data in wanted:
        slot = ScheduleSlot(is_active=True)
        _apply(slot, data)
        with session.no_autoflush:
            schedule.slots.append(slot)
    _refuse_overlap(schedule.slots)


def _refuse_overlap(slots: Iterable[ScheduleSlot]) -> None:
    by_day: dict[int, list[tuple[int, int]]] = {}
    for slot in slots:
        if slot.is_active:
            by_day.setdefault(slot.day, []).append((slot.start_min, slot.end_min))
    if any(overlapping(windows) for windows in by_day.values()):
        raise SlotOverlap


def _has_default(session: Session, practitioner_id: int) -> bool:
    found = session.scalar(
        select(Schedule.id).where(Schedule.practitioner_id == practitioner_id, Schedule.is_default).limit(1)
    )
    return found is not None


def _make_default(session: Session, schedule: Schedule) -> None:
    session.execute(
        update(Schedule)
        .where(Schedule.practitioner_id == schedule.practitioner_id, Schedule.is_default, Schedule.id != schedule.id)
        .values(is_default=False)
    )
    schedule.is_default = True


def _settle(session: Session, practitioner: Practitioner) -> None:
    advance_onboarding(session, practitioner, now=utc_now())
    announce_calendar(session, practitioner)
