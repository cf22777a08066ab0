"""Links that stay on the front end."""

from services.notifications.settings import settings


def on_front_end(url: str) -> str | None:
    """Return the absolute address of a path, or of an address on the front end; None for everything else."""
    base = settings().frontend_url
    path = url.removeprefix(base) if url == base or url.startswith((f"{base}/", f"{base}?")) else url
    if path and (not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path):
        return None
    return base + path
