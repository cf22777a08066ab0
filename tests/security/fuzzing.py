"""Inputs that the merged document allows, and every answer held against it. Schemathesis makes and judges both."""

import random
from collections.abc import Mapping
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.security.operations import ENDS_THE_CALLER

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SEED = 20261123
LEFT_OUT = ENDS_THE_CALLER | {"auth_sessions_revoke"}


class Fuzzer:
    """Calls operations with generated input, as one person.

    `things` are ids that exist, by the path they are listed under: most calls are about one of them. The same seed
    makes the same input.
    """

    def __init__(
        self, base_url: str, document: Mapping[str, Any], *, token: str | None, things: Mapping[str, frozenset[str]]
    ) -> None:
        self._schema = schemathesis.openapi.from_dict({**document})
        self._base_url = base_url
        self._things = {path: sorted(ids) for path, ids in things.items() if ids}
        self._random = random.Random(SEED)
        self._session = requests.Session()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def failures(self, *, examples: int, people_too: bool = True) -> dict[str, str]:
        """Return what each operation did wrong, by its name.

        `people_too`: also operations that change accounts, which staff would do to everybody else's.
        """
        found: dict[str, str] = {}
        for result in self._schema.get_all_operations():
            operation = result.ok()
            told = operation.definition.raw
            is_about_people = operation.path.startswith("/api/v1/drf/users/") and operation.method.upper() != "GET"
            if told["operationId"] in LEFT_OUT or (is_about_people and not people_too):
                continue
            wrong = self._try(operation, examples)
            if wrong:
                found[f"{told['operationId']}: {operation.label}"] = wrong
        return found

    def _try(self, operation: APIOperation, examples: int) -> str:
        wrong: list[str] = []

        @seed(SEED)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def attack(case: schemathesis.Case) -> None:
            if not wrong:
                wrong.extend(self._wrong(case))

        attack()
        return "; ".join(wrong)

    def _wrong(self, case: schemathesis.Case) -> list[str]:
        """Send one request and return what is wrong with its answer."""
        self._name_something_real(case)
        answer = case.call(
            base_url=self._base_url, session=self._session, headers=self._headers, timeout=40, allow_redirects=False
        )
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            titles = [f"{failure.title}: {failure.message}"[:400] for failure in group.exceptions]
            return [*titles, case.as_curl_command()[:800], f"{answer.status_code} {answer.content[:400]!r}"]
        return []

    def _name_something_real(self, case: schemathesis.Case) -> None:
        if not case.path_parameters or self._random.random() < 0.3:
            return
        [name, *_] = case.path_parameters
        listed = case.path.removeprefix("/api/v1/drf").partition("{")[0]
        if listed in self._things:
            case.path_parameters[name] = self._random.choice(self._things[listed])
