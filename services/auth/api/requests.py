"""What a request says about where it came from."""

from flask import request

from services.auth.domain.devices import USER_AGENT_MAX, Client
from shared.http import identity


def client() -> Client:
    """Return where the present request came from."""
    by = identity()
    agent = request.headers.get("User-Agent", "")
    printable = "".join(letter for letter in agent if letter.isprintable())
    return Client(ip=by.client_ip, user_agent=printable[:USER_AGENT_MAX], request_id=by.request_id)
