"""Components of several documents under names that cannot clash.

Content that is the same in all documents is kept once under its own name. Where one name means different things,
every document's own gets the service's name in front; none keeps the plain name, so that the outcome does not
depend on the order of the documents. What refers to such a component is different, too.
"""

from collections.abc import Callable, Iterator
from typing import Any

SECTIONS = ("schemas", "responses", "parameters", "headers", "examples", "requestBodies")
Key = tuple[str, str]
Documents = dict[str, dict[str, Any]]


def rename_clashes(documents: Documents, reserved: set[Key]) -> dict[str, dict[Key, str]]:
    """Return, by service, the new names of its components; those named in `reserved` always give way."""
    holders: dict[Key, dict[str, Any]] = {}
    for service, document in documents.items():
        for section in SECTIONS:
            for name, content in document.get("components", {}).get(section, {}).items():
                holders.setdefault((section, name), {})[service] = content
    different = {
        key
        for key, held in holders.items()
        if key in reserved or any(content != next(iter(held.values())) for content in held.values())
    }
    shared = {key for key, held in holders.items() if len(held) > 1}
    references = {key: set(_references(next(iter(holders[key].values())))) for key in shared}
    while spreading := {key for key in shared - different if references[key] & different}:
        different |= spreading
    return {
        service: {key: _prefixed(service, key[1]) for key in different if service in holders[key]}
        for service in documents
    }


def rewrite(node: Any, rename: Callable[[Key], str]) -> Any:
    """Return a copy of a document's part in which every `$ref` and discriminator names the new component."""
    if isinstance(node, list):
        return [rewrite(item, rename) for item in node]
    if not isinstance(node, dict):
        return node
    written = {name: rewrite(value, rename) for name, value in node.items()}
    reference = node.get("$ref")
    if isinstance(reference, str):
        written["$ref"] = _renamed(reference, rename)
    mapping = node.get("discriminator", {}).get("mapping") if isinstance(node.get("discriminator"), dict) else None
    if mapping:
        written["discriminator"]["mapping"] = {value: _renamed(target, rename) for value, target in mapping.items()}
    return written


def _renamed(reference: str, rename: Callable[[Key], str]) -> str:
    key = _key(reference)
    return f"#/components/{key[0]}/{rename(key)}" if key else reference


def _references(node: Any) -> Iterator[Key]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        key = _key(node.get("$ref"))
        if key:
            yield key
        for value in node.values():
            yield from _references(value)


def _key(reference: object) -> Key | None:
    if not isinstance(reference, str) or not reference.startswith("#/components/"):
        return None
    section, _, name = reference.removeprefix("#/components/").partition("/")
    return section, name


def _prefixed(service: str, name: str) -> str:
    return service.capitalize() + name[:1].upper() + name[1:]
