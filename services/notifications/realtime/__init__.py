"""The process that holds people's open sockets.

- server.py       the web process: handshake, probes, signals
- connection.py   one socket: what it says, what it is told, its limits
- hub.py          all sockets of this process, and whom something happened to
- reading.py      the database, read in threads
"""

from services.notifications.realtime.server import main

__all__ = ["main"]
