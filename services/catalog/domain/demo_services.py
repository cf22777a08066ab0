"""What the demo's practitioners offer: believable services of all five types."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.catalog.domain import words


@dataclass(frozen=True, slots=True)
class Theme:
    """What somebody works with: two kinds of appointment, a dated event, and what is sold together."""

    category: str
    modalities: tuple[str, ...]
    first: tuple[str, str]
    second: tuple[str, str]
    event: tuple[str, str]
    benefits: tuple[str, ...]
    tags: tuple[str, ...]


THEMES = (
    Theme(
        "massage-bodywork",
        ("massage", "deep-tissue-massage"),
        ("Deep Tissue Massage", "Slow, firm strokes for shoulders, back and hips that sit too long."),
        ("Relaxing Full Body Massage", "An unhurried hour from head to feet with warm oil."),
        ("Partner Massage for Beginners", "Learn a simple back and foot massage to give at home."),
        ("Looser muscles", "Better sleep", "Less tension headache"),
        ("massage", "relaxation", "back pain"),
    ),
    Theme(
        "energy-healing",
        ("reiki", "chakra-balancing"),
        ("Reiki Session", "Quiet hands-on energy work, fully clothed, in complete rest."),
        ("Distance Reiki", "The same stillness by video call, wherever you are."),
        ("Reiki Level One", "A first attunement, the hand positions and a daily practice of one's own."),
        ("Deep rest", "Clearer head", "A gentle practice for home"),
        ("reiki", "energy", "stress"),
    ),
    Theme(
        "yoga-movement",
        ("yoga", "yin-yoga"),
        ("Private Yoga Lesson", "Postures and breath chosen for your body, your day and your goals."),
        ("Yin Yoga for Tired Bodies", "Long, supported holds that let the nervous system settle."),
        ("Morning Yoga Foundations", "Six calm mornings from the first sun salutation to a steady flow."),
        ("More mobility", "Steadier breath", "A routine that lasts"),
        ("yoga", "flexibility", "breath"),
    ),
    Theme(
        "meditation-mindfulness",
        ("meditation", "mindfulness"),
        ("Guided Meditation", "One quiet hour with a teacher, with time for questions."),
        ("Mindfulness for Busy Minds", "Short practices that fit into a working day."),
        ("Eight Steps to Mindfulness", "A course of practice, reflection and one silent morning."),
        ("Calmer reactions", "Better focus", "Kinder self-talk"),
        ("meditation", "mindfulness", "focus"),
    ),
    Theme(
        "breathwork",
        ("breathwork",),
        ("Breathwork Journey", "Connected breathing with music, and careful landing afterwards."),
        ("Calm Breath Coaching", "Simple techniques against stress, before sleep or before a talk."),
        ("Breathe Together", "An evening of guided breathing in a small group."),
        ("Release", "Energy", "A tool for hard days"),
        ("breathwork", "stress", "energy"),
    ),
    Theme(
        "coaching",
        ("life-coaching",),
        ("Life Coaching Session", "Sort out what matters, and leave with one next step."),
        ("Career Crossroads Call", "For people between two jobs, or between two versions of themselves."),
        ("Finding Direction", "Four evenings to look back, look around and choose."),
        ("Clear goals", "Honest questions", "Support between sessions"),
        ("coaching", "career", "habits"),
    ),
    Theme(
        "nutrition-ayurveda",
        ("ayurveda", "nutrition-coaching"),
        ("Ayurvedic Consultation", "Your constitution, your digestion, and what to eat this season."),
        ("Nutrition Check-in", "A friendly look at a week of meals, with three small changes."),
        ("Cooking with the Seasons", "A kitchen workshop on warm, simple, digestible food."),
        ("More energy", "Easier digestion", "Recipes to keep"),
        ("nutrition", "ayurveda", "food"),
    ),
    Theme(
        "sound-healing",
        ("sound-healing",),
        ("Sound Bath for One", "Bowls and gong around you while you do nothing at all."),
        ("Voice and Vibration", "Loosen throat and chest with tones that need no talent."),
        ("New Moon Sound Bath", "Gongs, bowls and silence in the round."),
        ("Deep relaxation", "Quieter thoughts", "Sound sleep"),
        ("sound", "relaxation", "sleep"),
    ),
    Theme(
        "acupuncture-chinese-medicine",
        ("acupuncture", "qi-gong"),
        ("Acupuncture Treatment", "Pulse, tongue and a few fine needles for what troubles you."),
        ("Qi Gong Lesson", "Soft movements that warm joints and steady the mind."),
        ("Qi Gong in the Park", "A weekly form, learnt slowly, out of doors."),
        ("Less pain", "Warm hands", "Balance"),
        ("acupuncture", "qi gong", "pain"),
    ),
    Theme(
        "astrology-divination",
        ("astrology", "tarot"),
        ("Birth Chart Reading", "The sky at your first breath, read with care and humour."),
        ("Tarot Reading", "Three questions, ten cards and a clear conversation."),
        ("Reading Your Own Chart", "Planets, houses and aspects for people who like to know."),
        ("Perspective", "Clear timing", "A recording to keep"),
        ("astrology", "tarot", "insight"),
    ),
)

PLACES = ("Morning", "Evening", "Weekend", "Slow", "Gentle", "Deep", "Mindful", "Restful", "Seasonal", "Quiet", "Open")


def offers(number: int) -> Iterator[dict[str, Any]]:
    """Yield what the practitioner of that number offers: two appointments, an event, and something composed of them."""
    theme = THEMES[number % len(THEMES)]
    suffix = "" if number < len(THEMES) else f" – {PLACES[number % len(PLACES)]}"
    base = 6_000 + 500 * (number % 7)
    common = {
        "category": theme.category,
        "modalities": theme.modalities,
        "tags": list(theme.tags),
        "benefits": [{"title": benefit} for benefit in theme.benefits],
        "languages": ["en", ("de", "es", "fr", "it")[number % 4]],
    }
    first = _offer(words.SESSION, theme.first, suffix, base, 60)
    second = _offer(words.SESSION, theme.second, suffix, base - 1_000, 45 + 15 * (number % 4))
    yield {**common, **first, "is_featured": number % 5 == 0}
    yield {**common, **second}
    event = words.COURSE if number % 2 else words.WORKSHOP
    dates = 4 if event == words.COURSE else 2
    yield {
        **common,
        **_offer(event, theme.event, suffix, base * (3 if event == words.COURSE else 1), 120),
        "max_participants": 12 + number % 9,
        "dates": [{"in_days": 10 + number % 5 + 7 * week, "hour": 17, "minutes": 120} for week in range(dates)],
    }
    if number % 2:
        told = (f"{theme.first[0]} Five Times", "Five appointments to use within a year, and a sixth on the house.")
        yield {
            **common,
            **_offer(words.BUNDLE, told, suffix, base * 5, 0),
            "sessions_included": 5,
            "bonus_sessions": 1,
            "children": [(first["name"], 1)],
        }
    else:
        told = (f"{theme.first[0]} Starter Package", "One of each: the best way to get to know the work.")
        yield {
            **common,
            **_offer(words.PACKAGE, told, suffix, int(base * 1.7), 0),
            "children": [(first["name"], 1), (second["name"], 1)],
        }


def _offer(type_id: int, told: tuple[str, str], suffix: str, cents: int, minutes: int) -> dict[str, Any]:
    name, description = told
    return {
        "type_id": type_id,
        "name": name + suffix,
        "short_description": description,
        "description": f"{description} Come as you are; everything else is here. Questions before booking are welcome.",
        "price_cents": cents,
        "duration_minutes": minutes,
    }
