"""A service that keeps failing is left alone, and tried again."""

from gateway.breaker import Breaker


def failing(breaker: Breaker, times: int, now: float, *, connection: bool) -> None:
    for _ in range(times):
        breaker.record(now, failed=True, connection=connection)


def test_five_failed_connections_in_a_row_open_it() -> None:
    breaker = Breaker()

    failing(breaker, 4, 0, connection=True)
    breaker.record(0, failed=False)
    failing(breaker, 4, 0, connection=True)
    assert breaker.allows(0)
    breaker.record(0, failed=True, connection=True)

    assert breaker.is_open
    assert not breaker.allows(4.9)


def test_more_than_half_of_twenty_answers_open_it() -> None:
    breaker = Breaker()

    failing(breaker, 10, 0, connection=False)
    for _ in range(9):
        breaker.record(0, failed=False)
    assert breaker.allows(0)
    failing(breaker, 1, 0, connection=False)

    assert not breaker.allows(0)


def test_old_failures_are_forgotten() -> None:
    breaker = Breaker()

    failing(breaker, 15, 0, connection=False)
    failing(breaker, 15, 11, connection=False)

    assert breaker.allows(11)


def test_after_five_seconds_one_probe_decides() -> None:
    breaker = Breaker()
    failing(breaker, 5, 0, connection=True)

    assert [breaker.allows(5.1), breaker.allows(5.1)] == [True, False]
    breaker.record(5.2, failed=True, connection=True)
    assert not breaker.allows(10.1)
    assert breaker.allows(10.3)
    breaker.record(10.4, failed=False)

    assert not breaker.is_open
    assert [breaker.allows(10.5), breaker.allows(10.5)] == [True, True]


def test_a_probe_that_ends_without_an_answer_makes_room_for_another() -> None:
    breaker = Breaker()
    failing(breaker, 5, 0, connection=True)
    assert breaker.allows(6)

    breaker.abandon()

    assert breaker.allows(6)
