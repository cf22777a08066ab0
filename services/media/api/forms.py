"""Reading requests as browsers send them: JSON, form data, and forms with files.

Files are written to disk while they come, counted and hashed; a file that is too large ends the request at once.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from flask import Request, request
from marshmallow import ValidationError
from werkzeug.datastructures import FileStorage

from services.media.clients.spool import Spool
from services.media.clients.storage import configured
from services.media.domain import kinds
from services.media.domain.errors import TypeRefused
from services.media.operations.attaching import read_entity_id
from services.media.settings import MIB, settings
from shared.errors import Invalid, UnsupportedMediaType
from shared.http import Blueprint, Schema, fields
from shared.http.parsing import Parser

MULTIPART = "multipart/form-data"
FORMS = (MULTIPART, "application/x-www-form-urlencoded")
UPLOAD_BYTES_MAX = 512 * MIB
_WORDS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


class MediaRequest(Request):
    """A request whose files go to the storage's disk, and are gone when it is over, however it ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._spools: list[Spool] = []

    def close(self) -> None:
        """Forget the files that nobody has taken."""
        super().close()
        for spool in self._spools:
            spool.close()

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - werkzeug's signature.
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,
        content_length: int | None = None,  # noqa: ARG002
    ) -> Any:
        extension = (filename or "").rpartition(".")[2].lower()
        known = kinds.EXTENSIONS.get(extension)
        together = bool(self.path.startswith("/media/batch_upload"))
        if known is None and not together:
            raise TypeRefused(
                errors={"file": [f"Files are accepted with these endings: {', '.join(kinds.EXTENSIONS)}."]}
            )
        most = kinds.bytes_at_most(kinds.media_type_of(known), settings()) if known else 0
        self._spools.append(Spool(configured(settings()), bytes_max=most, strict=not together))
        return self._spools[-1]


class File(fields.Raw):
    """A file of a form."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "binary", **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> FileStorage:
        if not isinstance(value, FileStorage) or not isinstance(value.stream, Spool):
            raise ValidationError("Must be a file.")
        if "\x00" in (value.filename or ""):
            raise ValidationError("The name must not contain the NUL character.")
        return value


class EntityId(fields.String):
    """A uuid, or a positive whole number, as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValidationError("Must be a uuid or a positive whole number.")
        try:
            return read_entity_id(super()._deserialize(str(value), attr, data, **kwargs))
        except Invalid as wrong:
            raise ValidationError(wrong.errors["entity_id"]) from wrong


class FormParser(Parser):
    """Reads a declared body from JSON or from a form."""

    def load_json(self, req: Any, schema: Any) -> Any:
        """Return the body's values. Raises UnsupportedMediaType, Invalid, FileTooLarge, TypeRefused."""
        takes_files = any(_is_file(field) for field in schema.fields.values())
        if takes_files:
            req.max_content_length = UPLOAD_BYTES_MAX
        if getattr(schema, "multipart_only", False) and req.mimetype not in FORMS:
            raise UnsupportedMediaType("Send a form: Content-Type: multipart/form-data.")
        return _from_form(req, schema) if req.mimetype in FORMS else super().load_json(req, schema)

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Say which fields are wrong."""
        super().handle_error(error)


class MediaBlueprint(Blueprint):
    """A blueprint whose bodies may be forms as well."""

    ARGUMENTS_PARSER = FormParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, description)
        self._prepare_doc_cbks.append(_document_forms)


def fingerprint() -> bytes:
    """Return what a request says, as a hash: of a form its values and files, whatever separates them on the wire."""
    request.max_content_length = UPLOAD_BYTES_MAX
    if request.mimetype != MULTIPART:
        return hashlib.sha256(request.get_data(cache=True)).digest()
    said = [(name, request.form.getlist(name)) for name in sorted(request.form)]
    sent = [
        (name, [(one.filename, one.stream.sha256) for one in request.files.getlist(name)])  # type: ignore[attr-defined]
        for name in sorted(request.files)
    ]
    return hashlib.sha256(orjson.dumps([said, sent])).digest()


def _is_file(field: Any) -> bool:
    return isinstance(field, File) or (isinstance(field, fields.List) and isinstance(field.inner, File))


def _from_form(req: Request, schema: Any) -> dict[str, Any]:
    """Return a form's values as JSON would say them."""
    read: dict[str, Any] = {}
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        if isinstance(field, File):
            found: Any = req.files.get(key)
        elif _is_file(field):
            found = [one for spelling in (key, f"{key}[]", "file") for one in req.files.getlist(spelling)] or None
        elif isinstance(field, fields.List):
            found = _list(req.form.getlist(key) or req.form.getlist(f"{key}[]"), key)
        else:
            found = _one(req.form.get(key), field, key)
        if found is not None:
            read[key] = found
    if any("\x00" in value for values in req.form.listvalues() for value in values):
        raise Invalid("Text must not contain the NUL character.")
    return read


def _list(values: list[str], key: str) -> Any:
    if len(values) == 1 and values[0].lstrip().startswith("["):
        return _json(values[0], key)
    return values or None


def _one(value: str | None, field: Any, key: str) -> Any:
    if value is None:
        return None
    if isinstance(field, fields.String):
        return value
    if not value.strip():
        return None
    if isinstance(field, fields.Dict | fields.Nested):
        return _json(value, key)
    if isinstance(field, fields.Boolean):
        return _WORDS.get(value.strip().lower(), value)
    return value


def _json(value: str, key: str) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as bad:
        raise Invalid.field(key, "Is not valid JSON.") from bad


def _document_forms(doc: dict[str, Any], _info: Any, **_: Any) -> dict[str, Any]:
    """Say that what is taken as JSON is taken as a form too."""
    content = doc.get("requestBody", {}).get("content", {})
    told = content.get("application/json")
    if told is not None:
        for mimetype in FORMS:
            content.setdefault(mimetype, told)
    return doc


class FormSchema(Schema):
    """A body that only a form can carry."""

    multipart_only = True
