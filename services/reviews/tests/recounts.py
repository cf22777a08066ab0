"""Holding the kept numbers against what can be counted."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select

from services.reviews.domain.tally import Target
from services.reviews.models import Answer, DailyRating, QuestionRating, Rating, Report, Review, Vote
from services.reviews.operations import upkeep
from services.reviews.operations.recounting import recount
from services.reviews.tests.world import NOON, OTHER_PRACTITIONER, PRACTITIONER, SERVICE, uuid_of
from shared.database import Database
from shared.messaging.testing import announced
from shared.testing.http import Caller


def drifted(database: Database) -> list[Target]:
    """Return whose numbers are not what a recount finds."""
    with database.transaction() as session:
        keys = [row.key for row in session.scalars(select(Rating))]
        folded = upkeep.folded_before(NOON.date())
        return [key for key in keys if recount(session, key, folded_before=folded)]


HOURS_BELOW = (1, 2, 4, 8, 12, 24, 48, 72, 168, 336, 720)


@dataclass
class Sums:
    """What the reviews of one target add up to; of days and questions those that have any."""

    count: int = 0
    hundredths: int = 0
    stars: list[int] = field(default_factory=lambda: [0] * 5)
    verified: int = 0
    helpful: int = 0
    responses: int = 0
    recommended: int = 0
    hours: list[int] = field(default_factory=lambda: [0] * 12)
    days: dict[date, tuple[int, int]] = field(default_factory=dict)
    questions: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, review: Review, answers: list[Answer]) -> None:
        self.count += 1
        self.hundredths += review.rating
        self.stars[review.rating // 100 - 1] += 1
        self.verified += review.is_verified
        self.helpful += review.helpful
        self.recommended += review.rating >= 400
        if review.response_at is not None:
            self.responses += 1
            assert review.visible_at is not None
            hours = max((review.response_at - review.visible_at).total_seconds(), 0) / 3600
            self.hours[sum(hours >= below for below in HOURS_BELOW)] += 1
        day = review.created_at.astimezone(UTC).date()
        count, hundredths = self.days.get(day, (0, 0))
        self.days[day] = (count + 1, hundredths + review.rating)
        for answer in answers:
            value = answer.rating_answer if answer.boolean_answer is None else int(answer.boolean_answer)
            if value is not None:
                count, total = self.questions.get(answer.question_id, (0, 0))
                self.questions[answer.question_id] = (count + 1, total + value)


def plainly_counted(database: Database) -> dict[Target, Sums]:
    """Count every published review by hand, with nothing of the service's own arithmetic."""
    counted: dict[Target, Sums] = defaultdict(Sums)
    with database.transaction() as session:
        answers = defaultdict(list)
        for answer in session.scalars(select(Answer)):
            answers[answer.review_id].append(answer)
        for review in session.scalars(select(Review).where(Review.status == "published")):
            keys = [Target("practitioner", review.practitioner_id, 0)]
            if review.service_id:
                keys.append(Target("service", 0, review.service_id))
                keys.append(Target("pair", review.practitioner_id, review.service_id))
            for key in keys:
                counted[key].add(review, answers[review.id])
    return dict(counted)


def assert_reviews_hold_what_was_said_of_them(database: Database) -> None:
    """Each review's votes and open reports are those that there are, also of people who are erased."""
    with database.transaction() as session:
        votes, reports = session.scalars(select(Vote)).all(), session.scalars(select(Report)).all()
        for review in session.scalars(select(Review)):
            cast = Counter(vote.is_helpful for vote in votes if vote.review_id == review.id)
            assert (review.helpful, review.unhelpful) == (cast[True], cast[False])
            weights = [one.weight for one in reports if one.review_id == review.id and one.resolution is None]
            assert (review.reports_open, review.report_score) == (len(weights), sum(weights))


def kept(database: Database) -> dict[Target, Sums]:
    """Return the kept numbers in the form of `plainly_counted`, without empty ones."""
    found: dict[Target, Sums] = defaultdict(Sums)
    with database.transaction() as session:
        for row in session.scalars(select(Rating)):
            found[row.key] = Sums(
                count=row.count,
                hundredths=row.sum_hundredths,
                stars=[row.c1, row.c2, row.c3, row.c4, row.c5],
                verified=row.verified,
                helpful=row.helpful_total,
                responses=row.with_response,
                recommended=row.recommended,
                hours=[getattr(row, f"h{number}") for number in range(12)],
            )
        for day in session.scalars(select(DailyRating)):
            if (day.count, day.sum_hundredths) != (0, 0):
                key = Target(day.target, day.practitioner_id, day.service_id)
                found[key].days[day.day] = (day.count, day.sum_hundredths)
        for question in session.scalars(select(QuestionRating)):
            if (question.count, question.total) != (0, 0):
                key = Target(question.target, question.practitioner_id, question.service_id)
                found[key].questions[question.question_id] = (question.count, question.total)
    return {key: sums for key, sums in found.items() if sums != Sums()}


LISTED = (
    f"practitioner={uuid_of('practitioner', OTHER_PRACTITIONER)}",
    f"service=service-{SERVICE}",
    f"service={SERVICE}&practitioner=practitioner-{PRACTITIONER}",
)
KINDS = (
    *("", *(f"rating={stars}" for stars in range(1, 6))),
    *("has_response=true", "has_response=false", "is_verified=true", "is_verified=false"),
)


def assert_lists_say_how_many_they_hold(http: Caller) -> None:
    """Counts that lists take from the numbers are those of the rows, for all whom a list can be about, kind by kind."""
    for about in LISTED:
        counts = []
        for kind in KINDS:
            told = http.get(f"/reviews/?{about}&{kind}&page_size=100").json
            assert (about, kind, told["count"]) == (about, kind, len(told["results"]))
            counts.append(told["count"])
        everything, *by_stars = counts[:6]
        assert everything == sum(by_stars) == counts[6] + counts[7] == counts[8] + counts[9]


def assert_last_told_is_true(database: Database) -> None:
    """What was told last of each target, by its sequence, is what is kept."""
    with database.transaction() as session:
        told = {
            one.subject_id: one for one in sorted(announced(session, "rating.changed"), key=lambda one: one.sequence)
        }
        for row in session.scalars(select(Rating).where(Rating.target != "pair")):
            last = told[f"{row.target}:{row.service_id or row.practitioner_id}"].data
            mean = Decimal(row.sum_hundredths) / (100 * row.count) if row.count else Decimal(0)
            assert last["count"] == row.count
            assert last["average"] == str(mean.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
            assert last["weighted"] == str(row.weighted)
            assert sum(last["distribution"].values()) == row.count
            assert last["verified"] == row.verified
