"""What becomes of a service's header lines: passed on to the client, decided by, or dropped."""

import re

_NAME = re.compile(rb"[\w!#$%&'*+.^`|~-]+")
# What the gateway decides by, and writes itself.
_TAKEN = frozenset(
    {
        b"connection", b"transfer-encoding", b"content-length", b"content-type", b"estuary-message", b"date", b"etag",
    }
)  # fmt: skip
# What it decides by and passes on.
_READ = frozenset({b"cache-control", b"content-security-policy", b"content-encoding"})
_DROPPED = frozenset(
    {
        b"keep-alive", b"proxy-connection", b"upgrade", b"trailer", b"server", b"x-powered-by", b"x-request-id",
        b"x-content-type-options", b"x-frame-options", b"referrer-policy", b"cross-origin-resource-policy",
        b"strict-transport-security", b"access-control-allow-origin", b"access-control-allow-credentials",
        b"proxy-authenticate", b"set-cookie2", b"estuary-edge", b"traceparent",
    }
)  # fmt: skip
_NAMES_KEPT = 512


class Fields(dict[bytes, tuple[bytes, bool]]):
    """By a field's name: the key under which the gateway keeps its value, if it does, and whether it is passed on.

    Raises KeyError when the name is none.
    """

    def __missing__(self, name: bytes) -> tuple[bytes, bool]:
        """Judge a name that is seen for the first time."""
        if not _NAME.fullmatch(name):
            raise KeyError(name)
        key = name.lower()
        kind = (key if key in _TAKEN or key in _READ else b"", key not in _TAKEN and key not in _DROPPED)
        if len(self) < _NAMES_KEPT:
            self[name] = kind
        return kind


FIELDS = Fields()
