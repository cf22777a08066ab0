"""A person uploads pictures from a page in a real browser: to a signed address, and by a form.

The page stands on the front end's own origin, so what the browser asks for first (CORS) is asked here too.
"""

import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from deploy.local.stack import Stack
from tests.e2e.api import Refused, eventually
from tests.e2e.browser import Browser, installed
from tests.e2e.people import Person

PROGRAM = installed()
ORIGIN_PORT = 3000
PAGE = b"""<!doctype html><title>Upload</title>
<label>Photo <input type="file" id="photo"></label><p id="told"></p>
<script>
const told = document.getElementById('told'), photo = document.getElementById('photo')
const choose = async (width, height) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const paint = canvas.getContext('2d')
  paint.fillStyle = '#2a7f9e'; paint.fillRect(0, 0, width, height)
  const blob = await new Promise(done => canvas.toBlob(done, 'image/jpeg', 0.9))
  const chosen = new DataTransfer()
  chosen.items.add(new File([blob], 'from a browser.jpg', { type: 'image/jpeg' }))
  photo.files = chosen.files
  return photo.files[0]
}
const call = async (path, body) => {
  const answer = await fetch(window.api + path, {
    method: 'POST', headers: { Authorization: 'Bearer ' + window.token }, body })
  if (!answer.ok) throw new Error(path + ' ' + answer.status + ' ' + await answer.text())
  return (await answer.json()).data
}
const form = values => {
  const made = new FormData()
  for (const [name, value] of Object.entries(values)) made.append(name, value)
  return made
}
const show = async work => {
  told.textContent = ''
  try { told.textContent = JSON.stringify(await work()) } catch (failure) { told.textContent = 'failed: ' + failure }
}
window.toAddress = entity => show(async () => {
  const file = await choose(800, 600)
  const permitted = await call('/media/presigned_upload/', form({
    filename: file.name, content_type: file.type, file_size: file.size, ...entity }))
  const sent = await fetch(permitted.upload_url, {
    method: 'PUT', headers: { 'Content-Type': file.type, ...permitted.upload_headers }, body: file })
  if (!sent.ok) throw new Error('PUT ' + sent.status + ' ' + await sent.text())
  return call('/media/' + permitted.media_id + '/confirm_upload/')
})
window.byForm = entity => show(async () =>
  call('/media/upload/', form({ file: await choose(640, 480), title: 'By form', ...entity })))
window.display = url => show(() => new Promise((done, failed) => {
  const image = new Image()
  image.onload = () => done({ width: image.naturalWidth, height: image.naturalHeight })
  image.onerror = () => failed('not shown')
  image.src = url
}))
</script>"""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


class Page(BaseHTTPRequestHandler):
    """The front end, as far as this test goes."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser on a page of the front end's origin."""
    assert PROGRAM is not None
    try:
        server = ThreadingHTTPServer(("127.0.0.1", ORIGIN_PORT), Page)
    except OSError:
        pytest.skip(f"port {ORIGIN_PORT}, the front end's, is taken by somebody else")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Browser(PROGRAM) as running:
            running.open(f"http://localhost:{ORIGIN_PORT}/")
            yield running
    finally:
        server.shutdown()
        server.server_close()


def done(browser: Browser, order: str) -> dict[str, Any]:
    """Let the page do something, and return what it shows when that is done."""
    browser.evaluate(order)
    said = browser.until(lambda: browser.evaluate("document.getElementById('told').textContent") or None, order)
    assert said.startswith("{"), said
    shown: dict[str, Any] = browser.evaluate("JSON.parse(document.getElementById('told').textContent)")
    return shown


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed here: install chromium to run this")
def test_pictures_are_uploaded_from_a_page(stack: Stack, browser: Browser, client: Person) -> None:
    """Both ways end the same: a picture with a thumbnail, shown by its permanent address to anybody."""
    browser.evaluate(f"window.api = '{stack.url('').rstrip('/')}'; window.token = '{client.api.token}'")
    own = f"{{ entity_type: 'user', entity_id: '{client.user_id}' }}"

    by_address = done(browser, f"toAddress({own})")
    by_form = done(browser, f"byForm({own})")

    for made, size in ((by_address, (800, 600)), (by_form, (640, 480))):
        ready = eventually(lambda made=made: _ready(client, made["id"]), what="the picture is ready")  # type: ignore[misc]
        assert (ready["width"], ready["height"], ready["content_type"]) == (*size, "image/jpeg")
        assert ready["thumbnail_url"]
        path = ready["url"].partition("/api/v1/drf")[2]
        assert done(browser, f"display('{stack.url(path)}')") == {"width": size[0], "height": size[1]}
    assert by_form["title"] == "By form"
    assert by_address["filename"] == "from a browser.jpg"


def test_a_sound_is_sent_and_read_in_pieces(stack: Stack, client: Person) -> None:
    """What passes the gateway untouched: the very bytes, their type, and any range of them."""
    # A sound is kept as it came, a film is rewritten where ffmpeg is installed.
    sound = wave(bytes(range(256)) * 16_384)
    told = {"filename": "a.wav", "content_type": "audio/wav", "entity_type": "user", "entity_id": client.user_id}
    permitted = client.api.post("/media/presigned_upload/", {**told, "file_size": len(sound)})
    address = stack.url(permitted["upload_url"].partition("/api/v1/drf")[2])

    assert requests.put(address, data=sound[:-1], headers=permitted["upload_headers"], timeout=30).status_code == 400
    assert requests.put(address, data=sound, headers=permitted["upload_headers"], timeout=30).status_code == 200
    client.api.post(f"/media/{permitted['media_id']}/confirm_upload/")

    ready = eventually(lambda: _ready(client, permitted["media_id"]), what="the sound is ready")
    signed = stack.url(ready["signed_url"].partition("/api/v1/drf")[2])
    part = requests.get(signed, headers={"Range": "bytes=100-199"}, timeout=30)
    assert (part.status_code, part.content, part.headers["ETag"][0]) == (206, sound[100:200], '"')
    resumed = {"Range": f"bytes={len(sound) - 5}-", "If-Range": part.headers["ETag"]}
    assert requests.get(signed, headers=resumed, timeout=30).content == sound[-5:]
    assert requests.head(signed, timeout=30).headers["Content-Length"] == str(len(sound))
    assert requests.get(signed.partition("?")[0], timeout=30).status_code == 404


def wave(samples: bytes) -> bytes:
    """Return a sound of one channel, eight bits, 8,000 samples a second."""
    form = struct.pack("<HHIIHH", 1, 1, 8_000, 8_000, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _ready(person: Person, media_id: str) -> dict[str, Any] | None:
    found: dict[str, Any] = person.api.get(f"/media/{media_id}/")
    if found["status"] == "failed":
        raise Refused(found["error_message"])
    return found if found["status"] == "ready" else None
