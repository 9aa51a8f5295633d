"""The frame around pages: where its reader may go, in a rail and a bar.

Both are drawn once (`macros/frame.html`) for everybody who may go to the same places, by institution and language, and
kept. What a request says of itself is put in afterwards: the entry its page lies below, the numbers beside entries, and
whoever reads. What is kept is drawn from the names of the entries alone, so nothing about a person can stand in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from flask import Flask, current_app, g, request, url_for
from markupsafe import Markup
from sqlalchemy import select

from app.core import i18n
from app.core.actor import Actor
from app.core.http.api import API_ROOT
from app.core.prepared import Count, Reading

RIGHTS_AT_MOST = 1024
DRAWN_AT_MOST = 256
"""Of the mixtures of rights, and of the frames drawn (10 kB each), as many are kept."""
MANY = 100  # a number from here on is told as 99+, as what is unread is counted no further
_MARK = "\0"  # stands in no page


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


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of the navigation somebody may use, in the order of the table."""

    endpoints: tuple[str, ...]
    counted: tuple[tuple[str, Count], ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A part of the frame: texts, and between two of them a mark of what is put there.

    A mark is `here ENDPOINT`, `number ENDPOINT CLASS` or `reader`. `addresses`: of each entry.
    """

    pieces: tuple[str, ...]
    addresses: tuple[tuple[str, str], ...]

    def filled(self, path: str, numbers: Mapping[str, int], reader: str) -> Markup:
        """The part for a request: its path, the numbers by endpoint, what is drawn of its reader."""
        here = max(
            (each for each in self.addresses if _lies_below(path, each[1])),
            key=lambda each: len(each[1]),
            default=("", ""),
        )[0]
        found = list(self.pieces)
        for at in range(1, len(found), 2):
            what, _space, of = found[at].partition(" ")
            if what == "here":
                found[at] = ' aria-current="page"' if of == here else ""
            elif what == "number":
                endpoint, _space, looks = of.partition(" ")
                number = numbers.get(endpoint)
                found[at] = f'<span class="{looks}">{number if number < MANY else "99+"}</span>' if number else ""
            else:
                found[at] = reader
        return Markup("".join(found))  # noqa: S704 - drawn by templates


@dataclass(frozen=True, slots=True)
class _Shown:
    """An entry as the macros draw it, with marks where requests differ."""

    label: str
    url: str
    icon: str
    primary: bool
    place: int
    endpoint: str
    counted: bool

    @property
    def here(self) -> Markup:
        return _mark("here", self.endpoint)

    def number(self, looks: str) -> str:
        """Where the number stands; `looks`: the class of its element."""
        return _mark("number", self.endpoint, looks) if self.counted else ""


def _mark(*of: str) -> Markup:
    return Markup(f"{_MARK}{' '.join(of)}{_MARK}")  # noqa: S704 - names of our own


class Frames:
    """What an application keeps of its frame."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.entries = lru_cache(maxsize=RIGHTS_AT_MOST)(self._entries)
        self.drawn = lru_cache(maxsize=DRAWN_AT_MOST)(self._drawn)

    @property
    def _table(self) -> tuple[NavItem, ...]:
        table: tuple[NavItem, ...] = self._app.extensions["houqin_nav"]
        return table

    def _entries(self, rights: Actor) -> Entries:
        items = [item for item in self._table if item.rule(rights)]
        counted = tuple((item.endpoint, item.count) for item in items if item.count)
        return Entries(tuple(item.endpoint for item in items), counted)

    def _drawn(self, part: str, institution_id: int, tag: str, endpoints: tuple[str, ...], *given: Any) -> Drawn:
        """A macro of `macros/frame.html` for these entries, in the reader's language, `tag`."""
        shown = [self._shown(place, endpoint) for place, endpoint in enumerate(endpoints)]
        groups: dict[str, list[_Shown]] = {"": []}
        for heading, entry in shown:
            groups.setdefault(heading, []).append(entry)
        draw = getattr(self._app.jinja_env.get_template("macros/frame.html").module, part)
        pieces = str(draw([(heading, items) for heading, items in groups.items() if items], *given)).split(_MARK)
        return Drawn(tuple(pieces), tuple((entry.endpoint, entry.url) for _heading, entry in shown))

    def _shown(self, place: int, endpoint: str) -> tuple[str, _Shown]:
        item = next(each for each in self._table if each.endpoint == endpoint)
        return str(item.group), _Shown(
            label=str(item.label),
            url=url_for(endpoint),
            icon=item.icon,
            primary=item.primary,
            place=place,
            endpoint=endpoint,
            counted=item.count is not None,
        )


def entries() -> Entries:
    """Those of this request's reader; an entry's page lets him in. Looked up once per request."""
    if "entries" not in g:
        frames: Frames = current_app.extensions["houqin_frames"]
        g.entries = frames.entries(g.actor.rights)
    found: Entries = g.entries
    return found


def counts() -> Mapping[str, int]:
    """The numbers beside the entries this reader sees, by the entry's endpoint; asked once per request."""
    if "counts" not in g:
        asked = entries().counted
        given = {name: value for _endpoint, each in asked for name, value in each.values(g.actor).items()}
        row = _counting(asked).one(given) if asked else ()
        g.counts = {endpoint: number for (endpoint, _each), number in zip(asked, row, strict=True)}
    found: Mapping[str, int] = g.counts
    return found


@cache
def _counting(asked: tuple[tuple[str, Count], ...]) -> Reading:
    """One statement for all of them; there are as many as there are mixtures of rights."""
    return Reading(lambda: select(*(each.statement().scalar_subquery() for _endpoint, each in asked)))


def _part(part: str, *given: Any, reader: str = "") -> Markup:
    frames: Frames = current_app.extensions["houqin_frames"]
    drawn = frames.drawn(part, g.actor.institution_id, i18n.locale(), entries().endpoints, *given)
    return drawn.filled(request.path, counts(), reader)


def rail(reader: str = "") -> Markup:
    """The rail of the desk with all entries; at its foot the `reader`, nothing for somebody who is not signed in."""
    return _part("rail", _mark("reader") if reader else None, reader=reader)


def tabs(more: str | None = None) -> Markup:
    """The bar of a phone with at most four; `more`: the address of the others."""
    return _part("tabs", more)


def places() -> int:
    """How many entries there are."""
    return len(entries().endpoints)


def called(endpoint: str, calls: Mapping[str, Any]) -> str:
    """The navigation's word for the part of the product a page or call belongs to; the endpoint where it has none.

    The nearest entry above its address; else what `calls` says of the first part of it, for calls that lie below no
    entry; else the only entry of the same blueprint.
    """
    table: tuple[NavItem, ...] = current_app.extensions["houqin_nav"]
    path = _path(endpoint).removeprefix(API_ROOT)
    above = {at: item.label for item in table if path and _lies_below(path, at := _path(item.endpoint))}
    of = endpoint.partition(".")[0].removeprefix("api_")
    beside = [item.label for item in table if item.endpoint.partition(".")[0] == of]
    first = path.strip("/").partition("/")[0]
    found = above[max(above, key=len)] if above else calls.get(first) or (beside[0] if len(beside) == 1 else None)
    return f"{found} ({endpoint})" if found else endpoint


def _path(endpoint: str) -> str:
    """The address of an endpoint as its rule has it; empty for one that is no more."""
    return next(current_app.url_map.iter_rules(endpoint)).rule if endpoint in current_app.view_functions else ""


def _lies_below(path: str, url: str) -> bool:
    """Whether a page belongs to an entry: it is its page or one below; of several the nearest counts."""
    return path == url or (url != "/" and path.startswith(f"{url}/"))


def install(app: Flask) -> None:
    app.extensions["houqin_frames"] = Frames(app)
    app.jinja_env.globals.update(nav_rail=rail, nav_tabs=tabs, nav_places=places)
