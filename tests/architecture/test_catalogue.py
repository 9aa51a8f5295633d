"""Both languages are complete: extraction is clean, nothing untranslated, placeholders equal."""

from __future__ import annotations

import re

from app.core import catalogue

CJK = re.compile(r"[\u4e00-\u9fff]")


def test_the_chinese_catalogue_is_complete() -> None:
    assert catalogue.faults() == []


def test_message_ids_are_english() -> None:
    chinese = [str(message.id) for message in catalogue.extracted() if CJK.search(str(message.id))]
    assert chinese == []
