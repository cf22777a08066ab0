"""What a browser or an app says it is, in words that a person recognises."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("okhttp/", "App"),
    ("CFNetwork/", "App"),
    ("Dart/", "App"),
    ("curl/", "curl"),
    ("python-", "Python"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
USER_AGENT_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request came from: network address, what the browser says, and the request's id."""

    ip: str = ""
    user_agent: str = ""
    request_id: str = ""

    @property
    def device(self) -> str:
        """Such as `Firefox on Windows`."""
        return describe(self.user_agent)

    @property
    def network(self) -> str:
        """The address that a household or a host has: the whole one of IPv4, the first 64 bits of IPv6."""
        return network(self.ip)


def describe(user_agent: str) -> str:
    """Return browser and system of a User-Agent header, such as `Firefox on Windows`."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "Unknown device"


def network(ip: str) -> str:
    """Return the network that an address is counted under; the text itself when it is no address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)


def masked(ip: str) -> str:
    """Return the address with its last part hidden, as a hint for the owner."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    prefix = 64 if isinstance(address, IPv6Address) else 24
    return str(ip_network((address, prefix), strict=False).network_address)
