"""The demo's pictures: what they show, not how they are painted."""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Scene:
    """A quiet landscape: a sky from one colour to another, hills in front of each other, a sun or moon."""

    name: str
    words: str
    above: Colour
    below: Colour
    hills: tuple[Colour, ...]
    light: Colour


SCENES = (
    Scene(
        "morning-mist.jpg",
        "Hills in the morning mist",
        (246, 214, 178),
        (252, 240, 222),
        ((176, 190, 178), (128, 152, 142), (84, 112, 104)),
        (255, 246, 214),
    ),
    Scene(
        "still-lake.jpg",
        "A still lake at dusk",
        (92, 98, 148),
        (236, 176, 150),
        ((96, 88, 128), (66, 66, 106), (42, 48, 82)),
        (255, 226, 190),
    ),
    Scene(
        "forest-light.jpg",
        "Light over a forest",
        (206, 226, 206),
        (240, 244, 226),
        ((142, 176, 138), (96, 136, 98), (58, 96, 68)),
        (255, 252, 226),
    ),
    Scene(
        "desert-evening.jpg",
        "A desert in the evening",
        (224, 142, 108),
        (250, 214, 164),
        ((206, 146, 104), (176, 112, 80), (134, 80, 62)),
        (255, 232, 180),
    ),
    Scene(
        "winter-sun.jpg",
        "Low sun over snow",
        (188, 208, 226),
        (244, 246, 248),
        ((210, 222, 232), (172, 190, 208), (130, 152, 176)),
        (255, 250, 236),
    ),
    Scene(
        "night-garden.jpg",
        "A garden by night",
        (22, 32, 60),
        (64, 84, 116),
        ((40, 60, 84), (28, 44, 62), (16, 28, 42)),
        (238, 240, 222),
    ),
)


def scene_of(number: int) -> Scene:
    """Return the scene of the demo's picture `number`."""
    return SCENES[number % len(SCENES)]


PORTRAIT_GROUNDS: tuple[Colour, ...] = (
    (178, 198, 186),
    (214, 190, 168),
    (176, 186, 208),
    (206, 178, 184),
    (190, 204, 170),
    (208, 202, 178),
)
