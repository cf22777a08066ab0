"""Painting the demo's pictures: landscapes for services, initials for people. The same number, the same picture."""

import io
import random
from math import pi, sin

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from services.media.domain.demo_pictures import PORTRAIT_GROUNDS, Colour, Scene

WIDTH, HEIGHT, SIDE = 1600, 1000, 640
QUALITY = 86


def landscape(scene: Scene, *, number: int) -> bytes:
    """Return a JPEG of the scene; `number` moves its hills and its light."""
    chance = random.Random(number)  # noqa: S311 - it moves hills.
    image = _gradient(WIDTH, HEIGHT, scene.above, scene.below)
    _light(image, scene.light, at=(chance.randrange(300, WIDTH - 300), chance.randrange(180, 420)))
    for depth, colour in enumerate(scene.hills):
        _hill(image, colour, base=HEIGHT * (0.48 + 0.17 * depth), chance=chance)
    return _as_jpeg(image.filter(ImageFilter.GaussianBlur(1.2)))


def portrait(name: str, *, number: int) -> bytes:
    """Return a JPEG with the initials of a person."""
    ground = PORTRAIT_GROUNDS[number % len(PORTRAIT_GROUNDS)]
    darker = (int(ground[0] * 0.62), int(ground[1] * 0.62), int(ground[2] * 0.62))
    image = _gradient(SIDE, SIDE, ground, darker)
    initials = "".join(part[0] for part in name.split()[:2]).upper() or "E"
    font = ImageFont.load_default(size=SIDE * 0.38)
    ImageDraw.Draw(image).text((SIDE / 2, SIDE / 2), initials, fill=(255, 255, 255), font=font, anchor="mm")
    return _as_jpeg(image)


def _gradient(width: int, height: int, above: Colour, below: Colour) -> Image.Image:
    column = Image.new("RGB", (1, height))
    for y in range(height):
        share = y / (height - 1)
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(above, below, strict=True))
        column.putpixel((0, y), (red, green, blue))
    return column.resize((width, height))


def _light(image: Image.Image, colour: Colour, *, at: tuple[int, int]) -> None:
    glow = Image.new("L", (WIDTH // 4, HEIGHT // 4), 0)
    x, y = at[0] // 4, at[1] // 4
    draw = ImageDraw.Draw(glow)
    draw.ellipse((x - 62, y - 62, x + 62, y + 62), fill=90)
    glow = glow.filter(ImageFilter.GaussianBlur(18))
    ImageDraw.Draw(glow).ellipse((x - 18, y - 18, x + 18, y + 18), fill=235)
    mask = glow.filter(ImageFilter.GaussianBlur(1)).resize((WIDTH, HEIGHT))
    image.paste(Image.new("RGB", (WIDTH, HEIGHT), colour), mask=mask)


def _hill(image: Image.Image, colour: Colour, *, base: float, chance: random.Random) -> None:
    waves = [(chance.uniform(0.6, 2.6), chance.uniform(0, 2 * pi), chance.uniform(18, 62)) for _ in range(4)]
    line = [
        (x, base + sum(high * sin(often * 2 * pi * x / WIDTH + start) for often, start, high in waves))
        for x in range(0, WIDTH + 8, 8)
    ]
    ImageDraw.Draw(image).polygon([*line, (WIDTH + 8, HEIGHT), (0, HEIGHT)], fill=colour)


def _as_jpeg(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=QUALITY, progressive=True)
    return target.getvalue()
