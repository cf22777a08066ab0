"""Whatever a service answers, clients read one form."""

import gzip
from collections.abc import Callable

import brotli
import orjson
import pytest
import requests

from gateway.tests.running import BASE, Reply, RunningGateway, bearer, exchange_bytes

Call = Callable[..., requests.Response]
JSON = {"Content-Type": "application/json"}


def answers(running: RunningGateway, reply: Reply) -> None:
    running.service.answering = lambda _: reply


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        pytest.param(Reply(), '{"status":"success","message":"Success","data":{"id":7}}', id="object"),
        pytest.param(Reply(201), '{"status":"success","message":"Created","data":{"id":7}}', id="created"),
        pytest.param(Reply(body=b"[]\n"), '{"status":"success","message":"Success","data":[]\n}', id="list"),
        pytest.param(
            Reply(headers={}, body=b""), '{"status":"success","message":"Success","data":null}', id="empty 200"
        ),
        pytest.param(
            Reply(202, headers=JSON, body=b""), '{"status":"success","message":"Success","data":null}', id="empty JSON"
        ),
        pytest.param(
            Reply(body=b'{"id":'),
            '{"status":"success","message":"Success","data":{"id":}',
            id="broken JSON passes as it is",
        ),
        pytest.param(Reply(chunked=True), '{"status":"success","message":"Success","data":{"id":7}}', id="chunked"),
    ],
)
def test_success_is_wrapped(running: RunningGateway, call: Call, reply: Reply, text: str) -> None:
    answers(running, reply)

    answer = call("GET", "/services/")

    assert (answer.text, answer.headers["Content-Type"]) == (text, "application/json")
    assert int(answer.headers["Content-Length"]) == len(text)


def test_the_services_sentence_is_kept_intact(running: RunningGateway, call: Call) -> None:
    sentence = 'Booked "it" 🎉\nnow'
    encoded = requests.utils.quote(sentence)
    answers(running, Reply(headers={**JSON, "Estuary-Message": encoded}))

    answer = call("GET", "/services/")

    assert answer.json()["message"] == sentence
    assert "Estuary-Message" not in answer.headers


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        pytest.param(
            "/auth/login/",
            b'{"access":"a","user":{"id":1}}',
            {"data": {"access": "a", "user": {"id": 1}}, "access": "a", "user": {"id": 1}},
            id="body repeated at the top",
        ),
        pytest.param("/auth/login/", b" {} ", {"data": {}}, id="nothing to repeat"),
        pytest.param("/auth/logout/", b'{"x":1}', {"data": {"x": 1}, "success": True}, id="a flag at the top"),
        pytest.param("/auth/email/verify/", b'{"x":1}', {"data": {"x": 1}}, id="neither elsewhere"),
    ],
)
def test_flat_twins(running: RunningGateway, call: Call, path: str, body: bytes, expected: dict) -> None:
    answers(running, Reply(body=body))

    answer = call("POST", path, json={})

    assert answer.json() == {"status": "success", "message": "Success", **expected}


@pytest.mark.parametrize(
    ("reply", "message", "code"),
    [
        pytest.param(
            Reply(400, body=b'{"message":"No.","code":"slot_taken","errors":{"a":["b"]}}'),
            "No.",
            "slot_taken",
            id="ours",
        ),
        pytest.param(
            Reply(500, {"Content-Type": "text/html"}, b"<h1>Traceback</h1>"),
            "Something went wrong on our side.",
            "internal_error",
            id="500 HTML",
        ),
        pytest.param(
            Reply(500, body=b'{"message":"psycopg2.Error","code":"weird"}'),
            "Internal Server Error",
            "weird",
            id="500 with details",
        ),
        pytest.param(
            Reply(503, body=b'{"message":"x","code":"service_unavailable"}'), "x", "service_unavailable", id="known 503"
        ),
        pytest.param(Reply(404, {"Content-Type": "text/html"}, b"<p>"), "Not found.", "not_found", id="404 HTML"),
        pytest.param(Reply(400, body=b"[1]"), "The data sent is not valid.", "validation_error", id="not an object"),
        pytest.param(Reply(418, body=b""), "The request could not be understood.", "bad_request", id="odd status"),
    ],
)
def test_errors_have_one_form(running: RunningGateway, call: Call, reply: Reply, message: str, code: str) -> None:
    answers(running, reply)

    answer = call("GET", "/services/")

    told = answer.json()
    assert answer.status_code == reply.status
    assert (told["status"], told["code"]) == ("error", code)
    assert told["request_id"] == answer.headers["X-Request-Id"]
    assert set(told) == {"status", "message", "code", "errors", "request_id"}
    if code != "validation_error":
        assert told["message"] == message


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(headers={"Content-Type": "text/html"}, body=b"<p>hi</p>"), id="HTML"),
        pytest.param(Reply(headers={"Content-Type": "text/csv"}, body=b"a,b"), id="CSV"),
        pytest.param(Reply(204, {}, b""), id="204"),
        pytest.param(Reply(302, {"Location": "/x"}, b""), id="redirect"),
        pytest.param(Reply(206, {"Content-Type": "application/json"}, b"{}"), id="206"),
        pytest.param(Reply(304, {"ETag": '"1"'}, b""), id="304"),
    ],
)
def test_anything_else_passes_unwrapped(running: RunningGateway, call: Call, reply: Reply) -> None:
    answers(running, reply)

    answer = call("GET", "/services/")

    assert (answer.status_code, answer.content) == (reply.status, reply.body)


def test_head_has_headers_and_no_body(running: RunningGateway, call: Call) -> None:
    answers(running, Reply(headers={**JSON, "ETag": '"5"'}, body=b"x" * 500))

    first, second = call("HEAD", "/services/"), call("HEAD", "/services/")

    assert first.status_code == second.status_code == 200
    assert (first.content, first.headers["ETag"]) == (b"", 'W/"5"')
    assert "Content-Length" not in first.headers


def test_large_answers_stream_in_their_envelope(running: RunningGateway, call: Call) -> None:
    body = orjson.dumps({"rows": ["x" * 100] * 50_000})

    for chunked in (False, True):
        answers(running, Reply(body=body, chunked=chunked))
        answer = call("GET", "/services/", headers={"Accept-Encoding": "identity"})
        assert answer.json()["data"] == orjson.loads(body)
        assert ("Content-Length" in answer.headers) is not chunked


def test_a_large_error_is_still_an_error_envelope(running: RunningGateway, call: Call) -> None:
    answers(running, Reply(500, {"Content-Type": "text/html"}, b"<p>" * 100_000))

    assert call("GET", "/services/").json()["code"] == "internal_error"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("br;q=0", ""), ("identity", ""), ("*", "br")],
)
def test_text_is_compressed_as_the_client_accepts(running: RunningGateway, accepted: str, coding: str) -> None:
    for size in (2_000, 200_000):
        answers(running, Reply(body=b'"' + b"x" * size + b'"'))
        raw = exchange_bytes(
            running.port,
            f"GET {BASE}/services/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".encode()
            + f"Accept-Encoding: {accepted}\r\n\r\n".encode(),
        )
        head, _, body = raw.partition(b"\r\n\r\n")
        if b"Transfer-Encoding: chunked" in head:
            body = dechunked(body)
        assert (f"Content-Encoding: {coding}".encode() in head) is bool(coding)
        plain = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}[coding](body)
        assert plain == b'{"status":"success","message":"Success","data":"' + b"x" * size + b'"}'


def dechunked(body: bytes) -> bytes:
    plain = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        plain, body = plain + body[: int(size, 16)], body[int(size, 16) + 2 :]
    return plain


def test_answers_that_may_hold_tokens_are_never_compressed(running: RunningGateway, call: Call) -> None:
    answers(running, Reply(body=b'{"access":"' + b"x" * 5000 + b'"}'))

    answer = call("POST", "/auth/login/", json={}, headers={"Accept-Encoding": "br, gzip"})

    assert "Content-Encoding" not in answer.headers


def test_entity_tags_are_weak_outside_and_strong_inside(running: RunningGateway, call: Call) -> None:
    answers(running, Reply(headers={**JSON, "ETag": '"17"'}))

    answer = call("GET", "/services/", headers={"If-None-Match": 'W/"16", "15"', "If-Match": 'W/"16"'})

    seen = running.service.seen[-1]
    assert answer.headers["ETag"] == 'W/"17"'
    assert seen.headers["if-none-match"] == 'W/"16", "16", W/"15", "15"'
    assert seen.headers["if-match"] == '"16"'


def test_what_services_say_about_themselves_is_left_out(running: RunningGateway, call: Call) -> None:
    answers(running, Reply(headers={**JSON, "X-Powered-By": "x", "Server": "y", "Access-Control-Allow-Origin": "*"}))

    answer = call("GET", "/services/", headers=bearer())

    assert not {"X-Powered-By", "Server", "Access-Control-Allow-Origin"} & set(answer.headers)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_a_public_file_keeps_its_services_policy(running: RunningGateway, call: Call) -> None:
    policy = "default-src 'none'; sandbox"
    answers(running, Reply(headers={"Content-Type": "image/png", "Content-Security-Policy": policy}, body=b"png"))

    answer = call("GET", "/media/7/content/")

    assert (answer.content, answer.headers["Content-Security-Policy"]) == (b"png", policy)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_a_file_passed_untouched_keeps_its_tag_for_ranges(running: RunningGateway, call: Call) -> None:
    part = {"Content-Type": "video/mp4", "ETag": '"abc"', "Content-Range": "bytes 0-2/9"}
    answers(running, Reply(206, part, b"png"))

    answer = call("GET", "/media/7/content/", headers={"Range": "bytes=0-2", "If-Range": '"abc"'})

    assert (answer.status_code, answer.headers["ETag"], answer.headers["Content-Range"]) == (
        206,
        '"abc"',
        "bytes 0-2/9",
    )
    assert running.service.seen[-1].headers["range"] == "bytes=0-2"
    assert running.service.seen[-1].headers["if-range"] == '"abc"'


def test_a_file_tells_its_length_before_it_is_fetched(running: RunningGateway, call: Call) -> None:
    answers(running, Reply(headers={"Content-Type": "video/mp4"}, body=b"x" * 9000))

    assert call("HEAD", "/media/7/content/").headers["Content-Length"] == "9000"
