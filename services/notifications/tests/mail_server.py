"""A mail server for tests: speaks enough SMTP, and refuses what it is told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """What the server does and has got."""

    port: int = 0
    at_recipient: str = "250 ok"
    at_data: str = "250 taken"
    hangs_up_after_data: bool = False
    recipients: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?plain=1"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serve on a free port until the end of the block."""
    state = MailServer()

    class Conversation(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            state.connections += 1
            self.say("220 test")
            while line := self.rfile.readline():
                word = line.split(b":")[0].split()[0].upper()
                if word == b"QUIT":
                    return self.say("221 bye")
                if word == b"RCPT":
                    state.recipients.append(line.decode().strip())
                    self.say(state.at_recipient)
                elif word == b"DATA":
                    self.say("354 go on")
                    if not self.take():
                        return None
                else:
                    self.say("250 ok")
            return None

        def take(self) -> bool:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            state.mails.append(b"".join(lines))
            if state.hangs_up_after_data:
                return False
            self.say(state.at_data)
            return True

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Conversation) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
