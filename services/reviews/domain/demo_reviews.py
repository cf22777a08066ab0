"""What people in the demo say of what they booked, and what practitioners answer."""

from typing import NamedTuple


class Said(NamedTuple):
    """A review of the demo; `answers` are stars, yes or no, and words, to the demo's three questions."""

    rating: int
    comment: str
    is_anonymous: bool = False
    answers: tuple[int, bool, str] | None = None
    response: str = ""
    helpful: int = 0


QUESTIONS = (
    ("How welcome did you feel?", "rating"),
    ("Would you book again?", "boolean"),
    ("What should others know before their first visit?", "text"),
)

REVIEWS = (
    Said(500, "I came in with a stiff neck and left lighter than I have been in months. Calm room, unhurried, and the "
         "pressure was exactly right.", answers=(5, True, "Come ten minutes early, the tea is part of it."),
         response="Thank you! Your neck did most of the work. See you in spring.", helpful=4),
    Said(450, "Very good session, clear explanations of what would happen and why. Half a star off because the street "
         "outside was loud.", answers=(5, True, "Ask for the room at the back."), helpful=2),
    Said(500, "", answers=(5, True, "Just go.")),
    Said(400, "Solid and professional. I would have liked a little more time at the end to ask questions.",
         response="That is fair. I have added ten minutes between sessions for exactly this.", helpful=3),
    Said(500, "After years of trying to meditate on my own this was the first time something shifted.",
         is_anonymous=True, helpful=5),
    Said(300, "Nice person, but we started late and it felt rushed. The second half was good.",
         answers=(3, False, "Plan a buffer."),
         response="I am sorry that we started late. Write to me, and the next one is on me.", helpful=1),
    Said(500, "Third time here, and I keep coming back. Attentive without being intrusive."),
    Said(475, "Beautiful space and a very thoughtful practitioner. I slept better than I have in weeks.",
         answers=(5, True, "Bring warm socks."), helpful=2),
    Said(450, "A gentle introduction. I was nervous, and within five minutes I was not.", is_anonymous=True),
    Said(200, "Not for me. The approach was much more talking than I expected from the description.",
         answers=(3, False, "Read the whole description first."),
         response="Thank you for saying so. I have made the description clearer."),
    Said(500, "Worth every cent. The exercises for at home are simple enough that I actually do them.", helpful=3),
    Said(425, "Good technique, friendly, on time."),
    Said(500, "I brought my mother, who is eighty and sceptical. She has already asked when we go again.", helpful=6,
         response="Please tell her that I have practised my jokes since."),
    Said(450, "Thorough intake, and everything was adapted to my old knee injury without a fuss."),
    Said(350, "Good in itself, but the directions in the confirmation led me to the wrong entrance.",
         answers=(4, True, "The door is around the corner."),
         response="Thank you, the directions are mended.", helpful=1),
    Said(500, "Slow, precise, kind. I had forgotten that an hour can be this long.",
         answers=(5, True, "Nothing at all.")),
    Said(475, "The online version worked better than I thought: good camera, good sound, real attention."),
    Said(400, "Lovely start, slightly hurried end. I would still book again.", is_anonymous=True),
    Said(500, "Helped me through a difficult autumn. Always on time, always prepared.", helpful=2),
    Said(450, "My first time, and everything was explained before it happened.", answers=(5, True, "Ask anything.")),
)  # fmt: skip
