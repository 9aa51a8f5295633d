"""Both languages are complete: extraction is clean, nothing untranslated, placeholders equal."""

from __future__ import annotations

import ast
import re

from app.core import catalogue

CJK = re.compile(r"[\u4e00-\u9fff]")


def test_the_chinese_catalogue_is_complete() -> None:
    assert catalogue.faults() == []


def test_no_word_hides_from_extraction() -> None:
    """Within the arguments of another word's call extraction looks for nothing: such a word would be lost unseen."""
    found = {str(message.id[0] if isinstance(message.id, tuple) else message.id) for message in catalogue.extracted()}
    assert [
        f"{file.relative_to(catalogue.ROOT)}:{call.lineno} {message.value!r}"
        for file in sorted((catalogue.ROOT / "app").rglob("*.py"))
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in catalogue.KEYWORDS
        for message in call.args[:1]
        if isinstance(message, ast.Constant) and isinstance(message.value, str) and message.value not in found
    ] == []


def test_message_ids_are_english() -> None:
    """Those of the catalogue are those of the source, says the test above."""
    chinese = [str(message.id) for message in catalogue.read() if CJK.search(str(message.id))]
    assert chinese == []


def test_one_thing_has_one_word_in_chinese() -> None:
    """The glossary's word alone; the others mean the same and are no terms of the product."""
    said = "\n".join(str(message.string) for message in catalogue.read())
    assert not re.findall(r"(?<!类)别的|其它|屋里没人|无人在室|没人在", said)
