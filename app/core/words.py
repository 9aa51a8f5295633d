"""Words that people edit: one jsonb object per text, a key per language (architecture.md, "Words as data")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

LANGUAGES = ("zh-CN", "en")
"""What the product speaks; the first where nothing else is known."""


class Words(TypeDecorator[dict[str, str]]):
    """`{"zh-CN": …, "en": …}`; at least one language, no others, no blank text."""

    impl = JSONB(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value is None:
            return None
        unknown = set(value) - set(LANGUAGES)
        if unknown:
            raise ValueError(f"unknown languages {sorted(unknown)}")
        kept = {language: text.strip() for language, text in value.items() if text and text.strip()}
        if not kept:
            raise ValueError("words need at least one language")
        return kept


def text(value: Mapping[str, str] | None, locale: str) -> str:
    """The text in `locale`, else in the other language; empty for None."""
    if not value:
        return ""
    return value.get(locale) or next((value[name] for name in LANGUAGES if value.get(name)), "")


def stored(value: str) -> dict[str, str]:
    """Words of which a statement gives the text (`cast(Trade.name, Text)`), so that rows can be looked up."""
    found: dict[str, str] = orjson.loads(value)
    return found


def from_fields(data: Mapping[str, Any], name: str = "name") -> dict[str, str]:
    """The texts of a pair of fields (`name_zh`, `name_en`) as they are stored; empty where neither says anything."""
    given = zip(LANGUAGES, (data.get(f"{name}_zh"), data.get(f"{name}_en")), strict=True)
    return {language: text for language, text in given if text}


def to_fields(value: Mapping[str, str] | None, name: str = "name") -> dict[str, str]:
    """The pair of fields that shows words."""
    return {f"{name}_zh": (value or {}).get("zh-CN", ""), f"{name}_en": (value or {}).get("en", "")}


def borrowed(value: Mapping[str, str] | None, locale: str) -> str | None:
    """The language actually shown where it is not `locale` (pages mark it with `lang`), else None."""
    if not value or value.get(locale):
        return None
    return next((name for name in LANGUAGES if value.get(name)), None)
