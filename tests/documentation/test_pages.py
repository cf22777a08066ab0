"""Swagger UI and ReDoc as a front-end developer uses them."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local.stack import Stack
from gateway.settings import SERVICES
from tests.documentation.browser import Browser, program
from tests.e2e.people import PASSWORD, Person, register

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(program() is None, reason="needs Chromium, which is not installed"),
]

# A folder to keep pictures in, for people to look at.
PICTURES = os.environ.get("ESTUARY_PICTURES", "")


@pytest.fixture
def person(stack: Stack) -> Person:
    return register(stack, "reader")


def _browse(work: Callable[[Browser], Awaitable[Any]]) -> Any:
    async def within() -> Any:
        async with Browser() as browser:
            return await work(browser)

    return asyncio.run(within())


async def _keep(browser: Browser, name: str) -> None:
    if PICTURES:
        await browser.picture(Path(PICTURES) / f"{name}.png")


def _other_hosts(browser: Browser, stack: Stack) -> list[str]:
    own = urlsplit(stack.profile.public_url).port
    pages = [urlsplit(url) for url in browser.requested if url.startswith(("http", "ws"))]
    return [url.geturl() for url in pages if url.hostname not in {"127.0.0.1", "localhost"} or url.port != own]


# Whether the page would show the button of an operation that it is still reading.
SHOWS_TOO_EARLY = """(made => {
  made.innerHTML = '<div class="opblock-body"><svg class="opblock-loading-animation"></svg>'
    + '<div class="execute-wrapper"><button>Execute</button></div></div>';
  document.body.append(made);
  const shown = made.querySelector("button").checkVisibility();
  made.remove();
  return shown;
})(document.createElement("div"))"""


async def _try_out(browser: Browser, operation: str, body: str = "") -> dict[str, Any]:
    """Open an operation, which can be tried out at once, press Execute once it is seen, and return the answer shown."""
    block = f"#operations-{operation}"
    shown = f"document.querySelector('{block} .live-responses-table code.language-json')?.textContent"
    await browser.click(f"{block} .opblock-summary-control")
    if body:
        await browser.until(f"!!document.querySelector('{block} textarea.body-param__text')", what="the body's field")
        await browser.write(f"{block} textarea.body-param__text", body)
    await browser.until(f"document.querySelector('{block} .execute')?.checkVisibility()", what="the button")
    await browser.click(f"{block} .execute")
    told: dict[str, Any] = json.loads(await browser.until(shown, what=f"the answer of {operation}"))
    return told


def test_sign_in_authorize_and_try_out(stack: Stack, person: Person) -> None:
    """From nothing to a protected operation's answer, in the page alone."""

    async def use(browser: Browser) -> tuple[Any, ...]:
        await browser.open(f"{stack.profile.public_url}/api/v1/drf/docs/")
        await browser.until("document.querySelectorAll('.opblock-tag').length > 20", what="the operations")
        assert await browser.run(SHOWS_TOO_EARLY) is False
        for tag in ("authentication", "account"):
            await browser.click(f'.opblock-tag[data-tag="{tag}"]')
        credentials = json.dumps({"email": person.email, "password": PASSWORD})
        signed_in = await _try_out(browser, "authentication-auth_login", credentials)
        await browser.click(".auth-wrapper .authorize")
        await browser.write(".auth-container input", signed_in["data"]["access_token"])
        await browser.click(".auth-btn-wrapper .authorize")
        await browser.click(".auth-btn-wrapper .btn-done")
        me = await _try_out(browser, "account-auth_me")
        await _keep(browser, "swagger")
        return signed_in, me, _other_hosts(browser, stack), browser.complaints

    signed_in, me, others, complaints = _browse(use)

    assert signed_in["data"]["user"]["email"] == person.email
    assert (me["status"], me["data"]["id"]) == ("success", person.user_id)
    assert others == []
    assert complaints == []


def test_redoc_shows_what_a_service_does_and_leads_to_the_others(stack: Stack) -> None:
    async def use(browser: Browser) -> tuple[list[str], str, list[str], list[str]]:
        page = f"{stack.profile.public_url}/api/v1/drf/docs/redoc/"
        await browser.open(page)
        names = await browser.until(
            "[...document.querySelectorAll('#services a')].map(a => a.textContent)", what="links"
        )
        await browser.until(_shows("second-factor"), what="the first service's menu")
        await browser.click("#services a[href='?service=payments']")
        text = await browser.until(_shows("payouts"), what="the chosen service's menu")
        await _keep(browser, "redoc")
        # Drawing everything takes long; here it is enough that everything is asked for.
        await browser.open(f"{page}?service=all")
        await browser.asks_for("/schema/")
        return names, text, _other_hosts(browser, stack), browser.complaints

    names, text, others, complaints = _browse(use)

    assert names == [*sorted(SERVICES), "all"]
    assert "second-factor" not in text
    assert "Something went wrong" not in text
    assert others == []
    assert complaints == []


def _shows(word: str) -> str:
    return f"(t => t.includes('{word}') && t)(document.querySelector('#page .menu-content')?.innerText ?? '')"
