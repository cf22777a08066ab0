"""A review beside whom and what it is about: one statement, whatever the page."""

from sqlalchemy import Select, func, select

from services.reviews.models import (
    Answer,
    Booking,
    Practitioner,
    Question,
    Report,
    ReporterStats,
    Review,
    Service,
    User,
)

_SHOWN = (
    Review.id,
    Review.public_uuid,
    Review.practitioner_id,
    Review.author_id,
    Review.rating,
    Review.comment,
    Review.is_anonymous,
    Review.is_verified,
    Review.status,
    Review.response_text,
    Review.response_at,
    Review.helpful,
    Review.unhelpful,
    Review.display_name,
    Review.avatar_url,
    Review.photos,
    Review.edited_at,
    Review.created_at,
)

LISTED: Select[*tuple[object, ...]] = (
    select(
        *_SHOWN,
        Practitioner.public_uuid.label("practitioner_uuid"),
        Practitioner.display_name.label("practitioner_name"),
        Service.public_uuid.label("service_uuid"),
        Service.name.label("service_name"),
    )
    .select_from(Review)
    .outerjoin(Practitioner, Practitioner.id == Review.practitioner_id)
    .outerjoin(Service, Service.id == Review.service_id)
)
"""What a list shows of a review."""

DETAILED: Select[*tuple[object, ...]] = LISTED.add_columns(
    Review.version,
    Review.updated_at,
    Review.status_reason,
    Review.reports_open,
    Practitioner.user_id.label("practitioner_user_id"),
    Practitioner.professional_title,
    Practitioner.profile_image_url,
    Service.short_description.label("service_description"),
    Booking.public_uuid.label("booking_uuid"),
    Booking.starts_at,
    Booking.ends_at,
).outerjoin(Booking, Booking.booking_id == Review.booking_id)
"""All that may be shown of a review; `presenting` leaves out what the caller may not see."""

QUEUED: Select[*tuple[object, ...]] = DETAILED.add_columns(
    Review.report_score,
    Review.held_reasons,
    Review.first_reported_at,
    Review.claimed_by,
    Review.claimed_until,
)
"""What staff see of a review that waits for a decision."""

REPORTED: Select[*tuple[object, ...]] = (
    select(
        Report.id,
        Report.review_id,
        Review.public_uuid.label("review_uuid"),
        Report.user_id.label("reporter_id"),
        func.trim(func.concat_ws(" ", User.first_name, User.last_name)).label("reporter_name"),
        func.coalesce(ReporterStats.outcomes, "").label("outcomes"),
        Report.weight,
        Report.reason,
        Report.details,
        Report.resolution,
        Report.created_at,
    )
    .select_from(Report)
    .join(Review, Review.id == Report.review_id)
    .outerjoin(User, User.id == Report.user_id)
    .outerjoin(ReporterStats, ReporterStats.user_id == Report.user_id)
)
"""What staff see of a report."""

ANSWERED: Select[*tuple[object, ...]] = (
    select(
        Answer.review_id,
        Answer.id,
        Answer.rating_answer,
        Answer.text_answer,
        Answer.boolean_answer,
        Answer.created_at,
        Answer.updated_at,
        Question.id.label("question_id"),
        Question.question,
        Question.description,
        Question.is_required,
        Question.question_type,
        Question.position,
        Question.is_active,
        Question.applies_to,
        Question.created_at.label("question_created_at"),
        Question.updated_at.label("question_updated_at"),
    )
    .join(Question, Question.id == Answer.question_id)
    .order_by(Question.position, Question.id)
)
"""What a review answers, in the order in which it was asked."""
