"""The document names every operation, says who may call it, and what it refuses."""

from typing import Any

import pytest

from shared.testing.http import Caller

# fmt: off
OPERATIONS = [
    "review_questions_create", "review_questions_destroy", "review_questions_list", "review_questions_partial_update",
    "review_questions_retrieve", "reviews_can_review_retrieve", "reviews_create", "reviews_destroy", "reviews_list",
    "reviews_moderate_create", "reviews_moderation_log_retrieve", "reviews_moderation_retrieve",
    "reviews_my_reviews_retrieve", "reviews_partial_update", "reviews_pending_retrieve", "reviews_received_retrieve",
    "reviews_report_create", "reviews_reports_retrieve", "reviews_respond_create", "reviews_respond_destroy",
    "reviews_respond_partial_update", "reviews_retrieve", "reviews_revisions_retrieve", "reviews_statistics_retrieve",
    "reviews_unvote_destroy", "reviews_update", "reviews_vote_create",
]
# fmt: on


@pytest.fixture
def operations(http: Caller) -> dict[str, dict[str, Any]]:
    paths = http.get("/openapi.json").json["paths"]
    return {
        operation["operationId"]: operation
        for path in paths.values()
        for operation in path.values()
        if isinstance(operation, dict) and "operationId" in operation
    }


def test_every_operation_is_documented(operations: dict[str, dict[str, Any]]) -> None:
    assert sorted(operations) == OPERATIONS
    assert all(operation["summary"] and operation["x-permissions"] for operation in operations.values())


@pytest.mark.parametrize(
    ("operation", "status", "codes"),
    [
        ("reviews_create", "403", {"no_completed_booking", "window_closed", "own_service"}),
        ("reviews_create", "409", {"already_reviewed", "media_not_ready", "idempotency_conflict"}),
        ("reviews_respond_create", "409", {"already_responded", "not_published"}),
        ("reviews_moderate_create", "409", {"invalid_transition", "claimed_by_other"}),
        ("reviews_destroy", "409", {"review_locked", "invalid_transition", "claimed_by_other"}),
        ("reviews_report_create", "429", {"rate_limited"}),
    ],
)
def test_refusals_are_documented(
    operations: dict[str, dict[str, Any]], operation: str, status: str, codes: set[str]
) -> None:
    assert set(operations[operation]["responses"][status]["x-codes"]) >= codes
