"""The words that practitioners are described with."""

from typing import Final

DRAFT: Final = "draft"
SUBMITTED: Final = "submitted"
UNDER_REVIEW: Final = "under_review"
CHANGES_REQUESTED: Final = "changes_requested"
VERIFIED: Final = "verified"
REJECTED: Final = "rejected"
SUSPENDED: Final = "suspended"
VERIFICATION_STATUSES: Final = (
    DRAFT,
    SUBMITTED,
    UNDER_REVIEW,
    CHANGES_REQUESTED,
    VERIFIED,
    REJECTED,
    SUSPENDED,
)

ACTIVE: Final = "active"
INACTIVE: Final = "inactive"
VACATION: Final = "vacation"
ACTIVITIES: Final = (ACTIVE, INACTIVE, VACATION)

PENDING: Final = "pending"
PRACTITIONER_STATUSES: Final = (ACTIVE, INACTIVE, PENDING, REJECTED, SUSPENDED, VACATION)

APPROVED: Final = "approved"
EXPIRED: Final = "expired"
DOCUMENT_STATUSES: Final = (PENDING, APPROVED, REJECTED, EXPIRED)
ID_PROOF: Final = "id_proof"
DOCUMENT_TYPES: Final = (ID_PROOF, "certification", "license", "insurance", "background_check", "other")

SPECIALIZATION: Final = "specialization"
STYLE: Final = "style"
TOPIC: Final = "topic"
MODALITY: Final = "modality"
TAXONOMIES: Final = (SPECIALIZATION, STYLE, TOPIC)

SERVICE_TYPES: Final = ("session", "workshop", "course", "package", "bundle")
"""In the order of their numbers, from 1."""

BASIC: Final = "basic"


def practitioner_status(verification_status: str, activity: str) -> str:
    """Return the one word that clients know: what staff decided, and among the verified what the owner chose."""
    if verification_status == VERIFIED:
        return activity
    return verification_status if verification_status in (REJECTED, SUSPENDED) else PENDING
