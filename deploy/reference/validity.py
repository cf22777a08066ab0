"""Whether the API's document, in both of its forms, is one: `python -m deploy.reference.validity`.

Source: OpenAPI Specification 3.0.3 and 3.1.0, as openapi-spec-validator reads them. It is slow, so that `make check`
asks it, once for all that is said more than once.
"""

import json
import sys
from typing import Any

from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from gateway.openapi import merge, read_descriptions

FORMS = {"3.0.3": OpenAPIV30SpecValidator, "3.1.0": OpenAPIV31SpecValidator}
SHOWN = 20


def problems(documents: dict[str, Any]) -> list[str]:
    """Return what is wrong with the document merged from these descriptions of services: where, and what."""
    return [
        f"{version} {list(error.absolute_path)}: {error.message}"[:300]
        for version, validator in FORMS.items()
        for error in validator(_said_once(merge(documents, openapi=version))).iter_errors()
    ]


def _said_once(merged: dict[str, Any]) -> dict[str, Any]:
    """Return the document without answers and parameters that equal an earlier one: half of it, as right or wrong."""
    seen = set()

    def is_new(part: Any) -> bool:
        said = json.dumps(part, sort_keys=True)
        known = said in seen
        seen.add(said)
        return not known

    slim: dict[str, Any] = json.loads(json.dumps(merged))
    for path in slim["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                if not is_new(response.get("content")):
                    response.pop("content", None)
                if not is_new(response.get("headers")):
                    response.pop("headers", None)
            # Those in the path belong to their operation: the validator counts them.
            named = operation.get("parameters", [])
            operation["parameters"] = [one for one in named if one.get("in") == "path" or is_new(one)]
    return slim


def main() -> int:
    """Name what is wrong, if anything is."""
    found = problems(read_descriptions())
    for problem in found[:SHOWN]:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
