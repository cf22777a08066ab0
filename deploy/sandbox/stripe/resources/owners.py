"""Who made an object: an invoice is told when its intent moves, a subscription when its invoice does."""

from collections.abc import Callable

from deploy.sandbox.stripe.errors import Body
from deploy.sandbox.stripe.sandbox import Sandbox

Told = Callable[[Sandbox, str, Body], None]
OWNERS: dict[str, Told] = {}


def owns(kind: str) -> Callable[[Told], Told]:
    """Let the decorated function hear of what an object of this kind owns: (sandbox, owner's id, what moved)."""

    def enter(told: Told) -> Told:
        OWNERS[kind] = told
        return told

    return enter


def tell(sandbox: Sandbox, moved: Body) -> None:
    """Tell an object's owner, if it has one, that it reached a new status."""
    if moved["_owner"]:
        kind, owner_id = moved["_owner"]
        OWNERS[kind](sandbox, owner_id, moved)
