"""How the author of a review is shown. Never by e-mail, and never in full."""

ANONYMOUS = "Anonymous"
UNKNOWN = "Community member"
ERASED = "Former member"


def display_name(*, first_name: str, last_name: str, is_anonymous: bool) -> str:
    """Return the name that strangers see: the first name and the initial of the last."""
    if is_anonymous:
        return ANONYMOUS
    first, last = first_name.strip(), last_name.strip()
    if not first:
        return UNKNOWN
    return f"{first} {last[0].upper()}." if last else first
