"""The words that catalog's fields take."""

SESSION, WORKSHOP, COURSE, PACKAGE, BUNDLE = 1, 2, 3, 4, 5
CODES = {SESSION: "session", WORKSHOP: "workshop", COURSE: "course", PACKAGE: "package", BUNDLE: "bundle"}
NAMES = {SESSION: "Session", WORKSHOP: "Workshop", COURSE: "Course", PACKAGE: "Package", BUNDLE: "Bundle"}
NUMBERS = {code: number for number, code in CODES.items()}
TYPE_ALIASES = {"one-on-one": "session", "one_on_one": "session"}
DATED = frozenset({WORKSHOP, COURSE})
COMPOSED = frozenset({PACKAGE, BUNDLE})

DESCRIPTIONS = {
    SESSION: "One appointment at a time of the client's choosing.",
    WORKSHOP: "A dated event for a group.",
    COURSE: "Several dated sessions that are booked together.",
    PACKAGE: "Several services sold together.",
    BUNDLE: "Several sessions of one service, sold at once.",
}

DRAFT, ACTIVE, INACTIVE, ARCHIVED = "draft", "active", "inactive", "archived"
STATUSES = (DRAFT, ACTIVE, INACTIVE, ARCHIVED)
STATUS_ALIASES = {"published": ACTIVE, "paused": INACTIVE, "discontinued": ARCHIVED}

SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED = "scheduled", "in_progress", "completed", "canceled"
SESSION_STATUSES = (DRAFT, SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED)

VIRTUAL, IN_PERSON, HYBRID = "virtual", "in_person", "hybrid"
LOCATION_TYPES = (VIRTUAL, IN_PERSON, HYBRID)
EXPERIENCE_LEVELS = ("beginner", "intermediate", "advanced", "all_levels")
VISIBILITIES = ("public", "private", "unlisted")

SESSION_TYPES = {SESSION: "individual", WORKSHOP: "workshop", COURSE: "course_session"}

SEAT_HOLDING = ("pending_payment", "confirmed", "in_progress", "completed")
COUNTED_BOOKINGS = ("confirmed", "in_progress", "completed")

RESERVED_SLUGS = frozenset(
    {"featured", "popular", "search", "types", "autocomplete", "facets", "batch", "by-slug", "price-guidance"}
)
