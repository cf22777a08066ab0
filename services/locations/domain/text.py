"""Texts of places: how they are compared, searched and put into addresses of pages."""

import re
import unicodedata
from collections.abc import Iterable
from html import escape

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE"})
_LETTERS |= str.maketrans(
    {"œ": "oe", "Œ": "OE", "ı": "i", "þ": "th", "ð": "d", "ʻ": "", "ʼ": "", "'": "", "\u2019": ""}
)

_SIGNS = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """Return a text as it is compared: no accents, no case, only letters and digits between single spaces."""
    kept = text.translate(_LETTERS)
    if not kept.isascii():
        plain = unicodedata.normalize("NFKD", kept)
        kept = unicodedata.normalize("NFC", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    return " ".join(_SIGNS.sub(" ", kept).lower().split())


def search_text(names: Iterable[str]) -> str:
    """Return what a place is found by: every name folded, each between ` ` and `|`, so that words begin after ` `."""
    different = dict.fromkeys(filter(None, map(folded, names)))
    return "".join(f" {name}|" for name in different)


def slug_of(name: str) -> str:
    """Return the ASCII slug of a name; empty where nothing is left of it."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:100].strip("-")


def highlighted(text: str, asked: str) -> str:
    """Return the text as HTML, with the first word that begins as asked in <em>."""
    wanted = folded(asked)
    for found in re.finditer(r"\w+", text) if wanted else ():
        start = found.start()
        ends = [end for end in range(start + 1, len(text) + 1) if folded(text[start:end]) == wanted]
        if ends:
            # An accent may be a letter of its own behind the letter: take it along, but no space or sign.
            end = max(end for end in ends if text[ends[0] : end].isalnum() or end == ends[0])
            return f"{escape(text[:start])}<em>{escape(text[start:end])}</em>{escape(text[end:])}"
    return escape(text)


def normalised(text: str) -> str:
    """Return what was typed in one form: full-width letters and digits as usual ones, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def flag_of(code: str) -> str:
    """Return the emoji of a country's flag."""
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code)


def zip_digits(code: str, country: str) -> str:
    """Return a postal code as it is kept: US ZIP+4 cut to five, upper case."""
    asked = code.strip().upper()
    if country == "US" and re.fullmatch(r"[0-9]{5}-?[0-9]{4}", asked, re.ASCII):
        return asked[:5]
    return asked
