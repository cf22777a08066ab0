"""Rules and dashboards speak of figures that exist, and every alarm says what to do."""

import shutil
import subprocess

import pytest

from deploy.observability import names
from deploy.observability.dashboards import ALL, as_json, main


def test_every_figure_that_is_read_is_told_by_the_code() -> None:
    assert names.missing(names.told()) == {}


def test_a_figure_that_nobody_tells_is_found_out() -> None:
    without = names.told() - {"estuary_outbox_oldest_seconds"}

    assert set(names.missing(without)) == {"estuary_outbox_oldest_seconds"}


@pytest.mark.parametrize(
    ("expression", "series"),
    [
        ('sum by (service) (rate(a_total{status=~"5..",x="y{z}"}[5m])) / on (service) b:c:d', {"a_total", "b:c:d"}),
        ("histogram_quantile(0.99, sum by (le) (rate(h_bucket[5m]))) > 2 and g > bool 1e3", {"h_bucket", "g"}),
        ("time() - max without (part) (beat offset 5m)", {"beat"}),
    ],
)
def test_the_series_of_an_expression_are_found(expression: str, series: set[str]) -> None:
    assert names.named_in(expression) == series


def test_every_alarm_says_how_bad_it_is_what_is_broken_and_what_to_do() -> None:
    alerts = [rule for rule in names.rules() if "alert" in rule]

    assert len({rule["alert"] for rule in alerts}) == len(alerts)
    for rule in alerts:
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        assert rule["labels"]["promise"], rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert rule["annotations"]["action"], rule["alert"]


@pytest.mark.parametrize(
    "promise", ["R2", "R4", "R5", "R7", "R8", "R9", "R10", "R14", "R15", "R18", "R19", "R20", "R21"]
)
def test_a_promise_that_can_break_unseen_has_its_alarm(promise: str) -> None:
    assert any(rule.get("labels", {}).get("promise") == promise for rule in names.rules())


def test_dashboards_are_what_the_code_says() -> None:
    assert main(["--check"]) == 0
    assert len({dashboard.uid for dashboard in ALL}) == len(ALL)
    assert all('"panels"' in as_json(dashboard) for dashboard in ALL)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus' own tool is not installed")
@pytest.mark.parametrize("command", [["check", "config", "prometheus.yml"], ["test", "rules", "tests/alerts.yml"]])
def test_prometheus_itself_is_content(command: list[str]) -> None:
    done = subprocess.run(["promtool", *command], cwd=names.FOLDER, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
