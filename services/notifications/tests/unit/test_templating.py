"""Templates that people may edit: what they may say, and that their work is bounded."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError

from services.notifications.domain import rendering, samples
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.templating import OUTPUT_MAX, TemplateInvalid, check, render

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(source: str, *, is_html: bool = False, **values: Any) -> str:
    check(source, variables=values, is_html=is_html)
    return render(source, values, zone="Europe/Berlin", now=NOON, is_html=is_html)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ x.__class__ }}",
        "{{ x|attr('y') }}",
        "{% for i in range(9**9) %}{% endfor %}",
        "{{ 'a' * 10**9 }}",
        "{{ unknown }}",
        "{% if x %}",
        "{{ x|safe }}",
        "{% autoescape false %}{{ x }}{% endautoescape %}",
        "{% set y = x %}",
        "{% with y = x %}{% endwith %}",
        "{% include 'mail.html' %}",
        "{% import 'mail.html' as y %}",
        "{% extends 'mail.html' %}",
        "{% macro y() %}{% endmacro %}",
        "{{ '%0100000000d'|format(1) }}",
        "{{ '%0100000000d' % 1 }}",
        "{{ x() }}",
        "{{ x ~ x }}",
        "{{ x[0] }}",
        "{{ x|join(x) }}",
        "{{ x|upper|lower|upper|lower|upper }}",
        "{% for a in x recursive %}{% endfor %}",
        "{% for a in x %}{% for b in x %}{% for c in x %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in x|upper %}{% endfor %}",
        "{{ " + "(" * 3_000 + "x" + ")" * 3_000 + " }}",
        "x" * 20_001,
        "{% for a in x %}{% endfor %}" * 11,
        "{{ x is callable }}",
        "{{ lipsum }}{{ cycler }}",
    ],
)
def test_what_no_template_may_say(source: str) -> None:
    with pytest.raises(TemplateInvalid):
        check(source, variables=["x"])


def test_a_refusal_names_the_line() -> None:
    with pytest.raises(TemplateInvalid) as refused:
        check("one\ntwo\n{{ nope }}", variables=["x"])
    assert (refused.value.line, refused.value.reason) == (3, "Unknown variable: nope.")


@pytest.mark.parametrize(
    ("source", "values", "text"),
    [
        ("{{ x|money }}", {"x": 123_456}, "$1,234.56"),
        ("{{ x|money }}", {"x": -5}, "-$0.05"),
        ("{{ x|datetime }}", {"x": "2026-03-01T12:00:00+00:00"}, "Sun 1 Mar 2026, 13:00 (Europe/Berlin)"),
        ("{{ x|date }}, {{ x|time }}", {"x": NOON}, "1 Mar 2026, 13:00"),
        ("{{ x|relative }}", {"x": "2026-03-01T14:30:00+00:00"}, "in 2 hours"),
        ("{{ x|relative }}", {"x": "2026-02-26T12:00:00+00:00"}, "3 days ago"),
        ("{{ x }} {{ x|plural('place') }}", {"x": 2}, "2 places"),
        ("{% for a in x %}{{ a.b }}{% if not loop.last %},{% endif %}{% endfor %}", {"x": [{"b": 1}, {"b": 2}]}, "1,2"),
        ("{{ x|default('nobody') }}{% if y is none %}!{% endif %}", {"x": "A", "y": None}, "A!"),
        ("{{ x|urlencode }}", {"x": "a b&c"}, "a%20b%26c"),
    ],
)  # fmt: skip
def test_what_a_template_can_say(source: str, values: dict[str, Any], text: str) -> None:
    assert said(source, **values) == text


def test_markup_in_values_is_escaped_in_html_only() -> None:
    assert said("{{ x }}", x="<b>", is_html=True) == "&lt;b&gt;"
    assert said("{{ x }}", x="<b>") == "<b>"


def test_nothing_of_an_object_can_be_reached() -> None:
    with pytest.raises(TemplateError):
        said("{{ x.items }}", x={"name": "a"})
    with pytest.raises(TemplateError):
        said("{{ x.upper }}", x="text")


def test_output_ends_at_its_limit_and_soon() -> None:
    began = time.thread_time()
    source = "{% for a in x %}{% for b in x %}" + "y" * 10_000 + "{% endfor %}{% endfor %}"
    with pytest.raises(TemplateInvalid):
        said(source, x=list(range(10_000)))
    assert time.thread_time() - began < 1
    assert OUTPUT_MAX == 200_000


def test_a_value_that_does_not_fit_is_an_error_of_the_template() -> None:
    for source, value in (("{{ x|money }}", "text"), ("{{ x|date }}", 5), ("{{ x|datetime }}", "yesterday")):
        with pytest.raises(TemplateError):
            said(source, x=value)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{}%|()[]'\"xy. \n*+-<>=~if", max_size=60))
def test_whatever_is_typed_is_refused_or_works(source: str) -> None:
    try:
        check(source, variables=["x", "y"])
        render(source, {"x": "a", "y": [1, 2]}, zone="UTC", now=NOON)
    except (TemplateInvalid, TemplateError):
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_words_that_fit_its_sample(kind: str) -> None:
    for channel in KINDS[kind].channels:
        words = rendering.shipped(kind, channel, "en")
        for source in (words.subject, words.body, *(fact for _, fact in words.facts)):
            check(source, variables=samples.variables(kind))
        told = rendering.put_into_words(words, samples.sample(kind), zone="Europe/Berlin", now=NOON)
        assert told.subject
        assert told.body
        assert "None" not in told.subject + told.body


def test_kinds_words_and_samples_name_the_same() -> None:
    assert {*KINDS, rendering.PLAIN} == set(rendering._texts("en"))
    assert set(KINDS) == set(samples._SAMPLES)


@pytest.mark.parametrize(
    ("wanted", "got"), [("en", "en"), ("en-GB", "en"), ("de", "en"), ("../../etc/passwd", "en"), ("", "en")]
)
def test_a_language_we_do_not_have_is_english(wanted: str, got: str) -> None:
    assert rendering.available(wanted) == got
