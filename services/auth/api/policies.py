"""Who may call auth: as elsewhere, but accounts that have yet to prove their address look after themselves here."""

from dataclasses import replace

from shared import http

SIGNED_IN = replace(http.SIGNED_IN, pending_may_write=True)
IN_PERSON = replace(http.IN_PERSON, pending_may_write=True)
