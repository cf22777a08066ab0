"""Pages know how those that follow them are reached."""

import pytest

from shared.listing import Page


@pytest.mark.parametrize(
    ("count", "exact", "offset", "needs_cursor"),
    [
        pytest.param(100, True, 0, False, id="few: by number"),
        pytest.param(30_000, True, 9_960, False, id="many, the next one ends at the last row that numbers reach"),
        pytest.param(30_000, True, 9_980, True, id="many, the next one lies deeper"),
        pytest.param(30_000, False, 0, True, id="an estimate: by cursor from the first"),
    ],
)
def test_what_follows_is_reached_by_cursor_where_numbers_do_not_reach(
    *, count: int, exact: bool, offset: int, needs_cursor: bool
) -> None:
    page = Page(rows=[], count=count, count_exact=exact, number=1, size=20, offset=offset)

    assert page.is_last_by_number is needs_cursor
