"""Words that a column may hold."""

from collections.abc import Sequence


def among(column: str, words: Sequence[str]) -> str:
    """Return the SQL condition that `column` is one of `words`."""
    return f"{column} IN ({', '.join(repr(word) for word in words)})"
