"""What every page can use: hashed asset addresses, navigation by role, toasts, words in the reader's language."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, flash, g, get_flashed_messages, request, url_for
from markupsafe import Markup, escape
from sqlalchemy import select

from app.core import assets, i18n, words
from app.core.actor import Actor
from app.core.prepared import Count, Reading


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the navigation. `rule` decides who sees it; `count` is the number beside it, none where it is 0."""

    label: Any
    endpoint: str
    icon: str
    rule: Callable[[Actor], bool]
    group: Any = ""
    primary: bool = False  # one of the at most four places of the phone's bottom bar
    count: Count | None = None


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


def navigation() -> list[dict[str, Any]]:
    """The groups and items this actor may use, those of no group first; an item's page lets the actor in.

    `place` is the order of the table, in which the phone's bar takes its four. Made once per request: layouts ask
    several times.
    """
    if "navigation" not in g:
        g.navigation = _navigation(g.actor)
    found: list[dict[str, Any]] = g.navigation
    return found


def _navigation(actor: Actor) -> list[dict[str, Any]]:
    numbers = counts()
    groups: dict[str, dict[str, Any]] = {"": {"label": "", "items": []}}
    shown = [(item, *_named(item.endpoint)) for item in _entries(actor)]
    here = max((each[1] for each in shown if _lies_below(request.path, each[1])), key=len, default=None)
    for place, (item, url, label, heading) in enumerate(shown):
        group = groups.setdefault(heading, {"label": heading, "items": []})
        group["items"].append(
            {
                "label": label,
                "url": url,
                "icon": item.icon,
                "current": url == here,
                "count": numbers.get(item.endpoint) or None,
                "primary": item.primary,
                "place": place,
            }
        )
    return [group for group in groups.values() if group["items"]]


@i18n.per_language
def _named(endpoint: str) -> tuple[str, str, str]:
    """Address, label and heading of an entry."""
    table: tuple[NavItem, ...] = current_app.extensions["houqin_nav"]
    item = next(each for each in table if each.endpoint == endpoint)
    return url_for(endpoint), str(item.label), str(item.group)


def called(endpoint: str) -> str:
    """The navigation's word for the part of the product a page or call belongs to; the endpoint where it has none."""
    table: tuple[NavItem, ...] = current_app.extensions["houqin_nav"]
    of = endpoint.partition(".")[0].removeprefix("api_")
    found = next((item.label for item in table if item.endpoint == endpoint), None)
    found = found or next((item.label for item in table if item.endpoint.partition(".")[0] == of), None)
    return f"{found} ({endpoint})" if found else endpoint


def _entries(actor: Actor) -> list[NavItem]:
    table: tuple[NavItem, ...] = current_app.extensions["houqin_nav"]
    return [item for item in table if item.rule(actor)]


def counts() -> Mapping[str, int]:
    """The numbers beside the entries this reader sees, by the entry's endpoint; asked once per request."""
    if "counts" not in g:
        asked = {item.endpoint: item.count for item in _entries(g.actor) if item.count}
        given = {name: value for each in asked.values() for name, value in each.values(g.actor).items()}
        row = _counting(tuple(asked.items())).one(given) if asked else ()
        g.counts = dict(zip(asked, row, strict=True))
    found: Mapping[str, int] = g.counts
    return found


@cache
def _counting(asked: tuple[tuple[str, Count], ...]) -> Reading:
    """One statement for all of them; there are as many as there are mixtures of rights."""
    return Reading(lambda: select(*(each.statement().scalar_subquery() for _endpoint, each in asked)))


def _lies_below(path: str, url: str) -> bool:
    """Whether a page belongs to an entry: it is its page or one below; of several the nearest counts."""
    return path == url or (url != "/" and path.startswith(f"{url}/"))


def panels(slot: str, **values: Any) -> list[str]:
    """Addresses of what other areas show in a named slot of a page, those the reader may open.

    A page offers the slot, `wiring.PANELS` says whose fragments go there (architecture.md rule 1).
    """
    table: Mapping[str, tuple[str, ...]] = current_app.extensions["houqin_panels"]
    rules: dict[str, Any] = {name: vars(current_app.view_functions[name])["policy"] for name in table.get(slot, ())}
    return [url_for(name, **values) for name, rule in rules.items() if rule(g.actor)]


def toast(text: Any, kind: str = "good") -> None:
    """Say something on the next page; only for what that page does not show by itself."""
    flash(str(text), kind)


def toasts() -> list[dict[str, str]]:
    return [{"kind": kind, "text": text} for kind, text in map(tuple, get_flashed_messages(with_categories=True))]


def said(value: Mapping[str, str] | None) -> Markup:
    """Words in the reader's language; borrowed ones are marked with their language for screen readers."""
    shown = words.text(value, i18n.locale())
    other = words.borrowed(value, i18n.locale())
    if other:
        return Markup('<span lang="{}">{}</span>').format(other, shown)
    return escape(shown)


def install(app: Flask) -> None:
    app.extensions["houqin_assets"] = assets.addresses(Path(app.static_folder or ""))
    app.jinja_env.globals.update(
        asset=asset,
        together=together,
        nav=navigation,
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
