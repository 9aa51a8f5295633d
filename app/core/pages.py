"""What every page can use: hashed asset addresses, panels of other areas, toasts, words in the reader's language."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from flask import Flask, current_app, flash, g, get_flashed_messages, request, url_for
from flask.globals import request_ctx
from markupsafe import Markup, escape

from app.core import assets, i18n, words

_PART = re.compile(r'<(?P<tag>tr|td|th)(?=[ >])(?: scope="(?P<scope>row|col)")?')
"""Where a row or a cell of a table begins."""

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


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a page that another area answers: its view, asked for by htmx.

    `first` draws it for what is chosen on the page as it is sent, so that nothing moves when it would arrive; without
    one the fragment is fetched after the page.
    """

    view: str
    first: Callable[[Mapping[str, Any]], str] | None = None


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel in a page: where it is asked for, and what it says already; None: that is yet to be asked for."""

    url: str
    first: Markup | None


def panels(slot: str, chosen: Mapping[str, Any] | None = None, **values: Any) -> list[ShownPanel]:
    """What other areas show in a named slot of a page, as far as the reader may open it; `chosen`: what the page's form
    says so far.

    A page offers the slot, `wiring.PANELS` says whose fragments go there (architecture.md rule 1).
    """
    table: Mapping[str, tuple[Panel, ...]] = current_app.extensions["houqin_panels"]
    return [
        ShownPanel(
            url_for(panel.view, **values),
            None if panel.first is None else Markup(panel.first(chosen or {})),  # noqa: S704  # a rendered template
        )
        for panel in table.get(slot, ())
        if vars(current_app.view_functions[panel.view])["policy"](g.actor)
    ]


def local_path(address: str | None) -> str | None:
    """`address` where it is a path of this site (reliability.md 3.7.2: one slash, then neither slash nor backslash)."""
    return address if address and _LOCAL_PATH.match(address) else None


def again() -> str:
    """Where to try again: the page itself, or the one its form stood on; home where that cannot be opened."""
    return request.full_path if request.method == "GET" else _ours(request.referrer) or "/"


def asked_otherwise(refused: Collection[str]) -> str:
    """Where what a list was asked for is changed: the list without the filters that were refused."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in refused and value]
    return f"{request.path}?{urlencode(kept)}" if kept and refused else request.path


def asked_from() -> str:
    """The page that asked for a part of itself; home where it cannot be opened."""
    return _ours(request.headers.get("HX-Current-URL")) or "/"


def _ours(address: str | None) -> str | None:
    """The path and query of a page of ours that can be opened; anybody may send an address ("http://[")."""
    try:
        came = urlsplit(address or "")
    except ValueError:
        return None
    path = local_path(came.path)
    if path is None or came.netloc != request.host or not _opens(path):
        return None
    return urlunsplit(("", "", path, came.query, ""))


def here() -> str:
    """Where what is shown now can be opened anew: as `again`, else the nearest address above the one it was sent to."""
    found, path = again(), quote(request.path)
    while found == "/" and path:
        if _opens(path):
            found = path
        path = path.rpartition("/")[0]
    return found


def _opens(path: str) -> bool:
    adapter = request_ctx.url_adapter
    return adapter is not None and bool(adapter.test(unquote(path), "GET"))


def toast(text: Any, kind: str = "good") -> None:
    """Say something on the next page; only for what that page does not show by itself."""
    flash(str(text), kind)


def toasts() -> list[dict[str, str]]:
    return [{"kind": kind, "text": text} for kind, text in map(tuple, get_flashed_messages(with_categories=True))]


def said(value: Mapping[str, str] | None) -> Markup:
    """Words in the reader's language; borrowed ones are marked with their language for screen readers."""
    tag = i18n.locale()
    return _marked(words.text(value, tag), words.borrowed(value, tag))


@i18n.per_language
def said_as_stored(value: str) -> Markup:
    """The same for words as text (`words.stored`): looked up for words that were said before."""
    return said(words.stored(value))


@lru_cache(maxsize=i18n.KEPT_AT_MOST)
def _marked(text: str, other: str | None) -> Markup:
    return Markup('<span lang="{}">{}</span>').format(other, text) if other else escape(text)


def as_rows(inside: Markup, names: Sequence[Any] = ()) -> Markup:
    """Rows of a table that stand as blocks on a phone, where some browsers know a row and a cell by its role alone.

    `names`: what the columns are called, where each cell is to bear its name. What people wrote is escaped in the
    rows, so that only tags are met.
    """
    at = 0

    def marked(found: re.Match[str]) -> str:
        nonlocal at
        tag = found[0]
        if found["tag"] == "tr":
            at = 0
            return f'{tag} role="row"'
        role = "cell" if found["tag"] == "td" else "columnheader" if found["scope"] == "col" else "rowheader"
        name = f' data-label="{escape(names[at])}"' if at < len(names) else ""
        at += 1
        return f'{tag} role="{role}"{name}'

    return Markup(_PART.sub(marked, str(inside)))  # noqa: S704 - it was markup before


def install(app: Flask) -> None:
    app.extensions["houqin_assets"] = assets.addresses(Path(app.static_folder or ""))
    app.jinja_env.globals.update(
        asset=asset,
        together=together,
        panels=panels,
        here=here,
        toasts=toasts,
        fresh_key=lambda: secrets.token_urlsafe(16),
        demo=app.config["DEMO"],
    )
    app.add_template_filter(said, "words")
    app.add_template_filter(as_rows)

    @app.context_processor
    def _per_request() -> dict[str, Any]:
        return {
            "actor": getattr(g, "actor", None),
            "institution": getattr(g, "institution", None),
            "locale": i18n.locale(),
        }
