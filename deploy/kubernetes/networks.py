"""Who may speak to whom: nobody, but for what is named here."""

from typing import Any

from deploy.docker.packages import SERVICES
from deploy.docker.suite import GATEWAY_PORT, PROBE_PORT, REALTIME_PORT, WEB_PORT, WORKER_PORT
from deploy.kubernetes.manifests import Manifest, named

DATABASE_PORT, BROKER_PORT, REDIS_PORT, DNS_PORT = 5432, 5672, 6379, 53
# Those that call somebody outside the cluster, and why.
OUTWARD = {
    "auth": "OpenID providers",
    "locations": "Google's geocoding",
    "media": "the object store",
    "notifications": "the mail server",
    "payments": "Stripe",
    "streams": "LiveKit and the object store",
}
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
BROKER = {"app.kubernetes.io/name": "rabbitmq"}


def policies() -> list[Manifest]:
    """Return every NetworkPolicy."""
    return [
        _policy("nobody", {}, ingress=[], egress=[]),
        _policy("names", {}, egress=[{"ports": [{"port": DNS_PORT, "protocol": p} for p in ("UDP", "TCP")]}]),
        _policy(
            "monitoring",
            {"app.kubernetes.io/part-of": "estuary"},
            ingress=[
                _rule(
                    [_namespace("monitoring")],
                    [WEB_PORT, WORKER_PORT, REALTIME_PORT, PROBE_PORT],
                    direction="from",
                )
            ],
        ),
        *_edge(),
        *(policy for service in SERVICES for policy in _service(service)),
        *_servers(),
    ]


def _edge() -> list[Manifest]:
    webs = [{"podSelector": {"matchLabels": {"estuary.dev/part": "web"}}}]
    sockets = [{"podSelector": {"matchLabels": {"estuary.dev/part": "realtime"}}}]
    limits = [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "redis"}}}]
    return [
        _policy(
            "gateway",
            {"estuary.dev/part": "gateway"},
            ingress=[_rule([_namespace("ingress-nginx")], [GATEWAY_PORT], direction="from")],
            egress=[
                _rule(webs, [WEB_PORT]),
                _rule(sockets, [REALTIME_PORT]),
                _rule([{"podSelector": {"matchLabels": BROKER}}], [BROKER_PORT]),
                _rule(limits, [REDIS_PORT]),
            ],
        ),
        _policy("from-gateway", {"estuary.dev/part": "web"}, ingress=[_from_gateway(WEB_PORT)]),
        _policy("sockets-from-gateway", {"estuary.dev/part": "realtime"}, ingress=[_from_gateway(REALTIME_PORT)]),
    ]


def _service(service: str) -> list[Manifest]:
    own = {"estuary.dev/service": service}
    database = {"podSelector": {"matchLabels": {"cnpg.io/cluster": f"postgresql-{service}"}}}
    out = [_rule([database], [DATABASE_PORT]), _rule([{"podSelector": {"matchLabels": BROKER}}], [BROKER_PORT])]
    if service in OUTWARD:
        out.append(_rule([{"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}}], [443, 465, 587]))
    callers = [{"podSelector": {"matchLabels": own}}]
    return [
        _policy(service, own, egress=out),
        _policy(
            f"postgresql-{service}",
            {"cnpg.io/cluster": f"postgresql-{service}"},
            ingress=[_rule(callers, [DATABASE_PORT], direction="from")],
        ),
    ]


def _servers() -> list[Manifest]:
    clients = [{"podSelector": {"matchLabels": {"app.kubernetes.io/part-of": "estuary"}}}]
    databases = {"matchExpressions": [{"key": "cnpg.io/cluster", "operator": "Exists"}]}
    broker = {"matchLabels": BROKER}
    anybody: list[Manifest] = [{}]
    gateways = [{"podSelector": {"matchLabels": {"estuary.dev/part": "gateway"}}}]
    return [
        _policy(
            "redis", {"app.kubernetes.io/name": "redis"}, ingress=[_rule(gateways, [REDIS_PORT], direction="from")]
        ),
        # Members of one cluster among themselves, and their operators; outward, the API server and the backups' store.
        _selecting(
            "postgresql-members",
            databases,
            ingress=[{"from": [{"podSelector": databases}, _namespace("cnpg-system")]}],
            egress=anybody,
        ),
        _selecting(
            "rabbitmq",
            broker,
            ingress=[
                _rule(clients, [BROKER_PORT], direction="from"),
                _rule(
                    [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "topology"}}}],
                    [15672],
                    direction="from",
                ),
                {"from": [{"podSelector": broker}, _namespace("rabbitmq-system"), _namespace("keda")]},
                _rule([_namespace("monitoring")], [15692], direction="from"),
            ],
            egress=anybody,
        ),
        _policy(
            "topology",
            {"app.kubernetes.io/name": "topology"},
            egress=[_rule([{"podSelector": broker}], [BROKER_PORT, 15672])],
        ),
    ]


def _from_gateway(port: int) -> Manifest:
    return _rule([{"podSelector": {"matchLabels": {"estuary.dev/part": "gateway"}}}], [port], direction="from")


def _namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _rule(peers: list[Manifest], ports: list[int], *, direction: str = "to") -> Manifest:
    return {direction: peers, "ports": [{"port": port, "protocol": "TCP"} for port in ports]}


def _policy(name: str, pods: dict[str, str], **rules: Any) -> Manifest:
    return _selecting(name, {"matchLabels": pods} if pods else {}, **rules)


def _selecting(name: str, pods: Manifest, **rules: Any) -> Manifest:
    kinds = [kind.capitalize() for kind in ("ingress", "egress") if kind in rules]
    spec = {"podSelector": pods, "policyTypes": kinds, **rules}
    return named("NetworkPolicy", "networking.k8s.io/v1", name, spec)
