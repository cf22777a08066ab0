"""Tables of reviews."""

from services.reviews.models.base import Base
from services.reviews.models.numbers import DailyRating, QuestionRating, Rating, RatingPrior
from services.reviews.models.questions import Answer, Question
from services.reviews.models.reactions import ModerationEntry, Report, ReporterStats, Revision, Vote
from services.reviews.models.replicas import Booking, MediaFile, Practitioner, Service, User
from services.reviews.models.review import Review

__all__ = [
    "Answer",
    "Base",
    "Booking",
    "DailyRating",
    "MediaFile",
    "ModerationEntry",
    "Practitioner",
    "Question",
    "QuestionRating",
    "Rating",
    "RatingPrior",
    "Report",
    "ReporterStats",
    "Review",
    "Revision",
    "Service",
    "User",
    "Vote",
]
