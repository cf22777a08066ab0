"""What holds a review back until staff have seen it: contact details and spam, never low stars."""

import re
from collections.abc import Collection

WEB_ADDRESS = "web_address"
EMAIL = "email"
PHONE = "phone"
BLOCKED_WORD = "blocked_word"
DUPLICATE = "duplicate"
TOO_MANY = "too_many"
PREMODERATED = "premoderated"
CLASSIFIER = "classifier"

REVIEWS_AN_HOUR = 5
_PHONE_DIGITS_LEAST = 9

_ADDRESS = re.compile(r"(?i)\b(?:https?://|www\.)\S|\b[a-z0-9-]{2,}\.(?:com|net|org|io|co|info|biz|shop|app|me)\b")
_EMAIL = re.compile(r"(?i)[\w.+-]+\s*(?:@|\(at\)|\[at\])\s*[\w-]+\s*(?:\.|\(dot\)|\[dot\])\s*[a-z]{2,}")
_DATE = re.compile(r"\b(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b")
_DIGITS = re.compile(r"\+?\d[\d\s()./-]{5,}\d")
_SHORT_PHONE = re.compile(r"(?<!\d)\d{3}[-. ]\d{4}(?!\d)")
_WORD = re.compile(r"[^\W_]+")


def reasons(comment: str, *, blocked: Collection[str], is_duplicate: bool, in_last_hour: int) -> list[str]:
    """Return why a text is held; empty when it is not.

    `blocked` are words in lower case; `in_last_hour` counts the author's earlier reviews.
    """
    found = []
    without_mail = _EMAIL.sub(" ", comment)
    if without_mail != comment:
        found.append(EMAIL)
    if _ADDRESS.search(without_mail):
        found.append(WEB_ADDRESS)
    if _has_phone(comment):
        found.append(PHONE)
    if blocked and any(word in blocked for word in _WORD.findall(comment.casefold())):
        found.append(BLOCKED_WORD)
    if is_duplicate:
        found.append(DUPLICATE)
    if in_last_hour >= REVIEWS_AN_HOUR:
        found.append(TOO_MANY)
    return found


def _has_phone(comment: str) -> bool:
    """Whether there is a phone number; dates and prices are none."""
    text = _DATE.sub(" | ", comment)
    if _SHORT_PHONE.search(text):
        return True
    return any(sum(sign.isdigit() for sign in run) >= _PHONE_DIGITS_LEAST for run in _DIGITS.findall(text))
