"""Both languages are complete: extraction is clean, nothing untranslated, placeholders equal."""

from __future__ import annotations

import re

from app.core import catalogue

CJK = re.compile(r"[\u4e00-\u9fff]")


def test_the_chinese_catalogue_is_complete() -> None:
    assert catalogue.faults() == []


def test_message_ids_are_english() -> None:
    """Those of the catalogue are those of the source, says the test above."""
    chinese = [str(message.id) for message in catalogue.read() if CJK.search(str(message.id))]
    assert chinese == []


def test_one_thing_has_one_word_in_chinese() -> None:
    """The glossary's word alone; the others mean the same and are no terms of the product."""
    said = "\n".join(str(message.string) for message in catalogue.read())
    assert not re.findall(r"(?<!类)别的|其它|屋里没人|无人在室|没人在", said)
