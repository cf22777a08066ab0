"""What the processes of locations are told."""

from dataclasses import dataclass
from functools import cache

from shared.settings import ServiceSettings, secret

CITY_POPULATIONS = (500, 1000, 5000, 15000)


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """The settings of locations.

    Without `google_maps_api_key` addresses are found in the service's own tables. `google_maps_base_url` stands for
    all of Google's hosts, for tests. `locations_geocode_daily` is the most calls a day, over all processes.
    """

    google_maps_api_key: str = secret("")
    """Google Maps' key; without it addresses are found in the service's own tables."""
    google_maps_base_url: str = ""
    """Stands for all of Google's hosts, for tests."""
    locations_geocode_timeout_ms: int = 3000
    """How long a look-up outside may take."""
    locations_geocode_daily: int = 2000
    """The most look-ups outside a day, over all processes."""
    locations_city_min_population: int = 15000
    """Cities with fewer inhabitants are not loaded."""
    locations_default_country: str = "US"
    """The country meant when nobody says one."""

    def problems(self) -> list[str]:
        found = super().problems()
        if self.locations_city_min_population not in CITY_POPULATIONS:
            found.append(f"LOCATIONS_CITY_MIN_POPULATION: must be one of {', '.join(map(str, CITY_POPULATIONS))}")
        if len(self.locations_default_country) != 2 or not self.locations_default_country.isupper():
            found.append("LOCATIONS_DEFAULT_COUNTRY: must be the two letters of a country")
        return found


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings.from_environ()
