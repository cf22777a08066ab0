"""Who may call an operation. Every operation declares one policy; one without fails the start.

A policy is the first gate: it knows roles only. Whose object it is, is decided by the query that loads it (somebody
else's is not found). The role `practitioner` in a token is a short cut that may be older than the profile, so
`PRACTITIONER` lets every signed-in caller through to the operation, which finds the profile in the service's replica.
"""

from dataclasses import dataclass

from shared.errors import Forbidden, Unauthenticated
from shared.identity import Identity

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class ImpersonationForbidden(Forbidden):
    """Somebody acts for the user; this operation is only for the user in person."""

    code = "impersonation_forbidden"
    message = "This can not be done on somebody's behalf."


class AccountPending(Forbidden):
    """Staff asked for a proof of the address; until then an account reads and changes nothing."""

    code = "account_pending"
    message = "Prove your e-mail address by the link that was mailed, then refresh your token or sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`name` is what the documentation says.

    `pending_may_write`: also an account that has yet to prove its address may use it to change something.
    """

    name: str
    signed_in: bool
    staff: bool = False
    in_person: bool = False
    pending_may_write: bool = False

    def refuses_pending(self, method: str) -> bool:
        """Say whether accounts that have yet to prove their address may not call it."""
        return self.signed_in and not self.pending_may_write and method.upper() not in _READS

    def check(self, caller: Identity, method: str) -> None:
        """Let the caller pass. Raises Unauthenticated, Forbidden."""
        if self.signed_in and not caller.is_signed_in:
            raise Unauthenticated
        if self.staff and not caller.is_staff:
            raise Forbidden
        if self.in_person and caller.actor_id is not None:
            raise ImpersonationForbidden
        if caller.is_pending and self.refuses_pending(method):
            raise AccountPending


ANYONE = Policy(name="anyone", signed_in=False)
SIGNED_IN = Policy(name="signed in", signed_in=True)
IN_PERSON = Policy(name="signed in, in person", signed_in=True, in_person=True)
PRACTITIONER = Policy(name="practitioner", signed_in=True)
PRACTITIONER_IN_PERSON = Policy(name="practitioner, in person", signed_in=True, in_person=True)
STAFF = Policy(name="staff", signed_in=True, staff=True)
"""Operations for staff; others get 403."""

INTERNAL = Policy(name="internal", signed_in=False)
"""Only the gateway calls this, never on anybody's behalf: the route table has no way to it."""
