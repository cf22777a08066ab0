"""The columns of a profile: each nested list is a correlated aggregate, so a page of rows is one statement."""

from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, select

from services.practitioners.models import Practitioner, User

_PLACES = """
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', places.id, 'public_uuid', places.public_uuid, 'practitioner', places.practitioner_id,
        'name', places.name, 'address_line1', places.line1, 'address_line2', NULL, 'city', places.city_id,
        'state', places.state_id, 'postal_code', places.postal_code, 'country', places.country_id,
        'city_name', places.city_name, 'state_name', places.state_name, 'state_code', places.state_code,
        'country_name', places.country_name, 'country_code', places.country_code,
        'latitude', places.latitude::text, 'longitude', places.longitude::text, 'is_primary', places.is_primary,
        'is_virtual', places.is_virtual, 'is_in_person', places.is_in_person,
        'service_radius_miles', places.service_radius_miles::text, 'full_address', places.full_address,
        'location_types', to_jsonb(places.location_types), 'timezone', places.timezone,
        'is_address_hidden', places.line1 = ''
    ) ORDER BY places.is_primary DESC, places.id)
    FROM places WHERE places.practitioner_id = practitioners.id AND places.deleted_at IS NULL), '[]'::jsonb)
"""


def _chosen(kind: str, table: str) -> str:
    return f"""
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', item.id, 'content', item.content, 'slug', item.slug, 'order', item."order",
        'practitioner_count', item.practitioner_count
    ) ORDER BY chosen.position, item.id)
    FROM practitioner_taxonomy AS chosen JOIN {table} AS item ON item.id = chosen.item_id
    WHERE chosen.practitioner_id = practitioners.id AND chosen.kind = '{kind}'), '[]'::jsonb)
    """  # noqa: S608 - our own names only.


_MODALITIES = """
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', modalities.id, 'name', modalities.name, 'description', modalities.description, 'slug', modalities.slug
    ) ORDER BY modalities.name, modalities.id)
    FROM modalities WHERE modalities.kind = 'modality' AND modalities.deleted_at IS NULL
      AND 'm' || modalities.id = ANY(practitioners.tags)), '[]'::jsonb)
"""
_CERTIFICATIONS = """
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', held.id, 'certificate', held.certificate, 'institution', held.institution,
        'issue_date', held.issue_date, 'expiry_date', held.expiry_date, 'order', held."order",
        'practitioner', held.practitioner_id,
        'is_expired', coalesce(held.expiry_date < (now() AT TIME ZONE 'UTC')::date, false),
        'is_verified', EXISTS (SELECT FROM verification_documents AS proof
            WHERE proof.id = held.document_id AND proof.status = 'approved')
    ) ORDER BY held."order", held.id)
    FROM certifications AS held WHERE held.practitioner_id = practitioners.id), '[]'::jsonb)
"""
_EDUCATIONS = """
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', held.id, 'degree', held.degree, 'educational_institute', held.educational_institute,
        'order', held."order", 'year', held.year
    ) ORDER BY held."order", held.id)
    FROM educations AS held WHERE held.practitioner_id = practitioners.id), '[]'::jsonb)
"""
_QUESTIONS = """
    coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', held.id, 'title', held.title, 'answer', held.answer, 'order', held."order"
    ) ORDER BY held."order", held.id)
    FROM questions AS held WHERE held.practitioner_id = practitioners.id), '[]'::jsonb)
"""
_PROOFS = """
    ARRAY(SELECT DISTINCT proof.document_type FROM verification_documents AS proof
          WHERE proof.practitioner_id = practitioners.id AND proof.status = 'approved'
            AND (proof.expires_at IS NULL OR proof.expires_at > now()))
"""
_PLAN = """
    (SELECT jsonb_build_object('id', plan.subscription_id, 'tier', NULL, 'tier_code', plan.tier_code,
        'tier_display', plan.tier_name, 'status', plan.status, 'start_date', NULL,
        'end_date', coalesce(plan.end_date, plan.current_period_end), 'is_active', plan.is_active,
        'is_annual', plan.is_annual)
     FROM subscriptions AS plan WHERE plan.practitioner_id = practitioners.id AND plan.deleted_at IS NULL)
"""
_USED = """
    jsonb_build_object(
        'services_used', (SELECT count(*) FROM services
            WHERE practitioner_ids @> ARRAY[practitioners.id] AND deleted_at IS NULL),
        'locations_used', (SELECT count(*) FROM places
            WHERE places.practitioner_id = practitioners.id AND places.deleted_at IS NULL),
        'bookings_this_month', (SELECT coalesce(sum(created), 0) FROM practitioner_daily AS daily
            WHERE daily.practitioner_id = practitioners.id
              AND daily.day >= date_trunc('month', now() AT TIME ZONE practitioners.timezone)::date))
"""
_STEP = "(SELECT current_step FROM onboarding WHERE onboarding.practitioner_id = practitioners.id)"


def _named(sql: str, name: str) -> ColumnElement[Any]:
    return literal_column(sql).label(name)


_P = Practitioner
SUMMARY_COLUMNS: list[ColumnElement[Any]] = [
    *(
        column.label(column.key)
        for column in (
            *(_P.id, _P.public_uuid, _P.slug, _P.display_name, _P.professional_title, _P.profile_image_url),
            *(_P.years_of_experience, _P.verification_status, _P.activity, _P.featured, _P.full_name),
            *(_P.rating_average, _P.rating_count, _P.services_count, _P.min_price_cents, _P.max_price_cents),
            *(_P.next_available_at, _P.bio, _P.languages, _P.tags, _P.user_id, _P.listed),
        )
    ),
    User.first_name.label("first_name"),
    User.last_name.label("last_name"),
    _named(_PLACES, "places"),
    _named(_chosen("specialization", "specializations"), "specializations"),
    _named(_MODALITIES, "modalities"),
]
DETAIL_COLUMNS: list[ColumnElement[Any]] = [
    *SUMMARY_COLUMNS,
    *(
        column.label(column.key)
        for column in (
            *(_P.version, _P.quote, _P.profile_video_url, _P.vacation_until, _P.completed_count, _P.canceled_count),
            *(_P.bookings_count, _P.timezone, _P.created_at, _P.updated_at, _P.new_until, _P.rating_weighted),
            *(_P.status_message, _P.is_onboarded, _P.onboarding_completed_at, _P.buffer_minutes, _P.tier_code),
            *(_P.features, _P.deleted_at, _P.user_active),
        )
    ),
    User.email.label("email"),
    User.phone_number.label("phone"),
    _named(_chosen("style", "styles"), "styles"),
    _named(_chosen("topic", "topics"), "topics"),
    _named(_CERTIFICATIONS, "certifications"),
    _named(_EDUCATIONS, "educations"),
    _named(_QUESTIONS, "questions"),
    _named(_PROOFS, "proofs"),
    _named(_PLAN, "plan"),
    _named(_USED, "used"),
    _named(_STEP, "current_step"),
]


def profiles(columns: list[ColumnElement[Any]]) -> Select[Any]:
    """Return the select of profiles with these columns."""
    return select(*columns).select_from(Practitioner).outerjoin(User, User.id == Practitioner.user_id)
