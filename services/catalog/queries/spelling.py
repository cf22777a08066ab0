"""Replacing misspelt words by known ones."""

from sqlalchemy import Connection

_NEAREST = """
    WITH words AS (
        SELECT word, place FROM unnest(%(words)s::text[]) WITH ORDINALITY AS given(word, place)
    )
    SELECT w.word, CASE WHEN length(w.word) < 4 OR EXISTS (SELECT FROM search_terms t WHERE t.term = w.word)
                        THEN w.word ELSE near.term END AS nearest
    FROM words w LEFT JOIN LATERAL (
        SELECT t.term FROM search_terms t
        WHERE t.term %% w.word AND levenshtein(t.term, w.word) <= CASE WHEN length(w.word) < 8 THEN 1 ELSE 2 END
        ORDER BY levenshtein(t.term, w.word), t.df DESC, t.term LIMIT 1
    ) near ON length(w.word) BETWEEN 4 AND 40
    ORDER BY w.place
"""


def corrected(connection: Connection, q: str) -> str | None:
    """Return the words with misspelt ones replaced by the nearest known ones; None where none is near."""
    words = [word for word in q.lower().split() if word][:12]
    rows = connection.exec_driver_sql(_NEAREST, {"words": words}).all()
    if all(row.nearest is None or row.nearest == row.word for row in rows):
        return None
    return " ".join(row.nearest or row.word for row in rows)
