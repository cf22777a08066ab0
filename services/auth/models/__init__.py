"""Tables of auth."""

from services.auth.models.action_token import ActionToken
from services.auth.models.activity import Activity
from services.auth.models.avatar import KnownAvatar
from services.auth.models.base import Base
from services.auth.models.identity import LinkedIdentity
from services.auth.models.keys import KeySet, SigningKey
from services.auth.models.privacy import Erasure, Export, ExportPart
from services.auth.models.second_factor import RecoveryCode, Totp
from services.auth.models.session import AuthSession, Device, LegacyRefresh, Revocation
from services.auth.models.throttle import LoginFailure
from services.auth.models.user import ACCOUNT_STATUSES, User

# The signing keys stay between tests, as they stay between restarts.
REFERENCE_TABLES = frozenset({"key_sets", "key_pairs"})

__all__ = [
    "ACCOUNT_STATUSES",
    "REFERENCE_TABLES",
    "ActionToken",
    "Activity",
    "AuthSession",
    "Base",
    "Device",
    "Erasure",
    "Export",
    "ExportPart",
    "KeySet",
    "KnownAvatar",
    "LegacyRefresh",
    "LinkedIdentity",
    "LoginFailure",
    "RecoveryCode",
    "Revocation",
    "SigningKey",
    "Totp",
    "User",
]
