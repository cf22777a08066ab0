"""What a password must be.

Source: NIST SP 800-63B, section 5.1.1.2 (length, a list of common ones, no rules of composition); the similarity to
one's own names is what the replaced system asked for.
"""

import gzip
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

LENGTH_MIN = 8
LENGTH_MAX = 128
INPUT_MAX = 256
SIMILARITY_MAX = 0.7
_COMMON = Path(__file__).with_name("common_passwords.txt.gz")


def weaknesses(password: str, *, email: str = "", first_name: str = "", last_name: str = "") -> list[str]:
    """Return the sentences that say why this password is refused; none when it is good.

    `password` is in Unicode NFC.
    """
    if len(password) < LENGTH_MIN:
        return [f"This password is too short. It must contain at least {LENGTH_MIN} characters."]
    if len(password) > LENGTH_MAX:
        return [f"This password is too long. It may contain at most {LENGTH_MAX} characters."]
    found = []
    if password.isdigit():
        found.append("This password is entirely numeric.")
    if password.lower() in _common():
        found.append("This password is too common.")
    local_part = email.partition("@")[0]
    for what, value in (("e-mail address", local_part), ("first name", first_name), ("last name", last_name)):
        if _is_similar(password, value) or (what == "e-mail address" and _is_similar(password, email)):
            found.append(f"The password is too similar to the {what}.")
    return found


def _is_similar(password: str, value: str) -> bool:
    """Say whether the two are nearly the same; short values (initials) are no clue."""
    if len(value) < 3:
        return False
    matcher = SequenceMatcher(a=password.lower(), b=value.lower())
    return matcher.quick_ratio() >= SIMILARITY_MAX and matcher.ratio() >= SIMILARITY_MAX


@cache
def _common() -> frozenset[str]:
    """The passwords that are tried first, in lower case. Source: zxcvbn's frequency list (its licence lies beside)."""
    return frozenset(gzip.decompress(_COMMON.read_bytes()).decode().split())
