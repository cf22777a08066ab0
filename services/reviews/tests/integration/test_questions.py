"""Structured questions, and what reviews answer to them."""

from typing import Any

from services.reviews.tests.world import CLIENT, OTHER, World, Write
from shared.testing.http import Answer, Caller


def test_questions(world: World, write: Write, http: Caller, staff: Caller) -> None:
    asked = {"question": "Was it warm?", "question_type": "boolean", "order": 2, "applies_to": "service"}
    first = staff.post("/review-questions/", asked)
    second = staff.post("/review-questions/", {"question": "Words?", "question_type": "text", "order": 1})
    assert (first.status, http.as_user(OTHER).post("/review-questions/", asked).status) == (201, 403)
    path = f"/review-questions/{first.json['id']}/"

    listed = http.get("/review-questions/").json["results"]
    assert [one["question"] for one in listed] == ["Words?", "Was it warm?"]
    assert [one["question"] for one in http.get("/review-questions/?applies_to=practitioner").json["results"]] == [
        "Words?"
    ]
    assert http.get("/review-questions/?search=warm").json["count"] == 1
    assert staff.having(If_Match='"9"').patch(path, {"order": 3}).status == 412
    assert staff.patch(path, {"question_type": "rating"}).json["question_type"] == "rating"
    write(answers=[{"question_id": first.json["id"], "rating_answer": 5}, _said(second)])

    assert staff.patch(path, {"question_type": "text"}).code == "question_type_immutable"
    assert staff.delete(path).code == "question_in_use"
    assert staff.patch(path, {"is_active": False}).status == 200
    assert (http.get(path).status, staff.get(path).status) == (404, 200)
    assert (http.get("/review-questions/").json["count"], staff.get("/review-questions/").json["count"]) == (1, 2)
    third = staff.post("/review-questions/", {"question": "New?", "question_type": "text"}).json["id"]
    assert staff.delete(f"/review-questions/{third}/").status == 204


def _said(question: Answer) -> dict[str, Any]:
    return {"question_id": question.json["id"], "text_answer": "Words"}


def test_answers(world: World, write: Write, http: Caller, staff: Caller) -> None:
    asked = {
        kind: staff.post("/review-questions/", {"question": f"{kind}?", "question_type": kind}).json["id"]
        for kind in ("rating", "text", "boolean")
    }
    good = {"rating": 4, "text": "Good", "boolean": True}
    full = [{"question_id": asked[kind], f"{kind}_answer": value} for kind, value in good.items()]

    for place, broken in (
        (0, [{"question_id": 10**6, "rating_answer": 3}]),
        (0, [{"question_id": asked["rating"], "rating_answer": 6}]),
        (0, [{"question_id": asked["rating"], "text_answer": "four"}]),
        (0, [{"question_id": asked["text"], "text_answer": " "}]),
        (0, [{"question_id": asked["rating"], "rating_answer": 3, "boolean_answer": True}]),
        (3, [*full, full[0]]),
    ):
        answer = write(answers=broken)
        assert answer.status == 400
        assert all(name.startswith(f"answers.{place}.") for name in answer.errors), answer
    assert list(write(answers=full[:1]).errors) == ["answers"]
    assert write(answers=[]).status == 201
    assert write(answers=[{**full[0], "text_answer": "", "boolean_answer": None}, *full[1:]]).status == 201

    made = write(answers=full).json
    assert [one["question"]["question_type"] for one in made["answers"]] == ["rating", "text", "boolean"]
    path = f"/reviews/{made['public_uuid']}/"
    changed = http.as_user(CLIENT).patch(path, {"answers": [{**full[0], "rating_answer": 1}, *full[1:]]})
    assert (changed.json["answers"][0]["rating_answer"], changed.json["is_edited"]) == (1, True)
    none = http.as_user(CLIENT).patch(path, {"answers": []})
    assert none.status == 200, none
    assert none.json["answers"] == []
