"""What a provider says about somebody."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIdentity:
    """An account elsewhere; (`provider`, `subject`) names it, the e-mail is what the provider has verified."""

    provider: str
    subject: str
    email: str
    first_name: str = ""
    last_name: str = ""
