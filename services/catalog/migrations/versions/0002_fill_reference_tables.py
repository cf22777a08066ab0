"""Fill languages, categories and modalities that a new marketplace starts with.

Revision: catalog_0002
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "catalog_0002"
down_revision = "catalog_0001"
branch_labels = None
depends_on = None

RIGHT_TO_LEFT = {"ar", "fa", "he", "ur", "yi"}
LANGUAGES = """
en English English|es Spanish Español|fr French Français|de German Deutsch|it Italian Italiano|pt Portuguese Português
nl Dutch Nederlands|pl Polish Polski|sv Swedish Svenska|da Danish Dansk|no Norwegian Norsk|fi Finnish Suomi
cs Czech Čeština|sk Slovak Slovenčina|hu Hungarian Magyar|ro Romanian Română|bg Bulgarian Български|el Greek Ελληνικά
uk Ukrainian Українська|ru Russian Русский|sr Serbian Српски|hr Croatian Hrvatski|sl Slovenian Slovenščina
lt Lithuanian Lietuvių|lv Latvian Latviešu|et Estonian Eesti|ga Irish Gaeilge|is Icelandic Íslenska|ca Catalan Català
eu Basque Euskara|gl Galician Galego|tr Turkish Türkçe|ar Arabic العربية|he Hebrew עברית|fa Persian فارسی|ur Urdu اردو
hi Hindi हिन्दी|bn Bengali বাংলা|pa Punjabi ਪੰਜਾਬੀ|ta Tamil தமிழ்|te Telugu తెలుగు|mr Marathi मराठी|gu Gujarati ગુજરાતી
zh Chinese 中文|ja Japanese 日本語|ko Korean 한국어|vi Vietnamese Tiếng-Việt|th Thai ไทย|id Indonesian Bahasa-Indonesia
ms Malay Bahasa-Melayu|tl Tagalog Tagalog|sw Swahili Kiswahili|am Amharic አማርኛ|yo Yoruba Yorùbá|ig Igbo Igbo|zu Zulu isiZulu
af Afrikaans Afrikaans|sq Albanian Shqip|hy Armenian Հայերեն|ka Georgian ქართული|ne Nepali नेपाली|yi Yiddish ייִדיש
"""
CATEGORIES = (
    ("Massage & Bodywork", "hand", "Hands-on work for muscles, fascia and rest."),
    ("Energy Healing", "sparkles", "Reiki and other work with subtle energy."),
    ("Yoga & Movement", "activity", "Postures, breath and mindful movement."),
    ("Meditation & Mindfulness", "sun", "Quiet practice for attention and calm."),
    ("Breathwork", "wind", "Guided breathing, from gentle to deep."),
    ("Coaching", "compass", "Conversations about life, work and habits."),
    ("Nutrition & Ayurveda", "leaf", "Food, herbs and daily rhythm."),
    ("Sound Healing", "music", "Bowls, gongs and voice."),
    ("Acupuncture & Chinese Medicine", "target", "Needles, herbs and qi gong."),
    ("Astrology & Divination", "moon", "Charts, cards and numbers."),
    ("Parenthood & Birth", "heart", "Before, during and after birth."),
    ("Therapy & Counselling", "message-circle", "Talking with a trained listener."),
)
FAMILIES = (
    ("Bodywork", "#8C6A5D", ("Massage", "Deep Tissue Massage", "Thai Massage", "Craniosacral Therapy", "Shiatsu")),
    ("Energy work", "#7A6FA8", ("Reiki", "Pranic Healing", "Crystal Healing", "Chakra Balancing")),
    ("Movement", "#5D8C7B", ("Yoga", "Yin Yoga", "Qi Gong", "Tai Chi", "Pilates", "Somatic Movement")),
    ("Mind", "#5D7A8C", ("Meditation", "Mindfulness", "Hypnotherapy", "Life Coaching", "Breathwork")),
    ("Sound", "#A88F5D", ("Sound Healing", "Voice Work")),
    ("Medicine", "#6F8C5D", ("Acupuncture", "Ayurveda", "Herbalism", "Nutrition Coaching", "Homeopathy")),
    ("Insight", "#8C5D7A", ("Astrology", "Tarot", "Human Design", "Numerology")),
)
GRAY = {"Hypnotherapy", "Homeopathy", "Acupuncture"}


def upgrade() -> None:
    table = {
        name: sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())
        for name in ("languages", "service_categories", "modality_categories", "modalities", "modality_links")
    }
    named = [entry.split() for line in LANGUAGES.split("\n") for entry in line.split("|") if entry]
    op.bulk_insert(
        table["languages"],
        [
            {
                "id": number,
                "code": code,
                "name": name,
                "native_name": native.replace("-", " "),
                "is_rtl": code in RIGHT_TO_LEFT,
            }
            for number, (code, name, native) in enumerate(named, start=1)
        ],
    )
    op.bulk_insert(
        table["service_categories"],
        [
            {
                "name": name,
                "slug": _slug(name),
                "icon": icon,
                "description": told,
                "is_active": True,
                "is_featured": position < 6,
                "position": position,
                "version": 1,
            }
            for position, (name, icon, told) in enumerate(CATEGORIES)
        ],
    )
    position = 0
    for family_position, (family, color, modalities) in enumerate(FAMILIES):
        statement = sa.insert(table["modality_categories"]).values(
            name=family,
            slug=_slug(family),
            short_description="",
            color=color,
            position=family_position,
            is_active=True,
            version=1,
        )
        family_id = op.get_bind().execute(statement.returning(table["modality_categories"].c.id)).scalar_one()
        ids = []
        for name in modalities:
            row = sa.insert(table["modalities"]).values(
                name=name,
                slug=_slug(name),
                category_id=family_id,
                cluster=family,
                gray_zone=name in GRAY,
                is_active=True,
                is_featured=name == modalities[0],
                position=position,
                benefits=[],
                faqs=[],
                seo_secondary_keywords=[],
                version=1,
            )
            ids.append(op.get_bind().execute(row.returning(table["modalities"].c.id)).scalar_one())
            position += 1
        pairs = [{"modality_id": one, "related_id": other} for one in ids for other in ids if one != other]
        op.bulk_insert(table["modality_links"], pairs)


def downgrade() -> None:
    for name in ("modality_links", "modalities", "modality_categories", "service_categories", "languages"):
        op.execute(sa.text(f"DELETE FROM {name}"))  # noqa: S608 - our own names.


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
