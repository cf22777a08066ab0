"""The numbers that everybody sees: read from sums in one statement, however many reviews there are."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from services.reviews.domain import figures, words
from services.reviews.domain.figures import PRIOR_MEAN
from services.reviews.domain.tally import FIGURES
from services.reviews.queries.targets import Reference
from shared.listing.statements import Compiled, compiled, run

SERVICES_MOST = 100

_COLUMN: dict[type, str] = {int: "id", UUID: "public_uuid", str: "slug"}


def _statement(practitioner: type | None, service: type | None) -> Compiled:
    """Return the statement for a practitioner, a service or both, each named by an id, a uuid or a slug."""

    def found(table: str, name: str, kind: type | None) -> str:
        return f"(SELECT id FROM {table} WHERE {_COLUMN[kind]} = :{name} LIMIT 1)" if kind else "0"  # noqa: S608 - our own names.

    pairs = """
        SELECT coalesce(jsonb_agg(p ORDER BY p.count DESC, p.service_id), '[]') FROM (
            SELECT s.public_uuid AS uuid, s.name, r.count, r.sum_hundredths, r.service_id
            FROM ratings r JOIN services s ON s.id = r.service_id, target t
            WHERE r.target = 'pair' AND r.practitioner_id = t.practitioner_id AND r.count > 0
            ORDER BY r.count DESC, r.service_id LIMIT :most
        ) p
    """
    statement = text(f"""
        WITH target AS (
            SELECT {found("practitioners", "practitioner", practitioner)} AS practitioner_id,
                   {found("services", "service", service)} AS service_id
        ), days AS (
            SELECT coalesce(sum(d.count) FILTER (WHERE d.day >= :since_30), 0)::bigint AS last_30,
                   coalesce(sum(d.count), 0)::bigint AS last_90,
                   coalesce(sum(d.sum_hundredths), 0)::bigint AS sum_90
            FROM ratings_daily d, target t
            WHERE d.target = :kind AND d.practitioner_id = t.practitioner_id AND d.service_id = t.service_id
              AND d.day >= :since_90
        )
        SELECT {", ".join(f"coalesce(r.{name}, 0) AS {name}" for name in FIGURES)}, days.*,
            coalesce(r.weighted, (SELECT mean FROM rating_prior), {PRIOR_MEAN}) AS weighted,
            (SELECT coalesce(jsonb_agg(q ORDER BY q.position, q.id), '[]') FROM (
                SELECT q.id, q.question, q.question_type, q.position, a.count, a.total
                FROM ratings_question a JOIN review_questions q ON q.id = a.question_id, target t
                WHERE a.target = :kind AND a.practitioner_id = t.practitioner_id AND a.service_id = t.service_id
                  AND a.count > 0
            ) q) AS questions,
            ({pairs if practitioner and not service else "'[]'::jsonb"}) AS services
        FROM target t CROSS JOIN days
        LEFT JOIN ratings r
            ON r.target = :kind AND r.practitioner_id = t.practitioner_id AND r.service_id = t.service_id
    """)  # noqa: S608 - our own names.
    return compiled(statement, is_preparable=True)


_STATEMENTS = {
    (practitioner, service): _statement(practitioner, service)
    for practitioner in (None, *_COLUMN)
    for service in (None, *_COLUMN)
}


def statistics(
    connection: Connection, *, practitioner: Reference | None, service: Reference | None, today: date
) -> dict[str, Any]:
    """Return the numbers of a practitioner, a service, or of both together; zeros for what is unknown."""
    kind = words.PAIR if practitioner and service else words.PRACTITIONER if practitioner else words.SERVICE
    named = tuple(None if value is None else type(value) for value in (practitioner, service))
    asked = {
        "kind": kind,
        "most": SERVICES_MOST,
        "practitioner": practitioner,
        "service": service,
        "since_30": today - timedelta(days=30),
        "since_90": today - timedelta(days=90),
    }
    [row] = run(connection, _STATEMENTS[named[0], named[1]], asked)
    counts = figures.distribution(row)
    count = row["count"]
    return {
        "total_reviews": count,
        "average_rating": figures.average(sum_hundredths=row["sum_hundredths"], count=count),
        "rating_distribution": counts,
        "rating_percentages": figures.percentages(counts),
        "weighted_rating": str(row["weighted"]),
        "verified_reviews": row["verified"],
        "total_helpful_votes": row["helpful_total"],
        "reviews_last_30_days": row["last_30"],
        "reviews_last_90_days": row["last_90"],
        "average_last_90_days": figures.average_or_none(sum_hundredths=row["sum_90"], count=row["last_90"]),
        "response_rate": figures.percent(row["with_response"], count),
        "median_response_hours": figures.median_hours(row),
        "recommend_percent": figures.percent(row["recommended"], count),
        "question_averages": [_question(one) for one in row["questions"]],
        "service_ratings": [_service(one) for one in row["services"]],
    }


def _question(row: dict[str, Any]) -> dict[str, Any]:
    is_rating = row["question_type"] == words.RATING
    return {
        "question_id": row["id"],
        "question": row["question"],
        "question_type": row["question_type"],
        "average": figures.average(sum_hundredths=100 * row["total"], count=row["count"]) if is_rating else None,
        "yes_percent": None if is_rating else figures.percent(row["total"], row["count"]),
        "answers": row["count"],
    }


def _service(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "service_uuid": row["uuid"],
        "service_name": row["name"],
        "average_rating": figures.average(sum_hundredths=row["sum_hundredths"], count=row["count"]),
        "total_reviews": row["count"],
    }
