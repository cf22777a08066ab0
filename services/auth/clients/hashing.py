"""Hashing passwords without letting it take the process over."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property

from argon2 import PasswordHasher

from services.auth.domain.password_hashes import NO_MATCH, Checked, check
from services.auth.settings import settings
from shared.errors import Unavailable


class Hasher:
    """Hashes and checks passwords: at most `threads` at once, at most `queue` waiting, the rest are told to come back.

    A hash takes about 20 ms of a core on purpose; without the limit a burst of sign-ins would starve every other
    route of the process.
    """

    def __init__(self, argon2: PasswordHasher, *, threads: int, queue: int) -> None:
        self._argon2 = argon2
        self._running = threading.BoundedSemaphore(threads)
        self._places = threading.BoundedSemaphore(threads + queue)

    def hash(self, password: str) -> str:
        """Return the argon2id hash of a password in Unicode NFC. Raises Unavailable."""
        with self._turn():
            return self._argon2.hash(password)

    def check(self, password: str, stored: str | None) -> Checked:
        """Hold `password` against a stored hash; without one the same work is done for nothing. Raises Unavailable."""
        with self._turn():
            if stored is None or stored.startswith("!"):
                check(self._argon2, password, self._dummy)
                return NO_MATCH
            return check(self._argon2, password, stored)

    @cached_property
    def _dummy(self) -> str:
        """A hash of today's cost that nobody knows the password of."""
        return self._argon2.hash(secrets.token_urlsafe(16))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Unavailable(retry_after=1)
        try:
            with self._running:
                yield
        finally:
            self._places.release()


@cache
def hasher() -> Hasher:
    """Return the process's hasher, with the cost that the settings ask for."""
    told = settings()
    argon2 = PasswordHasher(
        time_cost=told.argon2_time_cost, memory_cost=told.argon2_memory_kib, parallelism=told.argon2_parallelism
    )
    return Hasher(argon2, threads=told.auth_hashing_threads, queue=told.auth_hashing_queue)
