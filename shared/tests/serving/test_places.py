"""Requests that wait for a place in the application get it in the order in which they came."""

import threading
import time

from shared.serving.worker import Places
from shared.tests.serving.conftest import PATIENCE_SECONDS


def test_who_comes_again_passes_nobody_who_waits() -> None:
    places, order = Places(1), []

    def come(name: int) -> None:
        with places:
            order.append(name)

    threads = [threading.Thread(target=come, args=(name,)) for name in range(5)]
    with places:
        for thread in threads:
            before = places.waiting
            thread.start()
            until = time.monotonic() + PATIENCE_SECONDS
            while places.waiting == before and time.monotonic() < until:
                time.sleep(0.001)
    come(5)
    for thread in threads:
        thread.join()

    assert order == [0, 1, 2, 3, 4, 5]
    assert places.waiting == 0
