"""Where a browser goes from the sandbox's pages."""

from urllib.parse import urlencode, urlsplit

from aiohttp import web

from .errors import Body


def success_url(session: Body) -> str:
    """Return where a paid session leads back to."""
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


def returning(url: str, intent: Body) -> str:
    """Return the address to which a payer comes back, with how the intent ended, as Stripe adds it."""
    status = "succeeded" if intent["status"] == "succeeded" else "failed"
    told = urlencode(
        {
            intent["object"]: intent["id"],
            f"{intent['object']}_client_secret": intent["client_secret"],
            "redirect_status": status,
        }
    )
    return f"{url}{'&' if urlsplit(url).query else '?'}{told}"


def see_other(url: str) -> web.Response:
    """Send the browser on."""
    return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})
