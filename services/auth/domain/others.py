"""The services that hold something of a person besides auth."""

SERVICES = (
    "bookings",
    "catalog",
    "locations",
    "media",
    "notifications",
    "payments",
    "practitioners",
    "reviews",
    "streams",
)
