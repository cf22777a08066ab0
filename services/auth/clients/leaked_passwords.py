"""Whether a password is known from leaks, asked without telling it.

Five characters of its hash are sent, and the answer lists hundreds that begin so. Nobody is kept out when the service
does not answer. Source: the range API of Have I Been Pwned.
"""

import hashlib

import requests

from services.auth.settings import settings

ADDRESS = "https://api.pwnedpasswords.com/range/"
TIMEOUT_SECONDS = 2


def is_leaked(password: str) -> bool:
    """Say whether the password is known from leaks; False when that is not asked for, or nobody answers."""
    if not settings().pwned_passwords:
        return False
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        answer = requests.get(ADDRESS + digest[:5], timeout=TIMEOUT_SECONDS, headers={"Add-Padding": "true"})
        answer.raise_for_status()
    except requests.RequestException:
        return False
    return listed(answer.text, digest[5:])


def listed(answer: str, rest: str) -> bool:
    """Say whether an answer lists the rest of a hash; padding is listed with a count of 0."""
    found = (line.strip().partition(":") for line in answer.splitlines())
    return any(suffix == rest and count.strip() != "0" for suffix, _, count in found)
