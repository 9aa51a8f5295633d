"""What has to be shown of the work before an act is done (tickets-rules 2: `start` and `done`).

A category's version says what is demanded (`rules.demands`); here it is decided which of those demands bind this order,
which are met by what there is to show, and what is said where one is not. The guards of the transition tables take it
from here, so pages and API judge alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from app.tickets.rules import demands as rules
from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.rows import Guard

SIGNED_AT_LEAST: Final = 2
"""Characters of a name typed in place of a signature."""


class Scan(StrEnum):
    """What a scanned sticker stands for, seen from the place of the order."""

    RIGHT = "right"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What there is to show when an act is judged.

    `scan` None: nothing was scanned; `scanned` names the place of the sticker. `ticked` holds codes of points
    (`demands.points`), `before` and `after` count the photos kept, `code_right` is None where no code was given.
    """

    scan: Scan | None = None
    scanned: str = ""
    ticked: frozenset[str] = frozenset()
    before: int = 0
    after: int = 0
    code_right: bool | None = None
    signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What to say of a demand that is not met, in place of its guard's general words.

    `values` fill the message; `points` are words of the catalogue that fill its `points`.
    """

    message: str
    values: Mapping[str, str] = field(default_factory=dict)
    points: tuple[Mapping[str, str], ...] = ()


def binding(
    made: Mapping[str, Any] | None, *, has_sticker: bool, has_reader: bool, scan: Scan | None, explained: bool
) -> frozenset[Guard]:
    """The demands that bind: without a sticker in use there is nothing to scan, without a reporter nobody has a code.

    A wrong sticker stops the work also where no scan is demanded, until somebody says why he begins all the same
    (`explained`); where it is demanded, no reason takes its place.
    """
    demanded = set(rules.demanded(made))
    found = {Guard.SIGNATURE} if "signature" in demanded else set()
    if has_sticker and "scan" in demanded:
        found.add(Guard.SCAN)
    if scan in (Scan.ELSEWHERE, Scan.UNKNOWN) and not explained:
        found.add(Guard.SCAN)
    if has_reader and "code" in demanded:
        found.add(Guard.CODE)
    if demanded & {"photo_before", "photo_after"}:
        found.add(Guard.PHOTOS)
    if rules.points(made):
        found.add(Guard.CHECKLIST)
    return frozenset(found)


def met(made: Mapping[str, Any] | None, shown: Evidence) -> frozenset[Guard]:
    """The demands that are met by what there is to show."""
    found = set()
    if shown.scan is Scan.RIGHT:
        found.add(Guard.SCAN)
    if not unticked(made, shown):
        found.add(Guard.CHECKLIST)
    if not photos_missing(made, shown):
        found.add(Guard.PHOTOS)
    if shown.code_right:
        found.add(Guard.CODE)
    if shown.signed:
        found.add(Guard.SIGNATURE)
    return frozenset(found)


def unticked(made: Mapping[str, Any] | None, shown: Evidence) -> tuple[Mapping[str, str], ...]:
    """The points of the checklist that are not ticked off, in their order."""
    return tuple(words for code, words in rules.points(made).items() if code not in shown.ticked)


def photos_missing(made: Mapping[str, Any] | None, shown: Evidence) -> tuple[str, ...]:
    """Of which moments a photo is demanded and there is none: before, after."""
    demanded = set(rules.demanded(made))
    counts = {"before": shown.before, "after": shown.after}
    return tuple(moment for moment, count in counts.items() if f"photo_{moment}" in demanded and not count)


_PHOTOS: Final[dict[tuple[str, ...], str]] = {
    ("before",): gettext_noop("Add a photo taken before the work."),
    ("after",): gettext_noop("Add a photo taken after the work."),
    ("before", "after"): gettext_noop("Add a photo taken before the work and one taken after it."),
}
_SCANS: Final[dict[Scan, str]] = {
    Scan.ELSEWHERE: gettext_noop("This sticker is that of %(scanned)s; the order is for %(wanted)s."),
    Scan.UNKNOWN: gettext_noop("This is no sticker in use. Scan the one at the place."),
}
UNTICKED: Final = gettext_noop("Not ticked off yet: %(points)s")
WRONG_CODE: Final = gettext_noop("This is not the reporter’s code. Ask again: it stands on the page of the request.")


def lacks(made: Mapping[str, Any] | None, shown: Evidence, wanted: str) -> dict[Guard, Lack]:
    """What is missing, in words that name it; `wanted` is the place of the order."""
    found: dict[Guard, Lack] = {}
    if shown.scan in _SCANS:
        found[Guard.SCAN] = Lack(message=_SCANS[shown.scan], values={"scanned": shown.scanned, "wanted": wanted})
    if (points := unticked(made, shown)) and len(points) < len(rules.points(made)):
        found[Guard.CHECKLIST] = Lack(message=UNTICKED, points=points)
    if moments := photos_missing(made, shown):
        found[Guard.PHOTOS] = Lack(message=_PHOTOS[moments])
    if shown.code_right is False:
        found[Guard.CODE] = Lack(message=WRONG_CODE)
    return found
