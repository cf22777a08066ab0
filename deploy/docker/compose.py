"""Writes docker-compose.yml from `suite.py`: `python -m deploy.docker.compose`, or `--check` whether it is fresh."""

import re
import sys
from collections.abc import Mapping, Sequence

from deploy.docker.packages import IMAGES, SERVICES
from deploy.docker.suite import (
    BASE,
    BROKER_USERS,
    GATEWAY_PORT,
    LIVEKIT_PORT,
    SEEDED,
    STRIPE_PORT,
    Process,
    livekit_sandbox,
    processes,
    stripe_sandbox,
    told_to,
)
from deploy.local.given import ROOT

FILE = ROOT / "docker-compose.yml"
ASK = ":?copy .env.example to .env"
ORIGIN = "http://localhost:${GATEWAY_PORT:-8000}"

# What fills the suite's `${NAME}`; a secret has no default here, so that nothing runs on one that was forgotten.
VALUES = {
    "ESTUARY_ENV": "${ESTUARY_ENV:-development}",
    "PUBLIC_URL": f"${{PUBLIC_URL:-{ORIGIN}}}",
    "FRONTEND_URL": "${FRONTEND_URL:-http://localhost:3000}",
    "REALTIME_PUBLIC_URL": f"${{REALTIME_URL:-ws://localhost:${{GATEWAY_PORT:-8000}}{BASE}/notifications/ws/}}",
    "LOG_LEVEL": "${LOG_LEVEL:-info}",
    "GATEWAY_WORKERS": "${GATEWAY_WORKERS:-1}",
    "MAIL_FROM": "${MAIL_FROM:-Estuary <no-reply@estuary.localhost>}",
    "MAIL_DOMAIN": "${MAIL_DOMAIN:-estuary.localhost}",
    "SUPPORT_EMAIL": "${SUPPORT_EMAIL:-support@estuary.example}",
    "STRIPE_CONNECT_COUNTRY": "${STRIPE_CONNECT_COUNTRY:-US}",
    "CORS_ALLOWED_ORIGINS": f"${{CORS_ALLOWED_ORIGINS:-http://localhost:3000,{ORIGIN}}}",
    "PRACTITIONERS_AUTO_VERIFY": "${PRACTITIONERS_AUTO_VERIFY:-true}",
    "CLOUDFLARE_R2_ENDPOINT_URL": "${CLOUDFLARE_R2_ENDPOINT_URL:-http://minio:9000}",
    "CLOUDFLARE_R2_PUBLIC_ENDPOINT_URL": "${CLOUDFLARE_R2_PUBLIC_ENDPOINT_URL:-http://localhost:${S3_PORT:-9100}}",
    "CLOUDFLARE_R2_ACCESS_KEY_ID": "${CLOUDFLARE_R2_ACCESS_KEY_ID:-estuary}",
    "CLOUDFLARE_R2_STORAGE_BUCKET_NAME": "${CLOUDFLARE_R2_STORAGE_BUCKET_NAME:-estuary-media}",
    "STRIPE_SECRET_KEY": "${STRIPE_SECRET_KEY:-sk_test_compose}",
    "STRIPE_PUBLISHABLE_KEY": "${STRIPE_PUBLISHABLE_KEY:-pk_test_compose}",
    "STRIPE_API_BASE": f"${{STRIPE_API_BASE-http://stripe:{STRIPE_PORT}}}",
    "LIVEKIT_URL": f"${{LIVEKIT_URL:-http://livekit:{LIVEKIT_PORT}}}",
    "LIVEKIT_PUBLIC_URL": "${LIVEKIT_PUBLIC_URL:-ws://localhost:${LIVEKIT_SANDBOX_PORT:-8196}}",
    "LIVEKIT_API_KEY": "${LIVEKIT_API_KEY:-APIcompose}",
    "STRIPE_SANDBOX_PUBLIC_URL": "http://localhost:${STRIPE_SANDBOX_PORT:-8195}",
    **{
        f"DATABASE_URL_{service.upper()}": (
            f"postgresql://estuary_{service}:${{PASSWORD_{service.upper()}{ASK}}}@postgresql:5432/estuary_{service}"
        )
        for service in SERVICES
    },
    **{
        f"RABBITMQ_URL_{user.upper()}": f"amqp://{user}:${{PASSWORD_{user.upper()}{ASK}}}@rabbitmq:5672/%2F"
        for user in BROKER_USERS
    },
}
SECRETS = (
    *("EDGE_KEY", "AUTH_ENCRYPTION_KEY", "REFRESH_KEY", "ACTION_TOKEN_KEY", "UNSUBSCRIBE_KEY", "MEDIA_SIGNING_KEYS"),
    *("CLOUDFLARE_R2_SECRET_ACCESS_KEY", "STRIPE_WEBHOOK_SECRETS", "LIVEKIT_API_SECRET"),
)
# What YAML would take for a number or a truth.
_OTHER = re.compile(r"^(true|false|[0-9.]+)$|:-(true|false|[0-9.]+)\}$")
_PLACE = re.compile(r"\$\{([A-Z0-9_]+)\}")

HEAD = """\
# The whole suite in containers, from one list: deploy/docker/suite.py. Made by `make docs`; change that, not this.
#
#   cp .env.example .env && docker compose up     ends healthy, with the demo filled in, at http://localhost:8000
#   make compose-up                               the same, with secrets of your own, returning when it is healthy
#
# Only the gateway is published, on loopback, and what a browser must reach of the stand-ins for outside services:
# the S3 server (uploads go straight there) and the sandboxes of Stripe (checkout pages) and LiveKit (rooms).
name: estuary

x-process: &process
  restart: unless-stopped
  read_only: true
  tmpfs: [/tmp]
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  pids_limit: 256
  stop_grace_period: 40s
  networks: [private]
  # The image says how it is asked; asked oftener while it starts, for others wait for it.
  healthcheck: {interval: 30s, timeout: 20s, start_period: 180s, start_interval: 5s, retries: 3}
  logging: &logging
    driver: json-file
    options: {max-size: 10m, max-file: "3"}

x-once: &once
  <<: *process
  restart: "no"
  mem_limit: 512m
  healthcheck: {disable: true}

x-server: &server
  restart: unless-stopped
  security_opt: ["no-new-privileges:true"]
  stop_grace_period: 60s
  networks: [private]
  logging: *logging

services:
"""

SERVERS = """\
  postgresql:
    <<: *server
    image: ${{POSTGRES_IMAGE:-postgres:15-bookworm}}
    command: [postgres, -c, max_connections=400, -c, shared_buffers=256MB, -c, max_wal_size=2GB, -c, timezone=UTC]
    environment:
      POSTGRES_USER: postgres
      POSTGRES_PASSWORD: ${{POSTGRES_PASSWORD{ask}}}
{passwords}
    volumes:
      - postgresql:/var/lib/postgresql/data
      - ./deploy/docker/postgresql:/docker-entrypoint-initdb.d:ro
    shm_size: 256m
    mem_limit: 2g
    healthcheck:
      test: [CMD-SHELL, "pg_isready -q -h 127.0.0.1 -U postgres"]
      interval: 5s
      timeout: 5s
      retries: 24

  rabbitmq:
    <<: *server
    image: ${{RABBITMQ_IMAGE:-rabbitmq:3.13-management}}
    # Its data is kept under this name.
    hostname: rabbitmq
    environment:
      RABBITMQ_DEFAULT_USER: administrator
      RABBITMQ_DEFAULT_PASS: ${{RABBITMQ_PASSWORD{ask}}}
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: +sbwt very_short +sbwtdcpu none +sbwtdio very_short
    volumes:
      - rabbitmq:/var/lib/rabbitmq
      - ./deploy/docker/rabbitmq/20-estuary.conf:/etc/rabbitmq/conf.d/20-estuary.conf:ro
    mem_limit: 1g
    healthcheck:
      test: [CMD, rabbitmq-diagnostics, -q, check_port_connectivity]
      interval: 15s
      timeout: 15s
      retries: 12

  minio:
    <<: *server
    image: ${{MINIO_IMAGE:-minio/minio:RELEASE.2025-04-22T22-12-26Z}}
    command: [server, /data]
    environment:
      MINIO_ROOT_USER: {key_id}
      MINIO_ROOT_PASSWORD: {key}
    volumes: ["minio:/data"]
    ports: ["${{BIND_ADDRESS:-127.0.0.1}}:${{S3_PORT:-9100}}:9000"]
    mem_limit: 512m
    healthcheck:
      test: [CMD, mc, ready, local]
      interval: 5s
      timeout: 5s
      retries: 24

  # The exchanges, queues, policies and rights of deploy/rabbitmq/definitions.json, and a user for each service.
  topology:
    <<: *once
    image: estuary/gateway:${{ESTUARY_VERSION:-local}}
    pull_policy: never
    command: [topology, apply, --definitions, /app/deploy/rabbitmq/definitions.json]
    environment:
      RABBITMQ_ADMIN_URL: amqp://administrator:${{RABBITMQ_PASSWORD{ask}}}@rabbitmq:5672/%2F
      RABBITMQ_MANAGEMENT_URL: http://administrator:${{RABBITMQ_PASSWORD{ask}}}@rabbitmq:15672
{broker_passwords}
    depends_on:
      rabbitmq: {{condition: service_healthy}}

  # The bucket that media keeps its files in.
  bucket:
    <<: *once
    image: estuary/media:${{ESTUARY_VERSION:-local}}
    pull_policy: never
    entrypoint: [python3, /app/deploy/docker/bucket.py]
    environment: *media
    depends_on:
      minio: {{condition: service_healthy}}
"""

WATCHING = """\
  # docker compose --profile observability up
  prometheus:
    <<: *server
    profiles: [observability]
    image: ${PROMETHEUS_IMAGE:-prom/prometheus:v2.55.1}
    volumes:
      - ./deploy/observability/prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - ./deploy/observability/rules:/etc/prometheus/rules:ro
      - ./deploy/observability/targets:/etc/prometheus/targets:ro
      - prometheus:/prometheus
    ports: ["${BIND_ADDRESS:-127.0.0.1}:${PROMETHEUS_PORT:-9090}:9090"]
    mem_limit: 1g

  grafana:
    <<: *server
    profiles: [observability]
    image: ${GRAFANA_IMAGE:-grafana/grafana:11.3.1}
    environment:
      PROMETHEUS_URL: http://prometheus:9090
      GF_SECURITY_ADMIN_PASSWORD: ${GRAFANA_PASSWORD:-estuary}
    volumes:
      - ./deploy/observability/grafana/provisioning:/etc/grafana/provisioning:ro
      - ./deploy/observability/grafana/dashboards:/etc/grafana/dashboards:ro
      - grafana:/var/lib/grafana
    ports: ["${BIND_ADDRESS:-127.0.0.1}:${GRAFANA_PORT:-3030}:3000"]
    mem_limit: 512m
"""

TAIL = """\
networks:
  private:

volumes:
  postgresql:
  rabbitmq:
  minio:
  mail:
  stripe:
  livekit:
  prometheus:
  grafana:
"""


def filled(value: str) -> str:
    """Return a value of the suite as docker compose reads it."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        return VALUES.get(name) or (f"${{{name}{ASK}}}" if name in SECRETS else f"${{{name}:-}}")

    return _PLACE.sub(fill, value)


def environment(told: Mapping[str, str], *, anchor: str = "") -> str:
    """Return the lines of an environment, under a name by which other processes can have the same."""
    lines = [f"    environment:{f' &{anchor}' if anchor else ''}"]
    lines += [f"      {name}: {_quoted(filled(value))}" for name, value in told.items()]
    return "\n".join(lines)


def _quoted(value: str) -> str:
    """Return a value that YAML reads as text, whatever it holds, also after its places are filled."""
    if not value or value[0] in "*&!%@`{[" or ": " in value or _OTHER.search(value):
        return f'"{value}"'
    return value


def _image(image: str) -> str:
    return f"    image: estuary/{image}:${{ESTUARY_VERSION:-local}}"


def _build(image: str) -> str:
    return "\n".join(
        [
            _image(image),
            "    build:",
            "      context: .",
            "      dockerfile: deploy/Dockerfile",
            "      args:",
            f"        SERVICE: {image}",
            "        PYTHON_IMAGE: ${PYTHON_IMAGE:-python:3.11-slim-bookworm}",
        ]
    )


def _depends(conditions: Mapping[str, str]) -> str:
    return "\n".join(["    depends_on:", *(f"      {name}: {{condition: {how}}}" for name, how in conditions.items())])


HEALTHY, DONE = "service_healthy", "service_completed_successfully"


def service_blocks(service: str, web: Process, worker: Process) -> list[str]:
    """Return a service's migration, web process and worker; the first of them carries what all are told."""
    after = {f"{service}-migrate": DONE}
    if service == "media":
        after["bucket"] = DONE
    migrate = [
        f"  {service}-migrate:",
        "    <<: *once",
        _build(service),
        f"    command: [migrate, {service}]",
        environment(told_to(service), anchor=service),
        _depends({"postgresql": HEALTHY}),
    ]
    return [
        "\n".join(migrate),
        _process(web, depends=after, environment_of=service),
        _process(worker, depends={**after, "topology": DONE}, environment_of=service),
    ]


def _process(process: Process, *, depends: Mapping[str, str], environment_of: str = "", image_of: str = "") -> str:
    """Return a process; another one may carry its environment, or build its image."""
    lines = [f"  {process.name}:", "    <<: *process"]
    is_built = not (environment_of or image_of)
    lines += [_build(process.image) if is_built else _image(process.image) + "\n    pull_policy: never"]
    lines += [f"    command: [{', '.join(process.command)}]"]
    health = {"HEALTH_PORT": str(process.port)} if process.port != GATEWAY_PORT else {}
    if process.health_path != "/health/ready":
        health["HEALTH_PATH"] = process.health_path
    if environment_of and health:
        told = [f"    environment:\n      <<: *{environment_of}"]
        lines += [*told, *(f'      {name}: "{value}"' for name, value in health.items())]
    elif environment_of:
        lines += [f"    environment: *{environment_of}"]
    else:
        lines += [environment({**process.told, **health})]
    lines += [f"    mem_limit: {process.memory_mb}m", f"    cpus: {process.cpus}"]
    if process.keeps:
        lines += [f"    volumes: [{', '.join(f'{name}:{folder}' for folder, name in process.keeps.items())}]"]
    published = {
        "gateway": ("GATEWAY_PORT", 8000, GATEWAY_PORT),
        "stripe": ("STRIPE_SANDBOX_PORT", 8195, STRIPE_PORT),
        "livekit": ("LIVEKIT_SANDBOX_PORT", 8196, LIVEKIT_PORT),
    }
    if process.name in published:
        variable, default, port = published[process.name]
        lines += [f'    ports: ["${{BIND_ADDRESS:-127.0.0.1}}:${{{variable}:-{default}}}:{port}"]']
    return "\n".join([*lines, _depends(depends)] if depends else lines)


def seed_blocks() -> list[str]:
    """Return what fills the demo, one service after the other, and what says that all is done."""
    blocks = []
    before = {f"{service}-worker": HEALTHY for service in SERVICES}
    for service in SEEDED:
        lines = [f"  {service}-seed:", "    <<: *once", _image(service), "    pull_policy: never"]
        lines += [f"    command: [seed, {service}]", f"    environment: *{service}", _depends(before)]
        blocks.append("\n".join(lines))
        before = {f"{service}-seed": DONE}
    everything = dict.fromkeys((*(process.name for process in processes()), "stripe", "livekit"), HEALTHY) | before
    ready = ["  ready:", "    <<: *once", _image("gateway"), "    pull_policy: never"]
    ready += [f"    entrypoint: [python3, -c, \"print('Estuary is up: {ORIGIN}{BASE}/docs/')\"]", _depends(everything)]
    return [*blocks, "\n".join(ready)]


def compose() -> str:
    """Return docker-compose.yml."""
    known = {process.name: process for process in processes()}
    blocks = [
        block for service in SERVICES for block in service_blocks(service, known[service], known[f"{service}-worker"])
    ]
    realtime = {"notifications-migrate": DONE, "topology": DONE}
    blocks += [
        _process(known["realtime"], depends=realtime, environment_of="notifications"),
        _process(known["gateway"], depends={"topology": DONE}),
        _process(stripe_sandbox(), depends={}),
        _process(livekit_sandbox(), depends={"stripe": HEALTHY}, image_of="stripe"),
        _servers(),
        *seed_blocks(),
        WATCHING.rstrip("\n"),
    ]
    return HEAD + "\n\n".join(blocks) + "\n\n" + TAIL


def _servers() -> str:
    def passwords(prefix: str, users: Sequence[str]) -> str:
        return "\n".join(f"      {prefix}{user.upper()}: ${{PASSWORD_{user.upper()}{ASK}}}" for user in users)

    return SERVERS.format(
        ask=ASK,
        passwords=passwords("PASSWORD_", SERVICES),
        broker_passwords=passwords("RABBITMQ_PASSWORD_", BROKER_USERS),
        key_id=filled("${CLOUDFLARE_R2_ACCESS_KEY_ID}"),
        key=filled("${CLOUDFLARE_R2_SECRET_ACCESS_KEY}"),
    ).rstrip("\n")


def main(arguments: Sequence[str]) -> int:
    """Write the file, or say that it is not fresh."""
    content = compose()
    assert set(IMAGES) == {*SERVICES, "gateway", "sandbox"}
    if "--check" not in arguments:
        FILE.write_text(content)
        return 0
    if not FILE.exists() or FILE.read_text() != content:
        print(f"{FILE.name} is not what deploy/docker/suite.py says")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
