"""gunicorn's worker with threads, in which a connection that is used stays with one thread (ADR 0012).

gunicorn's own hands a kept connection back to one poller after each answer, which hands it to some thread when the
next request arrives: three changes of threads a request, each of which waits for the interpreter's lock. The gateway
keeps few connections and uses the same ones again and again, so here a thread waits for the next request itself, for
up to a second. Then, or where no more threads may wait, the connection goes to the poller as in gunicorn.

Waiting costs nothing, so there are more threads than may work at once: `threads` of them are in the application at any
time. A request is read before it counts among these, so that slow senders hold up nobody.
"""

import socket
import struct
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any

from gunicorn.http.wsgi import FileWrapper, base_environ
from gunicorn.workers.gthread import ThreadWorker

from shared.serving.wire import Answer, Asked, Environ, common_environ, read_head

# Connections that have a thread of their own, beside `threads` for all others.
WAITING_MAX = 56
WAITING_SECONDS = 1
# A client that stops in the middle of a request is given up after this.
STALLED_SECONDS = 30
# The gateway sends nothing that changes something on a connection that lay idle for longer than a second, and repeats
# what only reads; so what lay idle for this long can be closed at once.
IDLE_SECONDS = 2.0
HANGING_UP_SECONDS = 2.0
_READ_BYTES = 65_536


class Places:
    """So many at once, and who came first goes first.

    With threading's own semaphore a thread that has just left and comes again passes those who wait and still have to
    wake up: on a busy process some wait until their time is up.
    """

    def __init__(self, number: int) -> None:
        self._free = number
        self._lock = threading.Lock()
        self._turns: deque[threading.Lock] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._turns)

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._turns.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._turns:
                self._turns.popleft().release()
            else:
                self._free += 1


class Threads(ThreadWorker):  # type: ignore[misc] # gunicorn ships no types.
    """Threads that stay with their connections; told to stop, it gives its address up at once.

    gunicorn's own stays connectable until it has ended: who connects meanwhile waits in vain, and a request that
    changes something cannot be sent again elsewhere. Refused at once, the gateway goes to the next process.
    """

    keepalived_conns: deque[Any]

    def init_process(self) -> None:
        """Begin, in the process that answers."""
        self._working = Places(self.cfg.threads)
        self._waiting = threading.BoundedSemaphore(WAITING_MAX)
        self._base = base_environ(self.cfg)
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return threads for connections that wait, and for as many besides as may work at once."""
        return ThreadPoolExecutor(max_workers=WAITING_MAX + self.cfg.threads)

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - The parent's signature.
        """Begin or end taking connections; at the end of all, also those that are made already and wait."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            if listener.fileno() < 0:
                continue
            taken = -1
            while taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)
            listener.close()

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Let a thread answer on a connection that lay idle."""
        conn.data_ready = True
        super().on_client_socket_readable(conn, client)

    def handle(self, conn: Any) -> bool:
        """Answer on a connection until nothing comes for a while; return whether it may be kept. Runs in a thread."""
        kept = self._answer_all(conn)
        if not kept:
            _hang_up(conn.sock)
        return kept

    def _answer_all(self, conn: Any) -> bool:
        conn.used_at = time.monotonic()
        conn.sock.settimeout(None)
        conn.init()
        conn.common = common_environ(self._base, conn.client, conn.server)
        _read_for(conn.sock, WAITING_SECONDS)
        if conn.data_ready or conn.parser.unreader.buf.getvalue():
            conn.data_ready = False
            if self._answer_next(conn) is False:
                return False
        if not self._waiting.acquire(blocking=False):
            return True
        try:
            kept: bool | None = True
            while kept:
                kept = self._answer_next(conn)
            return kept is None
        finally:
            self._waiting.release()

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Let gunicorn answer what it has read, as one of those that work."""
        with self._working:
            return super().handle_request(req, conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Take back a connection that no thread waits on any more. Runs in the main thread."""
        super().finish_request(conn, fs)
        if not self.alive:
            self._cap_keepalive(time.monotonic() + IDLE_SECONDS)

    def _cap_keepalive(self, deadline: float) -> None:
        """Close idle connections as soon as no request can be on its way on them, which may be now."""
        for conn in self.keepalived_conns:
            conn.timeout = min(conn.timeout, deadline, conn.used_at + IDLE_SECONDS)
        self.keepalived_conns = deque(sorted(self.keepalived_conns, key=lambda conn: conn.timeout))

    def _answer_next(self, conn: Any) -> bool | None:
        """Answer the next request; return whether the connection may be kept, None if nothing came."""
        unreader = conn.parser.unreader
        if unreader.buf.getvalue():
            return self._leave_to_gunicorn(conn)
        try:
            data = conn.sock.recv(_READ_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            return False
        if not data:
            return False
        head = read_head(data)
        if head is None or len(data) > head.length:
            unreader.unread(data)
            return self._leave_to_gunicorn(conn)
        if len(data) < head.length:
            data = _rest(conn.sock, data, head.length)
            if len(data) < head.length:
                return False
        environ = {**conn.common, **head.environ, "wsgi.input": BytesIO(data[head.body_at :])}
        kept = self._answer(conn, environ)
        conn.used_at = time.monotonic()
        return kept

    def _leave_to_gunicorn(self, conn: Any) -> bool:
        """Let gunicorn read and answer a request that is not quite ordinary, or refuse it."""
        _read_for(conn.sock, STALLED_SECONDS)
        kept = super().handle(conn) is True
        conn.used_at = time.monotonic()
        if kept:
            _read_for(conn.sock, WAITING_SECONDS)
        return kept

    def _answer(self, conn: Any, environ: Environ) -> bool:
        """Call the application and send what it answers; return whether the connection may be kept."""
        answer = Answer(Asked(environ["REQUEST_METHOD"]), conn.sock, self.cfg)
        try:
            with self._working:
                parts = self.wsgi(environ, answer.start_response)
                if not self.alive:
                    answer.force_close()
                try:
                    if isinstance(parts, FileWrapper):
                        answer.write_file(parts)
                    else:
                        for part in parts:
                            answer.write(part)
                    answer.close()
                finally:
                    if hasattr(parts, "close"):
                        parts.close()
            return not answer.should_close()
        except ConnectionError:
            return False
        except Exception as error:
            self.log.exception("Error handling request")
            if not answer.headers_sent:
                self.handle_error(None, conn.sock, conn.client, error)
            return False


def _rest(sock: socket.socket, data: bytes, length: int) -> bytes:
    """Return a request of which `data` has come; less of it if its sender stops."""
    came = bytearray(data)
    until = time.monotonic() + STALLED_SECONDS
    while len(came) < length and time.monotonic() < until:
        try:
            chunk = sock.recv(length - len(came))
        except BlockingIOError:
            continue
        except OSError:
            break
        if not chunk:
            break
        came += chunk
    return bytes(came)


def _hang_up(sock: socket.socket) -> None:
    """Say that nothing more is said, and let the other side close first, so that it gets all of the last answer.

    The main thread does the same afterwards, and would be held up by it. Source: RFC 9112, section 9.6.
    """
    until = time.monotonic() + HANGING_UP_SECONDS
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(HANGING_UP_SECONDS)
        while time.monotonic() < until and sock.recv(_READ_BYTES):
            pass


def _read_for(sock: socket.socket, seconds: int) -> None:
    """Let reading end with BlockingIOError when nothing comes for that long.

    Told to the system, not to Python, which would ask before each read whether there is something to read.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))
