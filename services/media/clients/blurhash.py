"""A picture in thirty characters, to be shown blurred until the picture is there.

Source: https://github.com/woltapp/blurhash/blob/master/Algorithm.md.
"""

import math

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_ACROSS, _DOWN = 4, 3


def encode(width: int, height: int, pixels: bytes) -> str:
    """Return the blurhash, four by three components, of RGB bytes."""
    light = [_linear(value) for value in range(256)]
    factors = [_factor(x, y, width, height, pixels, light) for y in range(_DOWN) for x in range(_ACROSS)]
    direct, others = factors[0], factors[1:]
    largest = max(abs(value) for factor in others for value in factor)
    scale = min(82, max(0, math.floor(largest * 166 - 0.5)))
    maximum = (scale + 1) / 166
    text = _base83((_ACROSS - 1) + (_DOWN - 1) * 9, 1) + _base83(scale, 1)
    red, green, blue = (_srgb(value) for value in direct)
    text += _base83((red << 16) + (green << 8) + blue, 4)
    for factor in others:
        red, green, blue = (_quantized(value / maximum) for value in factor)
        text += _base83(red * 361 + green * 19 + blue, 2)
    return text


def _factor(
    across: int, down: int, width: int, height: int, pixels: bytes, light: list[float]
) -> tuple[float, float, float]:
    columns = [math.cos(math.pi * across * x / width) for x in range(width)]
    red = green = blue = 0.0
    for y in range(height):
        row = math.cos(math.pi * down * y / height)
        place = y * width * 3
        for x in range(width):
            basis = columns[x] * row
            red += basis * light[pixels[place]]
            green += basis * light[pixels[place + 1]]
            blue += basis * light[pixels[place + 2]]
            place += 3
    scale = (1 if across == down == 0 else 2) / (width * height)
    return red * scale, green * scale, blue * scale


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _srgb(value: float) -> int:
    share = min(1.0, max(0.0, value))
    shown = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
    return int(shown * 255 + 0.5)


def _quantized(value: float) -> int:
    return min(18, max(0, math.floor(math.copysign(math.sqrt(abs(value)), value) * 9 + 9.5)))


def _base83(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83**place % 83] for place in reversed(range(length)))
