"""Time-based one-time codes. Source: RFC 6238 with SHA-1, 30 seconds, 6 digits, as every authenticator app has it."""

import hmac
import re
import struct
from datetime import datetime

STEP_SECONDS = 30
STEPS_AROUND = 1
_CODE = re.compile(r"[0-9]{6}")


def digits(typed: str) -> str:
    """Return the code without the blanks that apps show in it."""
    return typed.replace(" ", "")


def is_code(typed: str) -> bool:
    """Say whether this has the form of a code; other digits than 0-9 have not."""
    return _CODE.fullmatch(digits(typed)) is not None


def step_at(now: datetime) -> int:
    """Return the number of the time step."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """Return the six digits of a time step."""
    mac = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def accepted_step(secret: bytes, code: str, *, now: datetime, after: int) -> int | None:
    """Return the time step whose code this is: the present one, or one before or after, and later than `after`.

    None when it is none of them; so no code is accepted twice.
    """
    present = step_at(now)
    for step in range(present - STEPS_AROUND, present + STEPS_AROUND + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return None
