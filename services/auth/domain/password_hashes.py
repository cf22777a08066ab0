"""Stored passwords: argon2id, and reading what Django stored.

Sources: RFC 9106; Django's `auth/hashers.py` describes the imported forms. A stored value that asks for more work than
Django ever did is refused before any work is done.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PBKDF2_ITERATIONS_MAX = 2_000_000
SCRYPT_WORK_MAX = 2**18
_OWN = "$argon2id$"


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the password is right, and whether it should be stored anew with today's parameters."""

    matches: bool
    outdated: bool = False


NO_MATCH = Checked(matches=False)


def check(argon2: PasswordHasher, password: str, stored: str) -> Checked:
    """Hold `password` against a stored hash of any form that we read; an unreadable one never matches."""
    if stored.startswith(_OWN):
        return _check_argon2(argon2, password, stored)
    scheme, _, rest = stored.partition("$")
    reader = _IMPORTED.get(scheme)
    if reader is None or not reader(argon2, password, rest):
        return NO_MATCH
    return Checked(matches=True, outdated=True)


def scheme(stored: str | None) -> str:
    """Return `argon2id`, `imported` or `none`, as staff see it."""
    if stored is None:
        return "none"
    return "argon2id" if stored.startswith(_OWN) else "imported"


def kind(stored: str) -> str:
    """Return what the cost of checking depends on: the scheme and its first parameter, mostly the rounds."""
    return "$".join(stored.split("$")[:2])


def is_readable(stored: str) -> bool:
    """Say whether a hash from elsewhere is of a form that can be checked here."""
    return stored.startswith(_OWN) or stored.partition("$")[0] in _IMPORTED


def _check_argon2(argon2: PasswordHasher, password: str, stored: str) -> Checked:
    try:
        argon2.verify(stored, password)
        return Checked(matches=True, outdated=argon2.check_needs_rehash(stored))
    except (VerificationError, InvalidHashError):
        return NO_MATCH


def _imported_argon2(argon2: PasswordHasher, password: str, rest: str) -> bool:
    return _check_argon2(argon2, password, f"${rest}").matches


def _pbkdf2(digest: str) -> Callable[[PasswordHasher, str, str], bool]:
    def matches(_argon2: PasswordHasher, password: str, rest: str) -> bool:
        count, salt, expected = _split(rest, 3)
        iterations = _whole(count, PBKDF2_ITERATIONS_MAX)
        if iterations is None:
            return False
        derived = hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), iterations)
        return _same(derived, expected)

    return matches


def _scrypt(_argon2: PasswordHasher, password: str, rest: str) -> bool:
    work, salt, block, parallel, expected = _split(rest, 5)
    n, r, p = _whole(work, SCRYPT_WORK_MAX), _whole(block, 16), _whole(parallel, 16)
    if n is None or r is None or p is None or n & (n - 1) or n < 2:
        return False
    memory = 132 * n * r * p + 2**20
    try:
        derived = hashlib.scrypt(password.encode(), salt=salt.encode(), n=n, r=r, p=p, maxmem=memory, dklen=64)
    except ValueError:
        return False
    return _same(derived, expected)


_IMPORTED: dict[str, Callable[[PasswordHasher, str, str], bool]] = {
    "argon2": _imported_argon2,
    "pbkdf2_sha256": _pbkdf2("sha256"),
    "pbkdf2_sha1": _pbkdf2("sha1"),
    "scrypt": _scrypt,
}


def _split(rest: str, parts: int) -> list[str]:
    found = rest.split("$")
    return found if len(found) == parts else [""] * parts


def _whole(text: str, most: int) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    number = int(text)
    return number if 1 <= number <= most else None


def _same(derived: bytes, expected: str) -> bool:
    try:
        return hmac.compare_digest(derived, base64.b64decode(expected, validate=True))
    except (binascii.Error, ValueError):
        return False
