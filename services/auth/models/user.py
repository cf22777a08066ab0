"""People: who they are, what they may do, and how their accounts stand."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.auth.domain import names, roles
from services.auth.models.base import Base
from shared.clock import utc_now
from shared.database import Key, Versioned
from shared.ids import uuid7

ACCOUNT_STATUSES = ("active", "inactive", "suspended", "pending", "deleted")


class User(Versioned, Base):
    """One person's account.

    `email` keeps the spelling that was typed and is unique whatever its case. `password_hash` is None for those who
    sign in with a provider only. What practitioners and payments decide (profile, tier) stands here as columns, each
    with the (epoch, sequence) of the event it came from.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(f"account_status IN {ACCOUNT_STATUSES}", name="account_status_known"),
        Index("uq_users_email_lower", text("lower(email)"), unique=True),
        Index("ix_users_date_joined", "date_joined", "id"),
        Index("ix_users_account_status", "account_status", "id"),
        Index("ix_users_is_staff", "id", postgresql_where=text("is_staff")),
        Index("ix_users_deletion_due", "deletion_due_at", postgresql_where=text("deletion_due_at IS NOT NULL")),
        Index("ix_users_mfa_reset_due", "mfa_reset_due_at", postgresql_where=text("mfa_reset_due_at IS NOT NULL")),
        Index("ix_users_erased_at", "erased_at", postgresql_where=text("erased_at IS NOT NULL")),
        Index("ix_users_practitioner", "practitioner_id", postgresql_where=text("practitioner_id IS NOT NULL")),
        Index("ix_users_avatar_media", "avatar_media_id", postgresql_where=text("avatar_media_id IS NOT NULL")),
    )
    aggregate_type = "user"

    id: Mapped[Key]
    uuid: Mapped[UUID] = mapped_column(Uuid, unique=True, default=uuid7)
    email: Mapped[str] = mapped_column(String(254))
    email_verified_at: Mapped[datetime | None]
    pending_email: Mapped[str | None] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(150), server_default="")
    last_name: Mapped[str] = mapped_column(String(150), server_default="")
    preferred_name: Mapped[str | None] = mapped_column(String(150))
    phone_number: Mapped[str | None] = mapped_column(String(17))
    phone_number_verified: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    timezone: Mapped[str] = mapped_column(String(50), default="UTC", server_default="UTC")
    timezone_chosen: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    locale: Mapped[str] = mapped_column(String(35), default="en", server_default="en")
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    account_status: Mapped[str] = mapped_column(String(10), default="active", server_default="active")
    status_reason: Mapped[str | None] = mapped_column(String(500))
    is_staff: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    is_superuser: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    mfa_enabled_at: Mapped[datetime | None]
    avatar_media_id: Mapped[UUID | None]
    avatar_url: Mapped[str | None]
    last_login: Mapped[datetime | None]
    last_active_at: Mapped[datetime | None]
    date_joined: Mapped[datetime] = mapped_column(default=utc_now, server_default=func.now())
    deletion_due_at: Mapped[datetime | None]
    deletion_requested_by: Mapped[int | None]
    erased_at: Mapped[datetime | None]
    erasure_reminded_at: Mapped[datetime | None]
    mfa_reset_due_at: Mapped[datetime | None]
    imported_from: Mapped[str | None] = mapped_column(String(50))

    practitioner_id: Mapped[int | None]
    practitioner_uuid: Mapped[UUID | None]
    practitioner_slug: Mapped[str | None]
    practitioner_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    practitioner_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    subscribed_tier: Mapped[str | None]
    tier_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    tier_sequence: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def full_name(self) -> str:
        """First and last name; the e-mail when both are empty."""
        return names.full_name(self.first_name, self.last_name) or self.email

    @property
    def display_name(self) -> str:
        """How the person wants to be called."""
        return self.preferred_name or self.full_name

    @property
    def public_name(self) -> str:
        """What others may see: never the e-mail."""
        return self.preferred_name or names.full_name(self.first_name, self.last_name) or "Member"

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in."""
        return self.account_status in ("active", "pending")

    @property
    def is_practitioner(self) -> bool:
        """Whether a practitioner profile exists, whatever its state."""
        return self.practitioner_id is not None

    @property
    def email_verified(self) -> bool:
        """Whether the address was proven by a mailed link or a provider."""
        return self.email_verified_at is not None

    def prove_email(self, *, now: datetime) -> None:
        """Take the address as proven, and the account as active if staff waited for that."""
        self.email_verified_at = now
        if self.account_status == "pending":
            self.account_status, self.status_reason = "active", None

    @property
    def mfa_enabled(self) -> bool:
        """Whether signing in takes a second factor."""
        return self.mfa_enabled_at is not None

    @property
    def roles(self) -> list[str]:
        """What the person may act as."""
        return roles.roles(is_practitioner=self.is_practitioner, is_staff=self.is_staff)

    @property
    def tier(self) -> str | None:
        """The practitioner's plan; None for people who are no practitioner."""
        return roles.tier(self.subscribed_tier, is_practitioner=self.is_practitioner)


# Staff search by the beginnings of these; `LIKE 'x%'` needs the operator class whatever the database's collation.
for _column in (User.email, User.first_name, User.last_name):
    Index(
        f"ix_users_{_column.key}_prefix",
        func.lower(_column).label(f"{_column.key}_lower"),
        postgresql_ops={f"{_column.key}_lower": "text_pattern_ops"},
    )
