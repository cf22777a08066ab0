"""Keeping the numbers: every change of a review moves them, in its own transaction.

    with counting(session, review):
        review.move(HIDE, now=now)

Rows are locked in one order everywhere: the review, then practitioner, service, pair, their days and questions.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.reviews.domain import words
from services.reviews.domain.figures import PRIOR_MEAN, PRIOR_WEIGHT
from services.reviews.domain.tally import FIGURES, RATED, Difference, Part, Target, part_of
from services.reviews.events import RatingChanged, rating_subject
from services.reviews.models import Answer, Review
from shared.listing.statements import Compiled, compiled, run
from shared.messaging import Subject, record_all

_KEY = ("target", "practitioner_id", "service_id")
_ORDER = {words.PRACTITIONER: 0, words.SERVICE: 1, words.PAIR: 2}

PRIOR = f"""
    SELECT coalesce(max(mean), {PRIOR_MEAN}) AS mean, coalesce(max(weight), {PRIOR_WEIGHT}) AS weight FROM rating_prior
"""  # noqa: S608 - our own numbers.

# Rows come as JSON, in the order in which they are to be locked. What may be taken off comes from `moved` and not from
# the row that is offered for insertion: that one has to satisfy the table's constraints even where it is not inserted.
_MOVED = """moved_{rows} AS MATERIALIZED (
        SELECT m.*, {least} >= 0 AS adds
        FROM jsonb_populate_recordset(NULL::{table}, CAST(:{rows} AS jsonb)) WITH ORDINALITY AS m
    )"""
_WEIGHTED = "round((p.weight * p.mean + {sum} / 100.0) / greatest(p.weight + {count}, 1), 3)"

_SUM = "(ratings.sum_hundredths + m.sum_hundredths)"


def _moved(table: str, figures: Sequence[str], *, rows: str) -> str:
    return _MOVED.format(rows=rows, table=table, least=f"least({', '.join(f'm.{name}' for name in figures)})")


def _offered(figures: Sequence[str]) -> str:
    return ", ".join(f"CASE WHEN m.adds THEN m.{name} ELSE 0 END" for name in figures)


def _same(*key: str) -> str:
    return " AND ".join(f"m.{name} = excluded.{name}" for name in key)


def _adding(name: str, table: str, part: str, figures: Sequence[str], *, signed: bool = False) -> str:
    """Return what adds to rows of `table`, with `part` behind the key; `signed` ones may be negative."""
    key = (*_KEY, part)
    offered = ", ".join(f"m.{name}" for name in figures) if signed else _offered(figures)
    return f"""{_moved(table, figures, rows=name)}, {name} AS (
        INSERT INTO {table} ({", ".join((*key, *figures))})
        SELECT {", ".join(f"m.{name}" for name in key)}, {offered} FROM moved_{name} m ORDER BY m.ordinality
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET ({", ".join(figures)}) = (
            SELECT {", ".join(f"{table}.{name} + m.{name}" for name in figures)}
            FROM moved_{name} m WHERE {_same(*key)}
        )
    )"""  # noqa: S608 - names of our own tables and columns only.


_PARTS = {
    "days": _adding("days", "ratings_daily", "day", ("count", "sum_hundredths"), signed=True),
    "questions": _adding("questions", "ratings_question", "question_id", ("count", "total")),
}


_TOLD = (*_KEY, *RATED, "weighted", "version")


def _moving(*parts: str) -> Compiled:
    """Return the one statement that moves the numbers, and `parts` of them.

    One, because whoever else reviews the same target waits from here to the commit. PostgreSQL runs parts that the
    statement does not read from when all else is done, which keeps the order of locking.
    """
    statement = text(f"""
        WITH prior AS ({PRIOR}), {", ".join((_moved("ratings", FIGURES, rows="rows"), *(_PARTS[one] for one in parts)))}
        INSERT INTO ratings ({", ".join((*_KEY, *FIGURES))}, weighted, version)
        SELECT {", ".join(f"m.{name}" for name in _KEY)}, {_offered(FIGURES)},
               {_WEIGHTED.format(sum="greatest(m.sum_hundredths, 0)", count="greatest(m.count, 0)")}, 1
        FROM prior p, moved_rows m ORDER BY m.ordinality
        ON CONFLICT ({", ".join(_KEY)}) DO UPDATE SET version = ratings.version + 1,
            ({", ".join(FIGURES)}, weighted) = (
                SELECT {", ".join(f"ratings.{name} + m.{name}" for name in FIGURES)},
                       {_WEIGHTED.format(sum=_SUM, count="ratings.count + m.count")}
                FROM prior p, moved_rows m WHERE {_same(*_KEY)}
            )
        RETURNING {", ".join(f"ratings.{name}" for name in _TOLD)}
    """)  # noqa: S608 - names of our own columns only.
    return compiled(statement, in_transactions=True)


_MOVE, _MOVE_WITH_QUESTIONS = _moving("days"), _moving("days", "questions")

# One round trip for both targets: who they are, and when they were last reviewed.
# A statement of its own: it has to see the reviews of those for whom the one before had to wait.
_ABOUT = compiled(
    text("""
        SELECT (SELECT public_uuid FROM practitioners WHERE id = :practitioner) AS practitioner_uuid,
               (SELECT public_uuid FROM services WHERE id = :service) AS service_uuid,
               (SELECT created_at FROM reviews WHERE practitioner_id = :practitioner AND status = 'published'
                ORDER BY created_at DESC, id DESC LIMIT 1) AS practitioner_last,
               (SELECT created_at FROM reviews WHERE service_id = :service AND status = 'published'
                ORDER BY created_at DESC, id DESC LIMIT 1) AS service_last
    """),
    in_transactions=True,
)


@contextmanager
def counting(session: Session, review: Review, *, answers: bool = False) -> Iterator[None]:
    """Move the numbers by what the block changes of `review`, which is locked.

    `answers` says that the block changes the answers, or whether they count: else they need not be read.
    Emits RatingChanged for each target whose rating moved.
    """
    before = measured(session, review, answers=answers)
    yield
    session.flush()
    difference = Difference()
    difference.move(before, measured(session, review, answers=answers))
    move(session, difference)


def measured(session: Session, review: Review, *, answers: bool = True) -> Part | None:
    """Return what a review adds now."""
    values: dict[int, int] = {}
    if answers and review.is_published:
        held = session.scalars(select(Answer).where(Answer.review_id == review.id))
        values = {answer.question_id: answer.counted for answer in held if answer.counted is not None}
    return part_of(review, values)


def move(session: Session, difference: Difference) -> None:
    """Move the numbers. Emits RatingChanged for each practitioner and service whose rating moved."""
    if not (difference.targets or difference.days or difference.questions):
        return
    moved = {
        "rows": _sorted(difference.targets, FIGURES),
        "days": _sorted(difference.days, ("count", "sum_hundredths"), part="day"),
        "questions": _sorted(difference.questions, ("count", "total"), part="question_id"),
    }
    statement = _MOVE_WITH_QUESTIONS if difference.questions else _MOVE
    if not difference.questions:
        del moved["questions"]
    rows = run(session.connection(), statement, moved)
    rated = {
        Target(row["target"], row["practitioner_id"], row["service_id"]): row
        for row in rows
        if row["target"] != words.PAIR
    }
    announce(session, {key: row for key, row in rated.items() if any(difference.targets[key][n] for n in RATED)})


def announce(session: Session, rows: Mapping[Target, Mapping[str, Any]]) -> None:
    """Tell the ratings in these rows of `ratings`."""
    told: list[tuple[Any, Subject]] = []
    targets = list(rows)
    while targets:
        # Nearly always one practitioner and the service: asked about together.
        pair, targets = targets[:2], targets[2:]
        numbers = {key.kind: key for key in pair}
        if len(numbers) < len(pair):
            pair, targets = pair[:1], [pair[1], *targets]
            numbers = {pair[0].kind: pair[0]}
        practitioner, service = numbers.get(words.PRACTITIONER), numbers.get(words.SERVICE)
        [about] = run(
            session.connection(),
            _ABOUT,
            {
                "practitioner": practitioner.practitioner_id if practitioner else None,
                "service": service.service_id if service else None,
            },
        )
        for key in pair:
            payload = RatingChanged.of(
                rows[key], target_uuid=about[f"{key.kind}_uuid"], last_review_at=about[f"{key.kind}_last"]
            )
            told.append((payload, rating_subject(key, rows[key]["version"])))
    record_all(session, told)


def _sorted(changes: Mapping[Any, Mapping[str, int]], figures: Sequence[str], *, part: str = "") -> str:
    """Return the rows to add, as JSON in the order of locking."""
    rows: list[dict[str, Any]] = []
    for key in changes:
        target, rest = key if part else (key, None)
        row = dict(zip(_KEY, target, strict=True)) | {name: changes[key].get(name, 0) for name in figures}
        rows.append(row | {part: rest} if part else row)
    rows.sort(key=lambda row: (_ORDER[row["target"]], row["practitioner_id"], row["service_id"], str(row.get(part))))
    return orjson.dumps(rows).decode()
