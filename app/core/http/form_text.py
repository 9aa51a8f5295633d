"""Text of forms is UTF-8: what is not is refused, never stored with marks nobody typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any
from urllib.parse import parse_qsl

from flask import Request
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import UnprocessableEntity
from werkzeug.formparser import FormDataParser, MultiPartParser

_BYTES = "iso-8859-1"  # one character a byte: nothing is lost before it is judged

Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


def _not_text(name: str) -> Any:
    return _l("The text of “%(field)s” is not in UTF-8. Send it in that encoding.", field=name)


class NotText(UnprocessableEntity):
    """A form with text in another encoding; `data` names the fields, as webargs does."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self.data = {"messages": {name: [_not_text(name)] for name in names}}


class _Parts(MultiPartParser):
    """The parts of a form, their text byte by byte."""

    def get_part_charset(self, headers: Headers) -> str:
        return _BYTES


class Parser(FormDataParser):
    """As Werkzeug's, which reads what is not UTF-8 as U+FFFD or as %XX. Raises NotText."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Parsed:
        files: MultiDict[str, FileStorage] = self.cls()
        if mimetype == "multipart/form-data":
            boundary = (options or {}).get("boundary", "").encode("ascii", "ignore")
            pairs, files = self._parts(stream, boundary)
        elif mimetype == "application/x-www-form-urlencoded":
            sent = stream.read().decode("utf-8", "surrogateescape")
            pairs = parse_qsl(sent, keep_blank_values=True, errors="surrogateescape")
        else:
            pairs = []
        strange = dict.fromkeys(name for name, text in pairs if _escaped(name) or _escaped(text))
        if strange:
            raise NotText(name.encode("utf-8", "replace").decode() for name in strange)
        return stream, self.cls(pairs), files

    def _parts(self, stream: IO[bytes], boundary: bytes) -> tuple[list[tuple[str, str]], MultiDict[str, FileStorage]]:
        parser = _Parts(
            stream_factory=self.stream_factory,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
            cls=self.cls,
        )
        if not boundary:
            return [], self.cls()
        try:
            form, files = parser.parse(stream, boundary, None)
        except ValueError:  # no parts: an empty form, as Werkzeug says
            return [], self.cls()
        read = [(name, text.encode(_BYTES).decode("utf-8", "surrogateescape")) for name, text in form.items(multi=True)]
        return read, files


def _escaped(text: str) -> bool:
    """Whether bytes stand in it that are not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


class FormRequest(Request):
    """Flask's request, its forms read by `Parser`."""

    form_data_parser_class: Any = Parser
