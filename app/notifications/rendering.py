"""From a kind and its data to sentences in somebody's language; the templates are the only place with words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, render_template

from app.core import i18n
from app.core.words import LANGUAGES
from app.core.words import text as words_text
from app.sites.rules.tree import near

FOLDER = "notifications"
_BETWEEN = re.compile(r"(?<=[。！？；：，]) ")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail's words."""

    subject: str
    text: str
    html: str


def line(kind: str, data: Mapping[str, Any]) -> str:
    """The one sentence of the inbox, in the reader's language and the zone of the campus it is about."""
    with i18n.in_zone(data.get("zone")):
        return _flat(render_template(f"{FOLDER}/{kind}/inbox.txt", **_context(data)))


def letter(kind: str, data: Mapping[str, Any], *, name: str, link: str | None) -> Letter:
    """Subject, text and HTML, in the language that is spoken now (`i18n.speaking`) and the zone of the campus."""
    with i18n.in_zone(data.get("zone")):
        return _letter(kind, data, name, link)


def _letter(kind: str, data: Mapping[str, Any], name: str, link: str | None) -> Letter:
    context = _context(data) | {
        "name": name,
        "link": link,
        "lang": i18n.locale(),
        "settings_link": address("/notifications/choices"),
    }
    subject = _flat(render_template(f"{FOLDER}/{kind}/subject.txt", **context))
    paragraphs = _paragraphs(render_template(f"{FOLDER}/{kind}/body.txt", **context))
    context |= {"subject": subject, "paragraphs": paragraphs}
    return Letter(
        subject=subject,
        text=render_template(f"{FOLDER}/mail.txt", **context).strip() + "\n",
        html=render_template(f"{FOLDER}/mail.html", **context),
    )


def address(path: str | None) -> str | None:
    """The full address of a local path, as mail needs it."""
    base: str = current_app.config["HOUQIN"].base_url
    return f"{base}{path}" if path and base else None


def in_both(message: Any) -> dict[str, str]:
    """A lazy message as words: for data that is rendered later in either language."""
    found = {}
    for tag in LANGUAGES:
        with i18n.speaking(tag):
            found[tag] = str(message)
    return found


def _context(data: Mapping[str, Any]) -> dict[str, Any]:
    """Words become the reader's (one text of two), `starts` and `until` (RFC 3339) instants, a place its near end."""
    here = i18n.locale()
    spoken = {
        name: words_text(value, here) if isinstance(value, dict) and set(value) <= set(LANGUAGES) else value
        for name, value in data.items()
    }
    if spoken.get("place"):
        spoken["place"] = near(str(spoken["place"]))
    for name in ("starts", "until"):
        if spoken.get(name):
            spoken[name] = datetime.fromisoformat(spoken[name])
    return {"it": spoken}


def _flat(text: str) -> str:
    """Text on one line; between Chinese sentences stands no blank, their full stop brings its own."""
    flat = " ".join(text.split())
    return _BETWEEN.sub("", flat) if i18n.locale() == "zh-CN" else flat


def _paragraphs(text: str) -> list[str]:
    return [_flat(part) for part in text.split("\n\n") if part.strip()]
