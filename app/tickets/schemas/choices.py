"""What may be chosen from: one value or several of a fixed list."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate


def one_of(values: Any) -> validate.OneOf:
    return validate.OneOf([str(value) for value in values], error=_l("Choose one of the offered values."))


class Choices(fields.Field[tuple[str, ...]]):
    """One or several codes of a fixed list, separated by commas."""

    def __init__(self, known: Any, **options: Any) -> None:
        super().__init__(load_default=(), metadata={"type": "string"}, **options)
        self.known = frozenset(str(value) for value in known)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> tuple[str, ...]:
        given = tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else ("?",)
        if not set(given) <= self.known:
            raise ValidationError(_l("Choose one of the offered values."))
        return given
