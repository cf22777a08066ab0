"""Telling people: choosing words, language, zone and time, and writing the line and the mail once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from services.notifications.domain.kinds import KINDS, Kind
from services.notifications.models import User
from services.notifications.operations.choosing import EVERYWHERE, Wanted, wanted_by
from services.notifications.operations.lines import Line, add_lines
from services.notifications.operations.mailing import Action, Appointment, Post, queue_mail, queue_mails
from services.notifications.operations.timing import Timetable, timetable
from services.notifications.operations.wording import say
from services.notifications.settings import settings
from shared.messaging import Message, NotYet

PEOPLE_KNOWN_AFTER_SECONDS = 600
MEMBER = "Member"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something to tell. `occasion` makes it one telling, however often it is announced; by default the event.

    `before`: it is of no use after that instant. `link` is a path on the front end instead of the kind's.
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    related: tuple[str, object] = ("", "")
    occasion: str | None = None
    fold_into: str | None = None
    link: str | None = None
    in_app: bool = True
    by_mail: bool = True
    before: datetime | None = None
    appointment: Appointment | None = None
    created_by: int | None = None


class _Person(NamedTuple):
    """Whom something is told, and in which zone and language."""

    id: int
    timezone: str
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """News on their way: of what kind, from which event, since when."""

    news: News
    kind: Kind
    occasion: str
    happened_at: datetime
    event_id: UUID | None
    now: datetime

    @property
    def related(self) -> tuple[str, str]:
        return self.news.related[0], str(self.news.related[1])

    @property
    def link(self) -> str:
        return self.news.link if self.news.link is not None else self.kind.path(self.related[1])


def tell(session: Session, user_id: int, news: News, *, message: Message, now: datetime) -> int | None:
    """Tell a person, as the kind has it and they want it, each only once: a line of the inbox and a mail.

    Returns the line's id, None if there is no new one. Somebody unknown may be announced a moment later: raises NotYet
    until ten minutes after the event. Emits InboxHint.
    """
    people = _people(session, [user_id])
    if not people and session.get(User, user_id) is None:
        if (now - message.occurred_at).total_seconds() < PEOPLE_KNOWN_AFTER_SECONDS:
            raise NotYet(f"user {user_id} is not known yet")
        return None
    return _tell(session, people, news, message=message, now=now).get(user_id)


def tell_all(
    session: Session, user_ids: Sequence[int], news: News, *, message: Message | None = None, now: datetime
) -> dict[int, int]:
    """Tell several people the same, each as they want it, in about as many statements as one.

    Who is unknown, inactive or gone is passed over. Returns the ids of new lines by person. Without a `message` the
    news must name its occasion. Emits InboxHint, InboxesHint.
    """
    return _tell(session, _people(session, user_ids), news, message=message, now=now)


def _tell(
    session: Session, people: Mapping[int, _Person], news: News, *, message: Message | None, now: datetime
) -> dict[int, int]:
    kind = KINDS[news.kind]
    telling = _Telling(
        news=news,
        kind=kind,
        occasion=f"{news.occasion or (message.id if message else '')}:{kind.name}",
        happened_at=message.occurred_at if message else now,
        event_id=message.id if message else None,
        now=now,
    )
    choices = wanted_by(session, list(people), kind=kind)
    written: dict[int, int] = {}
    if kind.in_app and news.in_app:
        told = [person for person in people.values() if choices.get(person.id, EVERYWHERE).in_app]
        written = add_lines(session, _lines(session, told, telling), now=now) if told else {}
    if kind.by_mail and news.by_mail:
        _mail(session, people, choices, telling, written)
    return written


def tell_address(
    session: Session,
    address: str,
    news: News,
    *,
    user_id: int,
    message: Message,
    now: datetime,
    action: Action | None = None,
    label: str | None = None,
) -> None:
    """Write to an address that the event brought, whoever it belongs to and whether we know them or not."""
    kind = KINDS[news.kind]
    post = Post(
        user_id=user_id,
        kind=kind.name,
        occasion=f"{news.occasion or message.id}:{kind.name}",
        happened_at=message.occurred_at,
        values=news.values,
        link=news.link or kind.link,
        label=label,
        address=address,
        action=action,
        event_id=message.id,
    )
    queue_mail(session, post, now=now)


def _people(session: Session, user_ids: Sequence[int]) -> dict[int, _Person]:
    wanted = literal(sorted(set(user_ids)), ARRAY(BigInteger))
    known = session.execute(
        select(User.id, User.timezone, User.locale)
        .where(User.id == any_(wanted), User.is_active, User.deleted_at.is_(None))
        .order_by(User.id)
    )
    return {row.id: _Person(*row) for row in known}


def _lines(session: Session, people: Sequence[_Person], telling: _Telling) -> list[Line]:
    """Return a line for each of them; people of one zone and language are told in the same words, formed once."""
    worded = {person[1:]: _wording(session, person, telling) for person in people}
    said = {key: wording(1) for key, wording in worded.items()}
    return [_line(person, telling, said[person[1:]], worded[person[1:]]) for person in people]


def _wording(session: Session, person: _Person, telling: _Telling) -> Callable[[int], tuple[str, str]]:
    """Return what says title and text of so many in one, in the person's language and zone."""
    news, kind = telling.news, telling.kind

    def worded(count: int) -> tuple[str, str]:
        values = {**news.values, "count": count} if kind.folds else news.values
        said = say(
            session, kind.name, "in_app", values, zone=person.timezone, locale=person.locale, now=telling.now
        )  # fmt: skip
        return said.subject, said.body

    return worded


def _line(person: _Person, telling: _Telling, said: tuple[str, str], worded: Callable[[int], tuple[str, str]]) -> Line:
    news, kind = telling.news, telling.kind
    link = telling.link
    return Line(
        user_id=person.id,
        kind=kind.name,
        notification_type=kind.type,
        title=said[0],
        message=said[1],
        dedupe_key=telling.occasion,
        priority=kind.priority,
        action_url=link if "://" in link else settings().frontend_url + link,
        action_label=kind.label,
        related=telling.related,
        collapse_key=news.fold_into if kind.folds else None,
        worded=worded if kind.folds else None,
        created_by=news.created_by,
        event_id=telling.event_id,
        happened_at=telling.happened_at,
    )


def _mail(
    session: Session,
    people: Mapping[int, _Person],
    choices: Mapping[int, Wanted],
    telling: _Telling,
    written: Mapping[int, int],
) -> None:
    news, kind = telling.news, telling.kind
    readers = [person for person in people.values() if choices.get(person.id, EVERYWHERE).email]
    times: Mapping[int, Timetable] = {} if kind.passes else timetable(session, [person.id for person in readers])
    base = Post(
        user_id=0,
        kind=kind.name,
        occasion=telling.occasion,
        happened_at=telling.happened_at,
        values=news.values,
        link=telling.link,
        related=telling.related,
        appointment=news.appointment,
        event_id=telling.event_id,
        before=news.before,
    )
    posts = []
    for person in readers:
        times_of_person = times.get(person.id)
        wait = None
        if times_of_person is not None:
            wait = times_of_person.wait(kind, zone=person.timezone, now=telling.now, before=news.before)
        posts.append(replace(base, user_id=person.id, notification_id=written.get(person.id), wait=wait))
    queue_mails(session, posts, now=telling.now)


def name_of(session: Session, user_id: int) -> str:
    """Return how others see a person."""
    return session.scalar(select(User.display_name).where(User.id == user_id)) or MEMBER


def staff_ids(session: Session) -> list[int]:
    """Return everybody who works for the marketplace."""
    return list(session.scalars(select(User.id).where(User.is_staff, User.is_active).order_by(User.id)))
