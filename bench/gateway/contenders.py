"""The gateways that are measured, each as one process on one core."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.gateway.npm_peer import install

SERVICES = ("AUTH", "BOOKINGS", "CATALOG", "PRACTITIONERS", "PAYMENTS", "REVIEWS", "LOCATIONS", "MEDIA", "STREAMS")
_NGINX = """
worker_processes 1; daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  upstream service {{ server 127.0.0.1:{upstream}; keepalive 256; }}
  server {{
    listen 127.0.0.1:{port};
    location /api/v1/drf/ {{ proxy_pass http://service/; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


@dataclass(frozen=True)
class Contender:
    """A gateway under test: what it is called in the table, and how it is started."""

    name: str
    port: int
    command: tuple[str, ...]
    environment: Mapping[str, str]
    fresh_tokens: bool = False

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        """Start it on the first core."""
        log = (folder / f"{self.port}.log").open("wb")
        return subprocess.Popen(
            ["taskset", "-c", "0", *self.command],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )


def contenders(folder: Path, upstream: int, keys: Path) -> list[Contender]:
    """Return the gateways in the order of the table."""
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, upstream=upstream, port=upstream + 1))
    ours = {
        **{f"{name}_URL": f"http://127.0.0.1:{upstream}" for name in SERVICES},
        "ESTUARY_ENV": "production",
        "EDGE_KEY": "k" * 40,
        "RATE_LIMIT_USER": "1000000000/minute",
        "CORS_ALLOWED_ORIGINS": "https://app.example.com",
        "RABBITMQ_URL": "",
    }
    serve = (sys.executable, "-m", "gateway.serve")

    def estuary(name: str, port: int, *, fresh_tokens: bool = False) -> Contender:
        bound = {"BIND": f"127.0.0.1:{port}", "PROBE_BIND": f"127.0.0.1:{port + 1000}"}
        return Contender(name, port, serve, {**ours, **bound}, fresh_tokens)

    peers = {"BENCH_UPSTREAM": f"http://127.0.0.1:{upstream}", "BENCH_KEYS": str(keys)}
    script = install(folder)
    fastify = [
        Contender(
            "fastify, http-proxy and jwt",
            upstream + 5,
            ("node", str(script)),
            {**peers, "BENCH_PORT": str(upstream + 5), "NODE_ENV": "production"},
        )
    ]
    return [
        Contender("nginx, no token", upstream + 1, ("nginx", "-c", str(config)), {}),
        estuary("Estuary, everything on", upstream + 2),
        estuary("Estuary, every token new", upstream + 3, fresh_tokens=True),
        Contender(
            "aiohttp server and client, as usually written",
            upstream + 4,
            (sys.executable, "-m", "bench.gateway.plain_proxy"),
            {**peers, "BENCH_PORT": str(upstream + 4)},
        ),
        *(fastify if script is not None else []),
    ]
