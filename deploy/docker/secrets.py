"""Give `.env` what docker-compose.yml asks for: each secret of .env.example that it lacks, made up anew.

`make compose-up` runs it. What stands in `.env` already stays. The standard library only.
"""

import base64
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LINE = re.compile(r"^([A-Z0-9_]+)=(.*)$")
# Keys of 32 bytes, in URL-safe base64; everything else is a password of URL-safe characters.
_KEYS = frozenset({"AUTH_ENCRYPTION_KEY", "REFRESH_KEY", "ACTION_TOKEN_KEY", "UNSUBSCRIBE_KEY"})


def missing(example: str, present: str) -> dict[str, str]:
    """Return the example's variables that are not present, secrets with a value of their own."""
    names = {match[1] for line in present.splitlines() if (match := _LINE.match(line))}
    wanted = [match.groups() for line in example.splitlines() if (match := _LINE.match(line))]
    return {name: _made(name) for name, _ in wanted if name not in names}


def _made(name: str) -> str:
    if name == "MEDIA_SIGNING_KEYS":
        return f"first:{_key()}"
    return _key() if name in _KEYS else secrets.token_urlsafe(32)


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def main() -> None:
    """Write what is missing to the end of `.env`."""
    file = ROOT / ".env"
    present = file.read_text() if file.exists() else ""
    made = missing((ROOT / ".env.example").read_text(), present)
    if not made:
        return
    file.touch(mode=0o600)
    with file.open("a") as out:
        if present and not present.endswith("\n"):
            out.write("\n")
        out.writelines(f"{name}={value}\n" for name, value in made.items())
    print(f"Wrote {len(made)} secrets to .env")


if __name__ == "__main__":
    main()
