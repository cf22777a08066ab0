"""Tables of media."""

from services.media.models.base import Base
from services.media.models.blob import Blob, BlobVersion
from services.media.models.entities import Claim, Entity, Practitioner, find_entity
from services.media.models.job import Job
from services.media.models.keeping import BlockedHash, StorageDeletion
from services.media.models.media import Media
from services.media.models.people import User
from services.media.models.usage import Counter, CounterMark, Usage

__all__ = [
    "Base",
    "Blob",
    "BlobVersion",
    "BlockedHash",
    "Claim",
    "Counter",
    "CounterMark",
    "Entity",
    "Job",
    "Media",
    "Practitioner",
    "StorageDeletion",
    "Usage",
    "User",
    "find_entity",
]
