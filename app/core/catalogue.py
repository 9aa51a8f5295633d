"""Extraction of the words to translate: one place that says which functions carry them.

`flask words update` brings `app/translations` up to date; a test checks that nothing is missing, left over or broken.
"""

from __future__ import annotations

from pathlib import Path

import click
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "app" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")]
OPTIONS = {
    "templates/**.html": {"encoding": "utf-8", "trimmed": "true"},
    "templates/**.txt": {"encoding": "utf-8", "trimmed": "true"},
}
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
}


def extracted() -> Catalog:
    """Every message of the source, as a template catalogue."""
    found = Catalog(project="Houqin", charset="utf-8", fuzzy=False)
    for _file, _line, message, comments, context in extract_from_dir(
        ROOT / "app", method_map=METHODS, options_map=OPTIONS, keywords=KEYWORDS
    ):
        found.add(message, auto_comments=comments, context=context)
    return found


def read() -> Catalog:
    """The Chinese catalogue as it stands."""
    with FILE.open("rb") as content:
        return read_po(content, locale="zh_Hans_CN")


def update() -> tuple[int, int]:
    """Merge the source's messages into the catalogue; returns (messages, untranslated)."""
    catalogue = read() if FILE.exists() else Catalog(locale="zh_Hans_CN", project="Houqin", fuzzy=False)
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("wb") as target:
        write_po(target, catalogue, omit_header=False, sort_output=True, no_location=True, width=0)
    messages = [message for message in catalogue if message.id]
    return len(messages), sum(not _translated(message.string) for message in messages)


def _translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(string) if isinstance(string, list | tuple) else bool(string)


def faults() -> list[str]:
    """What is wrong with the catalogue: messages missing or left over, untranslated, placeholders that differ."""
    source, catalogue = extracted(), read()
    wanted = {_key(message.id) for message in source if message.id}
    have = {_key(message.id): message for message in catalogue if message.id}
    found = [f"missing: {key}" for key in sorted(wanted - set(have))]
    found += [f"left over: {key}" for key in sorted(set(have) - wanted)]
    for key, message in have.items():
        if not _translated(message.string):
            found.append(f"untranslated: {key}")
        elif message.fuzzy:
            found.append(f"unsure: {key}")
        else:
            found += [f"{key}: {error}" for error in message.check(catalogue)]
    return found


def _key(message_id: str | tuple[str, ...] | list[str]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


@click.group("words")
def words() -> None:
    """The catalogue of translations."""


@words.command("update")
def update_command() -> None:
    """Bring the catalogue up to date with the source."""
    count, open_ones = update()
    click.echo(f"{count} messages, {open_ones} to translate in {FILE.relative_to(ROOT)}")


@words.command("check")
def check_command() -> None:
    """Say what is missing, left over or broken; exit code 1 then."""
    found = faults()
    for fault in found:
        click.echo(fault)
    if found:
        raise SystemExit(1)
