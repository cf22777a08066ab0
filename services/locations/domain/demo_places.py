"""Where the demo's practitioners work: streets of their time zones' cities."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlace:
    """A studio; `state` only where the city's name needs it."""

    name: str
    line1: str
    city: str
    postal_code: str
    country: str = "US"
    state: str | None = None
    latitude: float
    longitude: float


def _us(name: str, line1: str, city: str, state: str, postal_code: str, at: tuple[float, float]) -> DemoPlace:
    return DemoPlace(
        name=name,
        line1=line1,
        city=city,
        state=state,
        postal_code=postal_code,
        latitude=at[0],
        longitude=at[1],
    )


def _abroad(name: str, line1: str, city: str, postal_code: str, country: str, at: tuple[float, float]) -> DemoPlace:
    return DemoPlace(
        name=name,
        line1=line1,
        city=city,
        postal_code=postal_code,
        country=country,
        latitude=at[0],
        longitude=at[1],
    )


PLACES: Final[dict[str, tuple[DemoPlace, ...]]] = {
    "America/New_York": (
        _us("Union Square Studio", "31 Union Square W", "New York", "NY", "10003", (40.7364, -73.9911)),
        _us("Prospect Rooms", "402 7th Ave", "Brooklyn", "NY", "11215", (40.6654, -73.9824)),
        _us("Back Bay Practice", "255 Newbury St", "Boston", "MA", "02116", (42.3500, -71.0826)),
        _us("Rittenhouse Loft", "1845 Walnut St", "Philadelphia", "PA", "19103", (39.9503, -75.1713)),
        _us("Midtown Calm", "848 Peachtree St NE", "Atlanta", "GA", "30308", (33.7779, -84.3844)),
        _us("Wynwood House", "2520 NW 2nd Ave", "Miami", "FL", "33127", (25.8010, -80.1993)),
    ),
    "America/Los_Angeles": (
        _us("Silver Lake Studio", "3531 Sunset Blvd", "Los Angeles", "CA", "90026", (34.0876, -118.2757)),
        _us("Mission Rooms", "870 Valencia St", "San Francisco", "CA", "94110", (37.7588, -122.4213)),
        _us("Capitol Hill Practice", "1515 Broadway", "Seattle", "WA", "98122", (47.6146, -122.3209)),
    ),
    "America/Chicago": (
        _us("Wicker Park Studio", "1579 N Milwaukee Ave", "Chicago", "IL", "60622", (41.9108, -87.6766)),
        _us("South Congress Rooms", "1512 S Congress Ave", "Austin", "TX", "78704", (30.2489, -97.7501)),
        _us("Heights House", "250 W 19th St", "Houston", "TX", "77008", (29.8027, -95.4019)),
    ),
    "America/Denver": (
        _us("Pearl Street Studio", "1510 S Pearl St", "Denver", "CO", "80210", (39.6893, -104.9803)),
        _us("Foothills Practice", "2010 Broadway", "Boulder", "CO", "80302", (40.0188, -105.2780)),
    ),
    "America/Phoenix": (_us("Roosevelt Rooms", "215 E Roosevelt St", "Phoenix", "AZ", "85004", (33.4586, -112.0709)),),
    "Europe/Berlin": (
        _abroad("Praxis Kastanienallee", "Kastanienallee 82", "Berlin", "10435", "DE", (52.5388, 13.4100)),
    ),
    "Europe/Dublin": (
        _abroad("Portobello Rooms", "42 South Richmond Street", "Dublin", "D02 XW25", "IE", (53.3309, -6.2647)),
    ),
    "Europe/Paris": (_abroad("Atelier du Marais", "24 Rue des Rosiers", "Paris", "75004", "FR", (48.8573, 2.3588)),),
    "Europe/Stockholm": (_abroad("Södermalm Studio", "Götgatan 58", "Stockholm", "118 26", "SE", (59.3146, 18.0736)),),
    "Europe/Copenhagen": (_abroad("Nørrebro Klinik", "Elmegade 12", "Copenhagen", "2200", "DK", (55.6896, 12.5585)),),
    "Europe/Istanbul": (_abroad("Moda Atölye", "Moda Caddesi 120", "Istanbul", "34710", "TR", (40.9833, 29.0258)),),
    "Europe/London": (
        _abroad("Bermondsey Studio", "78 Bermondsey Street", "London", "SE1 3UD", "GB", (51.5012, -0.0818)),
    ),
    "America/Sao_Paulo": (
        _abroad("Casa Vila Madalena", "Rua Harmonia 271", "São Paulo", "05435-000", "BR", (-23.5573, -46.6905)),
    ),
    "Europe/Oslo": (_abroad("Grünerløkka Studio", "Markveien 35", "Oslo", "0554", "NO", (59.9226, 10.7580)),),
    "Asia/Kolkata": (_abroad("Bandra Rooms", "14 Hill Road", "Mumbai", "400050", "IN", (19.0544, 72.8294)),),
    "Asia/Tokyo": (_abroad("Nakameguro Room", "1-20-2 Aobadai", "Tokyo", "153-0042", "JP", (35.6474, 139.6953)),),
    "Europe/Lisbon": (_abroad("Casa da Graça", "Rua da Graça 98", "Lisbon", "1170-170", "PT", (38.7187, -9.1307)),),
    "Europe/Helsinki": (_abroad("Kallio Studio", "Vaasankatu 12", "Helsinki", "00500", "FI", (60.1880, 24.9595)),),
    "America/Mexico_City": (
        _abroad("Casa Roma", "Álvaro Obregón 154", "Mexico City", "06700", "MX", (19.4183, -99.1625)),
    ),
    "Europe/Brussels": (_abroad("Atelier Ixelles", "Rue du Page 22", "Brussels", "1050", "BE", (50.8244, 4.3583)),),
    "Europe/Athens": (_abroad("Koukaki Studio", "Veikou 48", "Athens", "117 41", "GR", (37.9640, 23.7253)),),
}
