"""Who calls: tokens, the keys they are verified with, and the gateway's signature on each request."""

from shared.identity.caller import SYSTEM, Identity

__all__ = ["SYSTEM", "Identity"]
