"""What follows from other services' facts: counts, prices, facets, search words. Not a change of the profile."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.practitioners.operations.announcing import sync_places

# One statement for any number of practitioners. The version stays: this is not the profile's own state.
_REFRESH = text("""
    UPDATE practitioners SET
        services_count = offered.count, min_price_cents = offered.least, max_price_cents = offered.most,
        tags = faceted.tags, search_extra = left(coalesce(worded.words, ''), 8000)
    FROM practitioners AS subject
    CROSS JOIN LATERAL (
        SELECT count(*) AS count, min(price_cents) AS least, max(price_cents) AS most
        FROM services
        WHERE practitioner_ids @> ARRAY[subject.id] AND is_visible AND deleted_at IS NULL
    ) AS offered
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(DISTINCT tag ORDER BY tag), '{}') AS tags FROM (
            SELECT CASE kind WHEN 'specialization' THEN 's' WHEN 'style' THEN 'y' WHEN 'topic' THEN 't' ELSE 'm' END
                   || item_id AS tag
            FROM practitioner_taxonomy WHERE practitioner_id = subject.id
            UNION ALL
            SELECT 'M' || modalities.parent_id FROM modalities
            WHERE modalities.kind = 'modality' AND modalities.deleted_at IS NULL
              AND modalities.parent_id IS NOT NULL AND modalities.id IN (
                SELECT item_id FROM practitioner_taxonomy
                WHERE practitioner_id = subject.id AND kind = 'modality'
                UNION ALL
                SELECT unnest(modality_ids) FROM services
                WHERE practitioner_ids @> ARRAY[subject.id] AND is_visible AND deleted_at IS NULL)
            UNION ALL
            SELECT unnest(
                ARRAY['k' || array_position(ARRAY['session', 'workshop', 'course', 'package', 'bundle'], service_type),
                      'c' || category_id]
                || ARRAY(SELECT 'm' || one FROM unnest(modality_ids) AS one)
                || ARRAY(SELECT 'l:' || lower(one) FROM unnest(languages) AS one)
                || CASE location_type WHEN 'virtual' THEN ARRAY['v:virtual'] WHEN 'in_person' THEN ARRAY['v:in_person']
                   ELSE ARRAY['v:hybrid', 'v:virtual', 'v:in_person'] END)
            FROM services WHERE practitioner_ids @> ARRAY[subject.id] AND is_visible AND deleted_at IS NULL
            UNION ALL
            SELECT unnest(CASE WHEN is_virtual AND is_in_person THEN ARRAY['v:hybrid', 'v:virtual', 'v:in_person']
                               WHEN is_virtual THEN ARRAY['v:virtual'] WHEN is_in_person THEN ARRAY['v:in_person']
                               ELSE '{}' END)
            FROM places WHERE practitioner_id = subject.id AND deleted_at IS NULL
            UNION ALL
            SELECT 'l:' || one FROM unnest(subject.languages) AS one
        ) AS found WHERE tag IS NOT NULL
    ) AS faceted
    CROSS JOIN LATERAL (
        SELECT string_agg(DISTINCT word, ' ') AS words FROM (
            SELECT coalesce(specializations.content, styles.content, topics.content) AS word
            FROM practitioner_taxonomy AS chosen
            LEFT JOIN specializations ON chosen.kind = 'specialization' AND specializations.id = chosen.item_id
            LEFT JOIN styles ON chosen.kind = 'style' AND styles.id = chosen.item_id
            LEFT JOIN topics ON chosen.kind = 'topic' AND topics.id = chosen.item_id
            WHERE chosen.practitioner_id = subject.id
            UNION ALL
            SELECT modalities.name FROM modalities
            WHERE modalities.kind = 'modality' AND modalities.deleted_at IS NULL AND modalities.id IN (
                SELECT item_id FROM practitioner_taxonomy WHERE practitioner_id = subject.id AND kind = 'modality'
                UNION ALL
                SELECT unnest(modality_ids) FROM services
                WHERE practitioner_ids @> ARRAY[subject.id] AND is_visible AND deleted_at IS NULL)
            UNION ALL
            SELECT name FROM services
            WHERE practitioner_ids @> ARRAY[subject.id] AND is_visible AND deleted_at IS NULL
        ) AS found
    ) AS worded
    WHERE practitioners.id = subject.id AND subject.id = ANY(:ids)
      AND (practitioners.services_count, practitioners.min_price_cents, practitioners.max_price_cents,
           practitioners.tags, practitioners.search_extra)
          IS DISTINCT FROM (offered.count, offered.least, offered.most, faceted.tags,
                            left(coalesce(worded.words, ''), 8000))
""")


def refresh_facts(session: Session, practitioner_ids: Iterable[int]) -> None:
    """Work out counts, price range, facets and search words anew, from the rows as they are now."""
    ids = sorted(set(practitioner_ids))
    if not ids:
        return
    session.flush()
    session.execute(_REFRESH, {"ids": ids})
    sync_places(session, ids)
