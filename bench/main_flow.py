"""What people wait for, measured through the gateway on every process that `make up` starts.

    python -m bench.main_flow

Prints, for this machine and this run: the lag from a commit to its effect in another service, the time from a
booking to its confirmation with credits and `Prefer: wait`, and how fifty people at once fare who want one slot.
"""

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

from deploy.local.stack import Stack
from tests.e2e.api import Api
from tests.e2e.people import Person, Practitioner, book, give_credits, make_staff, open_practice, register

BOOKINGS, REGISTRATIONS, ROUNDS, AT_ONCE = 40, 30, 5, 50


def main() -> None:
    """Measure and print."""
    with Stack(settings={"RATE_LIMIT_ENABLED": "0"}) as stack:
        staff = make_staff(stack)
        practitioner = open_practice(stack, staff)
        client = register(stack, "bench")
        give_credits(staff, client, "5000.00")
        slots = _slots(client, practitioner)
        print(f"event lag, registered in auth -> seen by bookings   {_quantiles(_lags(stack))}")
        waits = _confirmations(client, practitioner, slots)
        print(f"booking -> confirmed, credits, Prefer: wait          {_quantiles(waits)}")
        for number in range(ROUNDS):
            print(f"{AT_ONCE} for one slot, round {number + 1}   {_race(stack, practitioner, slots.pop())}")


def _slots(client: Person, practitioner: Practitioner) -> list[str]:
    """Return free starts of the coming weeks, an hour apart so that they do not touch."""
    found: list[str] = []
    for ahead in range(3, 20):
        day = (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()
        body = {"service_id": practitioner.service_id, "date": day, "timezone": "Europe/Berlin"}
        answer = client.api.post("/bookings/check_availability/", body)
        found += [slot["start_time"] for slot in answer["available_slots"][::8]]
    return found


def _lags(stack: Stack) -> list[float]:
    """Return how long after a registration's answer another service knows the person: its `/auth/stats/` names it."""
    lags = []
    for _ in range(REGISTRATIONS):
        person = register(stack, "lag")
        started = time.perf_counter()
        while person.api.get("/auth/stats/")["member_since"] is None:
            pass
        lags.append(time.perf_counter() - started)
    return lags


def _confirmations(client: Person, practitioner: Practitioner, slots: list[str]) -> list[float]:
    times = []
    for _ in range(min(BOOKINGS, len(slots) - ROUNDS)):
        started = time.perf_counter()
        booking = book(client, practitioner, slots.pop(0), wait=10)
        times.append(time.perf_counter() - started)
        if booking["status"] != "confirmed":
            raise SystemExit(f"not confirmed: {booking['status']} {booking['payment']}")
        client.api.post(f"/bookings/{booking['id']}/cancel/", {})
    return times


def _race(stack: Stack, practitioner: Practitioner, start_time: str) -> str:
    people = [register(stack, "race") for _ in range(5)]
    barrier = Barrier(AT_ONCE)

    def take(number: int) -> tuple[int, str, float]:
        api = Api(stack.base_url)
        api.token = people[number % len(people)].api.token
        api.get("/auth/me/")
        body = {"service_id": practitioner.service_id, "start_time": start_time}
        barrier.wait()
        started = time.perf_counter()
        answer = api.raw("POST", "/bookings/", body, headers={"Idempotency-Key": uuid4().hex})
        return answer.status_code, str(answer.json().get("code", "")), time.perf_counter() - started

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(take, range(AT_ONCE)))
    outcome = Counter(f"{status} {code}".strip() for status, code, _ in answers)
    return f"{dict(outcome)}   {_quantiles([seconds for _, _, seconds in answers])}"


def _quantiles(seconds: list[float]) -> str:
    ordered: list[Any] = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    return f"p50 {statistics.median(ordered) * 1000:6.1f} ms   p99 {p99 * 1000:6.1f} ms   n {len(ordered)}"


if __name__ == "__main__":
    main()
