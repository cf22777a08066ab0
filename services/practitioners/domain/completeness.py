"""How complete a profile is, and what would make it better."""

from collections.abc import Mapping
from typing import Any, Final

# Weights add up to 100. Those of REQUIRED are needed before anybody is verified.
PARTS: Final[tuple[tuple[str, str, int], ...]] = (
    ("display_name", "Say how you are called.", 10),
    ("professional_title", "Give your profession.", 10),
    ("bio", "Write at least 50 characters about yourself.", 15),
    ("profile_image_url", "Add a picture.", 15),
    ("years_of_experience", "Say how long you have been working.", 5),
    ("specializations", "Choose what you are good at.", 10),
    ("certifications", "Add a certificate.", 10),
    ("educations", "Add a school or a degree.", 5),
    ("languages", "Name the languages you speak.", 5),
    ("quote", "Add a sentence that people remember.", 5),
    ("places", "Add a location, or offer online sessions.", 5),
    ("questions", "Answer a question that clients ask.", 5),
)
REQUIRED: Final = frozenset({"display_name", "professional_title", "bio", "profile_image_url", "years_of_experience"})
BIO_LEAST: Final = 50


def completeness(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the score of a profile's row, and what is missing."""
    missing: list[dict[str, Any]] = [
        {"field": name, "message": message, "weight": weight}
        for name, message, weight in PARTS
        if not _is_there(row, name)
    ]
    absent = {part["field"] for part in missing}
    has_skill = not {"specializations", "certifications"} <= absent
    return {
        "score": 100 - sum(part["weight"] for part in missing),
        "missing": missing,
        "publishable": not (REQUIRED & absent) and has_skill,
    }


def _is_there(row: Mapping[str, Any], name: str) -> bool:
    if name == "bio":
        return len(row["bio"] or "") >= BIO_LEAST
    if name == "years_of_experience":
        return row[name] is not None
    if name == "display_name":
        return bool(row["display_name"] or row["full_name"])
    return bool(row[name])
