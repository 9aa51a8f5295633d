"""What every page can use: hashed asset addresses, panels of other areas, toasts, words in the reader's language."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, flash, g, get_flashed_messages, url_for
from markupsafe import Markup, escape

from app.core import assets, i18n, words

_LOCAL_PATH = re.compile(r"^/(?![/\\])[^\x00-\x1f\\]*$")


def asset(name: str) -> str:
    """Address of a static file, with its content hash where the assets were built."""
    manifest: Mapping[str, str] = current_app.extensions["houqin_assets"]
    return url_for("static", filename=manifest.get(name, name))


def together(kind: str, names: Sequence[str]) -> list[str]:
    """Addresses of the style sheets (`css`) or scripts (`js`) a page asks for together: one where they were built as
    one, else each."""
    manifest: Mapping[str, str] = current_app.extensions["houqin_assets"]
    whole = assets.together(kind, names)
    return [asset(whole)] if whole in manifest else [asset(f"{kind}/{name}.{kind}") for name in names]


def panels(slot: str, **values: Any) -> list[str]:
    """Addresses of what other areas show in a named slot of a page, those the reader may open.

    A page offers the slot, `wiring.PANELS` says whose fragments go there (architecture.md rule 1).
    """
    table: Mapping[str, tuple[str, ...]] = current_app.extensions["houqin_panels"]
    rules: dict[str, Any] = {name: vars(current_app.view_functions[name])["policy"] for name in table.get(slot, ())}
    return [url_for(name, **values) for name, rule in rules.items() if rule(g.actor)]


def local_path(address: str | None) -> str | None:
    """`address` where it is a path of this site (reliability.md 3.7.2: one slash, then neither slash nor backslash)."""
    return address if address and _LOCAL_PATH.match(address) else None


def toast(text: Any, kind: str = "good") -> None:
    """Say something on the next page; only for what that page does not show by itself."""
    flash(str(text), kind)


def toasts() -> list[dict[str, str]]:
    return [{"kind": kind, "text": text} for kind, text in map(tuple, get_flashed_messages(with_categories=True))]


def said(value: Mapping[str, str] | None) -> Markup:
    """Words in the reader's language; borrowed ones are marked with their language for screen readers."""
    tag = i18n.locale()
    return _marked(words.text(value, tag), words.borrowed(value, tag))


@lru_cache(maxsize=i18n.KEPT_AT_MOST)
def _marked(text: str, other: str | None) -> Markup:
    return Markup('<span lang="{}">{}</span>').format(other, text) if other else escape(text)


def install(app: Flask) -> None:
    app.extensions["houqin_assets"] = assets.addresses(Path(app.static_folder or ""))
    app.jinja_env.globals.update(
        asset=asset,
        together=together,
        panels=panels,
        toasts=toasts,
        fresh_key=lambda: secrets.token_urlsafe(16),
        demo=app.config["DEMO"],
    )
    app.add_template_filter(said, "words")

    @app.context_processor
    def _per_request() -> dict[str, Any]:
        return {
            "actor": getattr(g, "actor", None),
            "institution": getattr(g, "institution", None),
            "locale": i18n.locale(),
        }
