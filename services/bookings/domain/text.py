"""Text in the form it is searched in."""

import unicodedata


def folded(*texts: str | None) -> str:
    """Return the words of `texts` in lower case and without accents."""
    joined = " ".join(text for text in texts if text)
    decomposed = unicodedata.normalize("NFKD", joined.casefold())
    return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).split())


def like_escaped(text: str) -> str:
    """Return `text` so that LIKE takes each character for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
