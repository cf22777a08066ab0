"""What staff decide about reviews. Texts are never changed, and low stars are no reason."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.reviews.domain import windows, words
from services.reviews.domain.errors import ClaimedByOther, InvalidTransition
from services.reviews.models import Review
from services.reviews.operations import publishing
from services.reviews.operations.announcing import note
from services.reviews.operations.reporting import close_reports
from shared.audit import audit
from shared.errors import Invalid
from shared.identity import Identity

_NEED_REASON = (words.HIDE, words.REMOVE)


def moderate(
    session: Session,
    review: Review,
    action: str,
    *,
    by: Identity,
    now: datetime,
    reason: str = "",
    notes: str = "",
    notify_author: bool = True,
) -> None:
    """Decide about a locked review, or claim it for ten minutes.

    approve, restore and dismiss close its reports as dismissed, hide and remove as upheld.
    Raises ClaimedByOther, InvalidTransition, Invalid (without a reason). Emits what the decision leads to.
    """
    _require_unclaimed(review, by=by, now=now)
    if action in _NEED_REASON and not reason:
        raise Invalid.field("reason", "Say why.")
    if action in (words.CLAIM, words.RELEASE):
        _claim(session, review, action, by=by, now=now)
        return
    if action == words.DISMISS:
        _dismiss(session, review, by=by, now=now, notes=notes)
    else:
        _decide(session, review, action, by=by, now=now, reason=reason, notes=notes, tell_author=notify_author)
    review.claimed_by = review.claimed_until = None
    details = {"action": action, "reason": reason, "status": review.status}
    audit(session, "review.moderated", by=by, subject=("review", review.id), details=details)


def _decide(
    session: Session,
    review: Review,
    action: str,
    *,
    by: Identity,
    now: datetime,
    reason: str,
    notes: str,
    tell_author: bool,
) -> None:
    if review.reports_open:
        close_reports(session, review, upheld=action in _NEED_REASON, by=by, now=now, notes=notes)
    publishing.move(
        session,
        review,
        action,
        by=by.user_id,
        now=now,
        reason=reason or None,
        notes=notes,
        tell_author=tell_author,
    )


def _dismiss(session: Session, review: Review, *, by: Identity, now: datetime, notes: str) -> None:
    """Close the reports of a public review and keep it; a hidden one is restored instead."""
    if not review.is_published or not review.reports_open:
        raise InvalidTransition
    close_reports(session, review, upheld=False, by=by, now=now, notes=notes)
    note(session, review, words.DISMISS, before=review.status, by=by.user_id, now=now, notes=notes)
    session.flush()


def _claim(session: Session, review: Review, action: str, *, by: Identity, now: datetime) -> None:
    if action == words.CLAIM:
        review.claimed_by, review.claimed_until = by.user_id, now + windows.CLAIM
    else:
        review.claimed_by = review.claimed_until = None
    note(session, review, action, before=review.status, by=by.user_id, now=now)
    session.flush()


def _require_unclaimed(review: Review, *, by: Identity, now: datetime) -> None:
    if review.claimed_by not in (None, by.user_id) and review.claimed_until is not None and now < review.claimed_until:
        raise ClaimedByOther
