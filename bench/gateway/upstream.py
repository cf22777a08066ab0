"""A service that answers at once with 2 KB of JSON, and auth's key set."""

import asyncio
import sys
from pathlib import Path

import uvloop

ROW = '{"id":%d,"name":"Deep tissue massage","price":"100.00","duration_minutes":60,"is_active":true},'
LIST = ('{"results":[' + "".join(ROW % number for number in range(100, 121)) + '{"id":0}],"count":22}').encode()


class Service(asyncio.Protocol):
    """Answers every request in one packet; requests of the bench come in one packet each."""

    keys = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        body = self.keys if data.startswith(b"GET /internal/identity/") else LIST
        self.transport.write(  # type: ignore[attr-defined]
            b"HTTP/1.1 200 OK\r\nServer: gunicorn\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n"
            b'ETag: "17"\r\nX-Request-Id: 0\r\nContent-Length: %d\r\n\r\n%b' % (len(body), body)
        )


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Service, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    Service.keys = Path(sys.argv[2]).read_bytes()
    uvloop.run(main(int(sys.argv[1])))
