"""What the demo's streams are called and offer."""

from typing import Any

CATEGORIES = (
    ("Breathwork", "🌬️", "Breathing practices, from calm to deep."),
    ("Yoga", "🧘", "Flows, restorative and chair classes."),
    ("Meditation", "🕯️", "Guided sittings and silence together."),
    ("Movement", "🤸", "Mobility, strength and dance."),
    ("Sound", "🔔", "Sound baths and voice."),
    ("Coaching", "🧭", "Questions, habits, direction."),
)

STREAMS: tuple[dict[str, Any], ...] = (
    {
        "title": "The Quiet Hour",
        "tagline": "An hour of breath and stillness, every week",
        "shelves": (0, 2),
        "prices": (900, 2400),
        "class": "Evening breath circle",
        "rule": "FREQ=WEEKLY;BYDAY=TU,TH",
        "hour": 19,
    },
    {
        "title": "Mornings That Move",
        "tagline": "Twenty minutes before the day begins",
        "shelves": (1, 3),
        "prices": (700, 1900),
        "class": "Sunrise flow",
        "rule": "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "hour": 7,
    },
    {
        "title": "Sound & Rest",
        "tagline": "Bowls, voice, and nothing to do",
        "shelves": (4,),
        "prices": (1200, 2900),
        "class": "Sunday sound bath",
        "rule": "FREQ=WEEKLY;BYDAY=SU",
        "hour": 18,
    },
    {
        "title": "Sit With Us",
        "tagline": "A guided sitting and time for questions",
        "shelves": (2,),
        "prices": (500, 1500),
        "class": "Guided sitting",
        "rule": "FREQ=DAILY",
        "hour": 21,
    },
    {
        "title": "Small Steps",
        "tagline": "One habit a month, together",
        "shelves": (5,),
        "prices": (1500, 3900),
        "class": "Monthly review",
        "rule": "FREQ=MONTHLY;BYDAY=1SA",
        "hour": 11,
    },
)

CHAT = (
    *("Good evening everybody", "So good to be back", "That was exactly what I needed", "Thank you 🙏"),
    *("Could you show the second one again?", "Greetings from Lisbon", "My favourite hour of the week"),
)


def description(offer: dict[str, Any]) -> str:
    """Return what a stream says of itself."""
    return (
        f"{offer['tagline']}. Join live, ask questions, and watch recordings whenever it suits you. "
        "Free members get the monthly open class, entry members every class, premium members small groups as well."
    )
