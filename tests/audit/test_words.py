"""Whatever the log holds has words, and no word is for what it never holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app.audit import labels
from app.tickets.services import catalogue, category_versions

APP = Path(__file__).parents[2] / "app"


def calls(*names: str) -> list[ast.Call]:
    """Every call of a function of these names, but those of the audit log's own module."""
    return [
        node
        for path in APP.rglob("*.py")
        if path != APP / "audit" / "services.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")) in names
    ]


ENTRIES = [
    ast.literal_eval(keyword.value) for call in calls("Entries") for keyword in call.keywords if keyword.arg == "kind"
]
"""The kinds of `portal.services.entries`, the one place that makes its verbs of a kind."""


def slugs(given: ast.expr) -> set[str]:
    """What an argument says: a slug, or one for each kind of entry where it is made of `self.kind`; nothing else."""
    parts = given.values if isinstance(given, ast.JoinedStr) else [given]
    said = [part.value if isinstance(part, ast.Constant) else ast.unparse(part).strip("f'{}") for part in parts]
    assert all(isinstance(part, ast.Constant) or word == "self.kind" for part, word in zip(parts, said, strict=True))
    return {"".join(kind if word == "self.kind" else str(word) for word in said) for kind in ENTRIES}


def test_every_verb_and_object_has_words_and_no_other_has() -> None:
    """What any area writes is readable on the page; a writer that took its verb as an argument would hide it here."""
    written, about, silent = set(), set(), set()
    for call in calls("record", "record_change"):
        verbs, kinds = (slugs(argument) for argument in call.args[1:3])
        written |= verbs
        about |= kinds
        silent |= (verbs - labels.VERBS.keys()) | (kinds - labels.OBJECTS.keys())
        for keyword in call.keywords:
            if keyword.arg in ("before", "after") and isinstance(keyword.value, ast.Dict):
                members = {each.value for each in keyword.value.keys if isinstance(each, ast.Constant)}
                silent |= members - labels.FIELDS.keys()
    silent |= (catalogue.CHANGEABLE | category_versions.FORM) - labels.FIELDS.keys()
    assert silent == set()
    assert labels.VERBS.keys() - written == set()
    assert labels.OBJECTS.keys() - about == set(), "kinds to choose from that find nothing"


def test_who_was_quicker_is_asked_of_verbs_that_are_written() -> None:
    """A verb nobody writes would leave the page silent about who changed it."""
    named = {
        argument.value
        for call in calls("heeding", "telling")
        for argument in call.args
        if isinstance(argument, ast.Constant) and "." in str(argument.value)
    }
    assert named - labels.VERBS.keys() == set()


def test_words_are_declared_once() -> None:
    with pytest.raises(ValueError, match=r"these have words already: place\.edit"):
        labels.declare(verbs={"place.edit": "Again"})
