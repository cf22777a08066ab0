"""The demo's practices: a dozen professions, spread over the demo's practitioners."""

from dataclasses import dataclass
from typing import Final

DOMAIN: Final = "demo.estuary.local"
EMAILS: Final = (f"practitioner@{DOMAIN}", *(f"practitioner{number:02}@{DOMAIN}" for number in range(1, 31)))

Day = tuple[int, int, int]


def _week(days: range | tuple[int, ...], *hours: tuple[int, int]) -> tuple[Day, ...]:
    return tuple((day, start * 60, end * 60) for day in days for start, end in hours)


WEEKS: Final = (
    _week(range(5), (9, 12), (13, 17)),
    _week(range(5), (8, 14)),
    _week((0, 1, 3, 5), (10, 13), (14, 19)),
    _week((1, 2, 3, 4, 5), (11, 20)),
    (*_week(range(4), (9, 17)), *_week((5,), (10, 14))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What somebody does, in words that a profile shows."""

    title: str
    bio: str
    quote: str
    specializations: tuple[str, ...]
    styles: tuple[str, ...]
    topics: tuple[str, ...]
    certificate: str
    school: str
    degree: str


PRACTICES: Final = (
    Practice(
        title="Mindfulness Teacher & Somatic Coach",
        bio="I teach people to notice what their body has been saying all along. My sessions mix short guided"
        " practices, breath and plain conversation, and you leave with something small to do every day.",
        quote="Two minutes, every day, beat two hours once.",
        specializations=("Mindfulness & Meditation", "Breathwork", "Anxiety & Stress Relief"),
        styles=("Gentle", "Client-Centered"),
        topics=("Stress", "Anxiety", "Sleep"),
        certificate="Certified Mindfulness Teacher",
        school="Hudson Valley Institute",
        degree="MA Contemplative Psychology",
    ),
    Practice(
        title="Licensed Massage Therapist",
        bio="Deep tissue and sports massage for runners, desk workers and everybody whose shoulders live next to"
        " their ears. I explain what I find and give you two stretches that are worth your time.",
        quote="Pressure is a conversation, not a contest.",
        specializations=("Massage Therapy", "Body Work", "Sports Rehabilitation"),
        styles=("Direct", "Evidence-Based"),
        topics=("Back Pain", "Posture", "Injury Recovery"),
        certificate="Licensed Massage Therapist",
        school="School of Manual Therapy",
        degree="Diploma in Sports Massage",
    ),
    Practice(
        title="Psychotherapist",
        bio="I work with adults through grief, burnout and the long winters of a career. Sessions are structured and"
        " warm: we agree on what to look at, look at it, and notice what moves.",
        quote="You do not have to tidy up before you come in.",
        specializations=("Psychotherapy", "Grief Counseling", "Trauma Recovery"),
        styles=("Compassionate", "Structured"),
        topics=("Burnout", "Grief & Loss", "Depression"),
        certificate="Licensed Psychotherapist",
        school="Academy of Psychotherapy",
        degree="MSc Clinical Psychology",
    ),
    Practice(
        title="Yoga & Pilates Instructor",
        bio="Small groups and private lessons for bodies that sit too much. I teach alignment before ambition, and"
        " every pose has a version for the day you are actually having.",
        quote="Flexible is what you get, not what you need.",
        specializations=("Yoga", "Pilates", "Fitness Training"),
        styles=("Empowering", "Humorous"),
        topics=("Back Pain", "Posture", "Energy & Fatigue"),
        certificate="500-hour Yoga Teacher",
        school="Open Sky Yoga School",
        degree="BSc Sports Science",
    ),
    Practice(
        title="Nutrition Counselor",
        bio="Food without fear. I help people with busy kitchens and busier heads to eat well most of the time, with"
        " plans that survive a business trip and a birthday.",
        quote="Nothing is forbidden; some things are for Tuesdays.",
        specializations=("Nutrition Counseling", "Herbal Medicine"),
        styles=("Evidence-Based", "Solution-Focused"),
        topics=("Digestion", "Eating Habits", "Weight Management"),
        certificate="Registered Dietitian",
        school="University of Applied Health",
        degree="MSc Human Nutrition",
    ),
    Practice(
        title="Acupuncturist & Herbalist",
        bio="Traditional acupuncture for pain, sleep and the complaints that never fit a form. First visits are long,"
        " because listening is half of the treatment.",
        quote="The body keeps no secrets from a patient ear.",
        specializations=("Acupuncture", "Herbal Medicine"),
        styles=("Holistic", "Gentle"),
        topics=("Chronic Pain", "Headaches & Migraine", "Sleep"),
        certificate="Licensed Acupuncturist",
        school="College of Oriental Medicine",
        degree="MSc Acupuncture",
    ),
    Practice(
        title="Life & Career Coach",
        bio="For people between two chapters. We find out what you would do on an ordinary good day, then work back"
        " from there: six sessions, homework, no posters with sunsets.",
        quote="Clarity is a habit.",
        specializations=("Life Coaching", "Career Coaching"),
        styles=("Direct", "Solution-Focused"),
        topics=("Career Change", "Confidence", "Work-Life Balance"),
        certificate="Professional Certified Coach",
        school="Institute for Coaching",
        degree="BA Organisational Psychology",
    ),
    Practice(
        title="Couples & Family Counselor",
        bio="I sit with couples and families who have the same argument every week. You learn to hear what is said"
        " below the words, and to stop while it is still easy.",
        quote="Nobody wins at the kitchen table.",
        specializations=("Couples Counseling", "Family Therapy"),
        styles=("Compassionate", "Structured"),
        topics=("Relationships", "Communication", "Parenting"),
        certificate="Certified Family Therapist",
        school="Family Systems Centre",
        degree="MA Counseling",
    ),
    Practice(
        title="Reiki Master & Sound Healer",
        bio="Quiet sessions with hands, bowls and a good blanket. People come for rest; many find that the rest of"
        " the week changes with it.",
        quote="Rest is also work.",
        specializations=("Reiki", "Sound Healing", "Energy Healing"),
        styles=("Intuitive", "Gentle"),
        topics=("Stress", "Energy & Fatigue", "Spirituality"),
        certificate="Reiki Master Teacher",
        school="Centre for Sound Studies",
        degree="Diploma in Energy Work",
    ),
    Practice(
        title="Breathwork Facilitator",
        bio="Breath is the one part of the nervous system with a handle on it. I teach slow techniques for sleep and"
        " stress, and longer journeys for those who want to go further.",
        quote="Longer out than in.",
        specializations=("Breathwork", "Trauma Recovery"),
        styles=("Empowering", "Structured"),
        topics=("Anxiety", "Trauma", "Focus"),
        certificate="Breathwork Facilitator, 400 hours",
        school="Institute of Respiration",
        degree="BSc Physiology",
    ),
)

LANGUAGES_BY_ZONE: Final = {
    "Europe/Berlin": "de",
    "Europe/Paris": "fr",
    "Europe/Stockholm": "sv",
    "Europe/Copenhagen": "da",
    "Europe/Istanbul": "tr",
    "America/Sao_Paulo": "pt",
    "Europe/Oslo": "no",
    "Asia/Kolkata": "hi",
    "Asia/Tokyo": "ja",
    "Europe/Lisbon": "pt",
    "Europe/Helsinki": "fi",
    "America/Mexico_City": "es",
    "America/Phoenix": "es",
    "America/Los_Angeles": "es",
    "Europe/Brussels": "fr",
    "Europe/Athens": "el",
}
