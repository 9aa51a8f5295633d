"""What the forms of `start` and `done` ask for, from what the category demands, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core import words
from app.core.i18n import locale
from app.tickets.rules import demands as rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The demands of one order; `before` and `after`: a photo of then is still missing, `signature` one by hand too."""

    scan: bool = False
    points: Sequence[dict[str, str]] = ()
    before: bool = False
    after: bool = False
    code: bool = False
    signature: bool = False

    @property
    def anything(self) -> bool:
        """The end of the work asks for more than words."""
        return bool(self.points) or self.before or self.after or self.code or self.signature


def asked(made: Mapping[str, Any] | None, kept: Collection[str] = (), *, reader: bool = True) -> Asked:
    """What is still asked for. `kept`: moments of the photos there are; `reader`: somebody can read the code."""
    demanded = set(rules.demanded(made))
    tag = locale()
    return Asked(
        scan="scan" in demanded,
        points=[{"value": code, "label": words.text(point, tag)} for code, point in rules.points(made).items()],
        before="photo_before" in demanded and "before" not in kept,
        after="photo_after" in demanded and "after" not in kept,
        code="code" in demanded and reader,
        signature="signature" in demanded and "signature" not in kept,
    )


def of_order(row: Any, photos: Iterable[Mapping[str, Any]]) -> Asked:
    """What the end of the work of an order still has to show, besides the photos it has."""
    kept = {photo["moment"] for photo in photos if not photo["problem"]}
    return asked(row.demands, kept, reader=row.reporter_id is not None)
