"""Dumps compiled from a schema's own fields: rows of a list become plain data without marshmallow's per-field work.

`compiled(schema, names)` reads the schema once and gives a function from rows (in the order of `names`) to
dictionaries, equal to `schema.dump`. A field that needs more than one column, or the reader's language, offers
`reader(positions)`: a maker of the function that takes its value from a row, called once per dump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from marshmallow import Schema, fields

from app.core import forms, words
from app.core.i18n import iso, locale

Row = Sequence[Any]
Take = Callable[[Row], Any]
Reader = Callable[[], Take]

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
        return lambda: lambda row: None if row[id_at] is None else {"id": str(row[id_at]), "name": row[name_at]}


class InWords(fields.Field[Any]):
    """Words people edit, in the reader's language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return words.text(value, locale())

    def reader(self, positions: Mapping[str, int]) -> Reader:
        at = positions[str(self.attribute or self.name)]

        def begin() -> Take:
            language = locale()
            return lambda row: words.text(row[at], language)

        return begin


def compiled(schema: Schema, names: Sequence[str]) -> Callable[[Iterable[Row]], list[dict[str, Any]]]:
    """The dump of `schema` for rows whose columns are `names`; raises KeyError for a field that has no column."""
    positions = {name: at for at, name in enumerate(names)}
    plan = [(field.data_key or name, _reader(field, name, positions)) for name, field in schema.dump_fields.items()]

    def dump(rows: Iterable[Row]) -> list[dict[str, Any]]:
        takes = [(key, begin()) for key, begin in plan]
        return [{key: take(row) for key, take in takes} for row in rows]

    return dump


def _reader(field: fields.Field[Any], name: str, positions: Mapping[str, int]) -> Reader:
    own: Callable[[Mapping[str, int]], Reader] | None = getattr(field, "reader", None)
    if own is not None:
        return own(positions)
    at = positions[field.attribute or name]
    if type(field) in _AS_IT_IS:
        take: Take = itemgetter(at)
    elif isinstance(field, forms.Id):
        take = lambda row: None if row[at] is None else str(row[at])  # noqa: E731
    elif isinstance(field, forms.Moment):
        take = lambda row: iso(row[at])  # noqa: E731
    else:
        take = lambda row: field._serialize(row[at], name, row)  # noqa: E731
    return lambda: take
