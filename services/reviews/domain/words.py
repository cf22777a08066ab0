"""The words of reviews: statuses, actions, reasons, kinds of questions."""

from typing import Final

SEALED: Final = "sealed"
HELD: Final = "held"
PUBLISHED: Final = "published"
HIDDEN: Final = "hidden"
REMOVED: Final = "removed"
WITHDRAWN: Final = "withdrawn"
STATUSES: Final = (SEALED, HELD, PUBLISHED, HIDDEN, REMOVED, WITHDRAWN)
EDITABLE: Final = (SEALED, HELD, PUBLISHED, HIDDEN)
"""Statuses in which the author may still change the text."""

APPROVE: Final = "approve"
HIDE: Final = "hide"
REMOVE: Final = "remove"
RESTORE: Final = "restore"
DISMISS: Final = "dismiss"
CLAIM: Final = "claim"
RELEASE: Final = "release"
ACTIONS: Final = (APPROVE, HIDE, REMOVE, RESTORE, DISMISS, CLAIM, RELEASE)
CREATE: Final = "create"
EDIT: Final = "edit"
OPEN: Final = "open"
AUTO_HIDE: Final = "auto_hide"
WITHDRAW: Final = "withdraw"
SCREEN: Final = "screen"

REPORT_REASONS: Final = ("inappropriate", "spam", "off_topic", "fake", "harassment", "other")
REMOVAL_REASONS: Final = (*REPORT_REASONS[:5], "privacy", "legal", "other")
OTHER: Final = "other"

UPHELD: Final = "upheld"
DISMISSED: Final = "dismissed"

RATING: Final = "rating"
TEXT: Final = "text"
BOOLEAN: Final = "boolean"
QUESTION_TYPES: Final = (RATING, TEXT, BOOLEAN)

SERVICE: Final = "service"
PRACTITIONER: Final = "practitioner"
BOTH: Final = "both"
PAIR: Final = "pair"
APPLIES_TO: Final = (SERVICE, PRACTITIONER, BOTH)

COMPLETED: Final = "completed"
REFUNDED: Final = "refunded"
