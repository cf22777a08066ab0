"""The demo's people: fixed addresses, so that their uuids are the same in every installation."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

PASSWORD = "estuary-demo-2026"  # noqa: S105 - printed at the start of every demo.
DOMAIN = "demo.estuary.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """Somebody of the demo."""

    email: str
    first_name: str
    last_name: str
    timezone: str = "America/New_York"
    is_staff: bool = False

    @property
    def uuid(self) -> UUID:
        """The same in every installation."""
        return uuid5(NAMESPACE_URL, f"mailto:{self.email}")


CLIENT = DemoPerson(email=f"client@{DOMAIN}", first_name="Clara", last_name="Whitfield")
PRACTITIONER = DemoPerson(email=f"practitioner@{DOMAIN}", first_name="Maya", last_name="Lindqvist")
STAFF = DemoPerson(email=f"staff@{DOMAIN}", first_name="Sam", last_name="Okafor", is_staff=True)

_PRACTITIONERS = (
    ("Elena", "Marchetti", "America/New_York"),
    ("Tomas", "Alvarez", "America/Los_Angeles"),
    ("Priya", "Raman", "America/Chicago"),
    ("Jonas", "Weber", "Europe/Berlin"),
    ("Amara", "Nwosu", "America/New_York"),
    ("Liam", "Gallagher", "Europe/Dublin"),
    ("Sofia", "Petrova", "America/Denver"),
    ("Kenji", "Watanabe", "America/Los_Angeles"),
    ("Isabelle", "Fournier", "Europe/Paris"),
    ("Noah", "Bergström", "Europe/Stockholm"),
    ("Leila", "Haddad", "America/Chicago"),
    ("Mateo", "Fernández", "America/Phoenix"),
    ("Grace", "Thompson", "America/New_York"),
    ("Anders", "Dahl", "Europe/Copenhagen"),
    ("Yasmin", "Ozturk", "Europe/Istanbul"),
    ("Oliver", "Bennett", "Europe/London"),
    ("Camila", "Souza", "America/Sao_Paulo"),
    ("Daniel", "Kim", "America/Los_Angeles"),
    ("Ingrid", "Halvorsen", "Europe/Oslo"),
    ("Rahul", "Mehta", "Asia/Kolkata"),
    ("Hannah", "Goldberg", "America/New_York"),
    ("Marcus", "Reed", "America/Chicago"),
    ("Aiko", "Tanaka", "Asia/Tokyo"),
    ("Beatriz", "Costa", "Europe/Lisbon"),
    ("Samuel", "Mensah", "America/New_York"),
    ("Freya", "Lindholm", "Europe/Helsinki"),
    ("Diego", "Morales", "America/Mexico_City"),
    ("Nadia", "Rahman", "America/Denver"),
    ("Victor", "Dubois", "Europe/Brussels"),
    ("Zoe", "Papadakis", "Europe/Athens"),
)
_CLIENTS = (
    ("Rosa", "Delgado"),
    ("Ben", "Carver"),
    ("Mina", "Takahashi"),
    ("Oscar", "Lund"),
    ("Tara", "Singh"),
    ("Felix", "Braun"),
    ("Nora", "Hayes"),
    ("Ivan", "Kovac"),
    ("Lucia", "Romano"),
    ("Peter", "Ndlovu"),
    ("Emma", "Walsh"),
    ("Hugo", "Martin"),
)

PRACTITIONERS = (
    PRACTITIONER,
    *(
        DemoPerson(email=f"practitioner{number:02}@{DOMAIN}", first_name=first, last_name=last, timezone=zone)
        for number, (first, last, zone) in enumerate(_PRACTITIONERS, start=1)
    ),
)
CLIENTS = (
    CLIENT,
    *(
        DemoPerson(email=f"client{number:02}@{DOMAIN}", first_name=first, last_name=last)
        for number, (first, last) in enumerate(_CLIENTS, start=1)
    ),
)
EVERYBODY = (*CLIENTS, *PRACTITIONERS, STAFF)
