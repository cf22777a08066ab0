"""Which roles and which tier a person has."""

BASIC = "basic"


def roles(*, is_practitioner: bool, is_staff: bool) -> list[str]:
    """Return the roles that a token carries, weakest first.

    A practitioner is whoever has a profile; whether it is verified or suspended is judged by the services.
    """
    held = ["user"]
    if is_practitioner:
        held.append("practitioner")
    if is_staff:
        held.append("staff")
    return held


def tier(subscribed: str | None, *, is_practitioner: bool) -> str | None:
    """Return the plan: the one subscribed to, `basic` for a practitioner without, None for anybody else."""
    return subscribed or (BASIC if is_practitioner else None)
