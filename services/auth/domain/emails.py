"""E-mail addresses, as they are stored."""

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

LENGTH_MAX = 254
# Names that no mail leaves the house for, but that people have inside it: an intranet's, a demo's, a test's.
_ALLOWED = ("local", "test")
for _name in _ALLOWED:
    if _name in SPECIAL_USE_DOMAIN_NAMES:
        SPECIAL_USE_DOMAIN_NAMES.remove(_name)


def normalized(typed: str) -> str:
    """Return the address as it is stored: trimmed, the domain in lower case and in punycode.

    The part before the @ keeps its spelling; two addresses that differ only by case are one account's.
    Raises ValueError when it is no address that mail can be sent to.
    """
    try:
        read = validate_email(typed.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as invalid:
        raise ValueError(str(invalid)) from invalid
    if "." not in read.ascii_domain:
        raise ValueError("The domain has no dot.")
    address = f"{read.local_part}@{read.ascii_domain.lower()}"
    if len(address) > LENGTH_MAX:
        raise ValueError("The address is too long.")
    return address


def of_deleted(uuid: object) -> str:
    """Return what stands in the place of an erased person's address."""
    return f"deleted-{uuid}@invalid"
