"""One's picture: a file of media's, known by its id, shown by the address that media tells."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.auth.events import MediaClaimed, MediaReleased, UserChanged
from services.auth.models import KnownAvatar, User
from shared.messaging import Message, record, remove_replica, replace_replica


def choose_avatar(session: Session, user: User, media_id: UUID) -> User:
    """Show this file as a person's picture, now or as soon as media says that it is ready.

    Emits MediaReleased for the one before, MediaClaimed, UserChanged.
    """
    if user.avatar_media_id == media_id:
        return user
    _release(session, user)
    user.avatar_media_id = media_id
    record(session, MediaClaimed.as_avatar(user, media_id), about=("media", media_id))
    known = session.get(KnownAvatar, media_id)
    is_usable = known is not None and known.deleted_at is None and known.uploaded_by == user.id
    _show(session, user, known.url if known is not None and is_usable else None)
    return user


def drop_avatar(session: Session, user: User) -> None:
    """Show no picture. Emits MediaReleased, UserChanged."""
    _release(session, user)
    user.avatar_media_id = None
    _show(session, user, None)


def take_ready(session: Session, *, media_id: UUID, url: str, uploaded_by: int, message: Message) -> None:
    """Keep a picture's address, and show it where it is waited for; only to whoever uploaded it. Emits UserChanged."""
    values = {"url": url, "uploaded_by": uploaded_by}
    if not replace_replica(session, KnownAvatar, key={"media_id": media_id}, values=values, message=message):
        return
    waiting = select(User).where(User.avatar_media_id == media_id, User.id == uploaded_by).with_for_update()
    for user in session.scalars(waiting):
        _show(session, user, url)


def take_gone(session: Session, *, media_id: UUID, message: Message) -> None:
    """Show a picture no longer that media has no more. Emits UserChanged."""
    if not remove_replica(session, KnownAvatar, key={"media_id": media_id}, message=message):
        return
    for user in session.scalars(select(User).where(User.avatar_media_id == media_id).with_for_update()):
        user.avatar_media_id = None
        _show(session, user, None)


def _show(session: Session, user: User, url: str | None) -> None:
    if user.avatar_url != url:
        user.avatar_url = url
        record(session, UserChanged.of(user), subject=user)


def _release(session: Session, user: User) -> None:
    if user.avatar_media_id is not None:
        told = MediaReleased.as_avatar(user, user.avatar_media_id)
        record(session, told, about=("media", user.avatar_media_id))
