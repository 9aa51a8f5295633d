"""Dumps compiled from a schema's own fields: rows of a list become plain data without marshmallow's per-field work.

`compiled(schema, names)` reads the schema once and gives a function from rows (in the order of `names`) to
dictionaries, equal to `schema.dump`. It works column by column: most columns are taken as they are. A field that needs
more than one column, or the reader's language, offers `reader(positions)`: a function from all columns to its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

from marshmallow import Schema, fields

from app.core import forms, words
from app.core.i18n import iso, locale

Row = Sequence[Any]
Column = Sequence[Any]
Reader = Callable[[Sequence[Column]], Column]

_AS_IT_IS = (fields.String, fields.Integer, fields.Boolean, fields.Raw, forms.Text)


class Named(fields.Field[Any]):
    """`{"id", "name"}` of the columns `<prefix>_id` and `<prefix>_name`; null where there is none."""

    def __init__(self, prefix: str, **options: Any) -> None:
        super().__init__(dump_only=True, attribute=f"{prefix}_id", **options)
        self.prefix = prefix

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return None if value is None else {"id": str(value), "name": getattr(obj, f"{self.prefix}_name")}

    def reader(self, positions: Mapping[str, int]) -> Reader:
        id_at, name_at = positions[f"{self.prefix}_id"], positions[f"{self.prefix}_name"]

        def read(columns: Sequence[Column]) -> Column:
            pairs = zip(columns[id_at], columns[name_at], strict=True)
            return [None if number is None else {"id": str(number), "name": name} for number, name in pairs]

        return read


class InWords(fields.Field[Any]):
    """Words people edit, in the reader's language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return words.text(value, locale())

    def reader(self, positions: Mapping[str, int]) -> Reader:
        at = positions[str(self.attribute or self.name)]

        def read(columns: Sequence[Column]) -> Column:
            language = locale()
            return [words.text(each, language) for each in columns[at]]

        return read


def compiled(schema: Schema, names: Sequence[str]) -> Callable[[Iterable[Row]], list[dict[str, Any]]]:
    """The dump of `schema` for rows whose columns are `names`; raises KeyError for a field that has no column."""
    positions = {name: at for at, name in enumerate(names)}
    fields_of = list(schema.dump_fields.items())
    keys = [field.data_key or name for name, field in fields_of]
    readers = [_reader(field, name, positions) for name, field in fields_of]

    def dump(rows: Iterable[Row]) -> list[dict[str, Any]]:
        columns = list(zip(*rows, strict=True))
        if not columns:
            return []
        shown = zip(*(read(columns) for read in readers), strict=True)
        return list(map(dict, map(zip, repeat(keys), shown)))  # no Python between the rows

    return dump


def _reader(field: fields.Field[Any], name: str, positions: Mapping[str, int]) -> Reader:
    own: Callable[[Mapping[str, int]], Reader] | None = getattr(field, "reader", None)
    if own is not None:
        return own(positions)
    at = positions[field.attribute or name]
    if type(field) in _AS_IT_IS:
        return lambda columns: columns[at]
    if isinstance(field, forms.Id):
        return lambda columns: [None if each is None else str(each) for each in columns[at]]
    if isinstance(field, forms.Moment):
        return lambda columns: [None if each is None else iso(each) for each in columns[at]]
    return lambda columns: [field._serialize(each, name, None) for each in columns[at]]
