"""Which address a request comes from, and by which key it is counted."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


class ClientAddresses:
    """Finds the client's address: the peer, or what trusted proxies say about it."""

    def __init__(self, trusted_proxies: tuple[str, ...]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(name, strict=False) for name in trusted_proxies]
        self._is_trusted = lru_cache(maxsize=4096)(self._judge)

    def find(self, peer: str, forwarded_for: bytes) -> str:
        """Return the client's address in normal form: the right-most one that is not a proxy of ours.

        `X-Forwarded-For` of anybody else is ignored, also when it is malformed.
        """
        address = normal(peer)
        if not self._networks or not forwarded_for or not self._is_trusted(address):
            return address
        for part in reversed(forwarded_for.decode("latin-1").split(",")):
            try:
                address = str(_plain(part.strip()))
            except ValueError:
                return address
            if not self._is_trusted(address):
                return address
        return address

    def is_trusted(self, peer: str) -> bool:
        """Say whether the peer is one of our proxies."""
        return bool(self._networks) and self._is_trusted(normal(peer))

    def _judge(self, address: str) -> bool:
        try:
            place = ip_address(address)
        except ValueError:
            return False
        return any(place in network for network in self._networks)


@lru_cache(maxsize=16384)
def normal(address: str) -> str:
    """Return the address in its shortest form; IPv4 inside IPv6 becomes IPv4."""
    try:
        return str(_plain(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 (an unknown peer, not a bind address)


@lru_cache(maxsize=16384)
def limit_key(address: str) -> str:
    """Return what is counted: an IPv4 address, or the /64 an IPv6 address lies in."""
    place = ip_address(address)
    if isinstance(place, IPv6Address):
        return str(IPv6Network((place, 64), strict=False))
    return address


def _plain(text: str) -> object:
    place = ip_address(text.partition("%")[0])
    return getattr(place, "ipv4_mapped", None) or place
