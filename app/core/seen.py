"""What somebody had before him when he began to edit, so that a form never undoes what others did meanwhile.

A page carries a mark, a fingerprint of each field it shows, as its hidden field `version`. The service compares under
the row's lock (`check`), and the edge gives the form back with what was typed (`give_back`). It is exact: what the form
does not show may change beside it. The API, and a button on a row that counts its versions, name the number instead;
of a row that counts none, the API names the same fingerprints as its entity tag (`tag`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any

from flask_babel import gettext as _
from marshmallow import validate
from sqlalchemy import ColumnElement

from app.core import clock, forms, i18n
from app.core.errors import Stale
from app.core.held import QUICKER, Row, held, unchanged

FIELD = "version"
_MANY = (list, tuple, set, frozenset)
_BYTES = 6
"""Of a field's fingerprint: two values look alike once in 2^48; the mark is no secret and guards against nobody."""


_AT = "@"
_LAST = 2**33
"""Seconds; later than any page was made."""


class Overtaken(Stale):
    """What a page shows was changed after it was opened.

    `shown`: how it is now, `changed`: the fields that differ, `opened`: when (None: unknown).
    """

    def __init__(self, shown: Mapping[str, Any], seen: Mapping[str, str], opened: datetime | None) -> None:
        self.shown, self.seen, self.opened = shown, seen, opened
        self.changed = _changed(shown, seen)
        super().__init__(QUICKER, current={"changed": self.changed})


@dataclass(frozen=True, slots=True)
class Seen:
    """The mark a form came with, and how its fields are read from a row."""

    mark: str
    shown: Callable[[Any], Mapping[str, Any]]

    def holds(self, row: Any) -> None:
        """Raise Overtaken where the row, which the caller has locked, no longer shows what the form did."""
        now_so = self.shown(row)
        seen = _parts(self.mark)
        if not now_so.keys() & seen.keys() or _changed(now_so, seen):
            raise Overtaken(now_so, seen, _opened(self.mark))


def still(model: type[Row], row_id: int, seen: Seen | int | None, *conditions: ColumnElement[bool]) -> Row:
    """The row, locked, as its editor saw it (`check`). Raises NotFound, Stale."""
    found = held(model, row_id, *conditions)
    check(found, seen)
    return found


def check(row: Any, seen: Seen | int | None, **current: Any) -> None:
    """Raise Stale where a locked row is not what its editor had before him.

    `seen`: the mark of a page, the number of a version (its caller read it over the API, or it stands on a button), or
    None: he does not say. `current` is what one who named a number is told beside it.
    """
    if isinstance(seen, Seen):
        seen.holds(row)
    elif seen is not None:
        unchanged(row.version, seen, **current)


def mark(shown: Mapping[str, Any]) -> str:
    """When a page was made, and the fingerprints of what it shows, field by field."""
    return f"{_AT}{clock.now().timestamp():.0f}.{tag(shown)}"


def tag(shown: Mapping[str, Any]) -> str:
    """The fingerprints alone: the same as long as nothing of it changes."""
    return ".".join(f"{name}-{_fingerprint(value)}" for name, value in sorted(shown.items()))


def form_of(schema: forms.Schema | type[forms.Schema], shown: Mapping[str, Any]) -> forms.Form:
    """The form that edits what is `shown`; its page hides `form.values.version`."""
    return forms.Form(schema, {**shown, FIELD: mark(shown)})


def seen_in(sent: Mapping[str, Any], shown: Callable[[Any], Mapping[str, Any]]) -> Seen:
    """The same of a button, whose page hides the mark of what it shows. Without a mark it counts as changed."""
    return Seen(str(sent.get(FIELD) or ""), shown)


def seen_by(form: forms.Form, shown: Callable[[Any], Mapping[str, Any]]) -> Seen:
    """What the sender of a loaded form had before him."""
    return seen_in(form.values, shown)


def give_back(form: forms.Form, refused: Overtaken, said: str, named: Callable[[str], Any] = str) -> None:
    """Prepare a form that came too late to be shown again: saved once more, it is meant.

    What was typed stays. A field its sender left as it was takes over what others made of it, and each field that
    changed says so. `said` is the sentence about the whole; `named` says what a code among several is called.
    """
    form.problem, form.status = said, refused.status
    for name in refused.changed:
        typed, now_so = form.values.get(name), refused.shown[name]
        if _fingerprint(typed) == refused.seen.get(name, _NOTHING):
            form.values[name] = now_so
            told = _("Changed meanwhile: what stands here now is new.")
        elif _fingerprint(typed) == _fingerprint(now_so):
            told = _("Changed meanwhile, to the same as yours.")
        else:
            told = _told(form, name, now_so, typed, named)
        form.errors.setdefault(name, []).append(told)
    form.values[FIELD] = mark(refused.shown)


def _told(form: forms.Form, name: str, now_so: Any, typed: Any, named: Callable[[str], Any]) -> str:
    said: str
    if isinstance(now_so, _MANY):
        theirs, yours = {*map(str, now_so)}, {*map(str, typed or ())}
        said = _(
            "Changed meanwhile; yours is kept here. Only in the new one: %(theirs)s. Only in yours: %(yours)s.",
            theirs=_listed(theirs - yours, named),
            yours=_listed(yours - theirs, named),
        )
    elif _typed_freely(form.schema.fields.get(name)):
        said = _("Changed meanwhile to “%(value)s”; yours is kept here.", value=_text(now_so) or "–")
    else:
        said = _("Changed meanwhile; yours is kept here.")
    return said


def _listed(codes: set[str], named: Callable[[str], Any]) -> str:
    return i18n.listed(named(code) for code in sorted(codes)) or "–"


def _typed_freely(field: Any) -> bool:
    """Whether a field shows its value itself, not words for a code."""
    return isinstance(field, forms.Text) and not any(isinstance(each, validate.OneOf) for each in field.validators)


def _changed(now_so: Mapping[str, Any], seen: Mapping[str, str]) -> list[str]:
    """The fields that differ, of a form that named its fields; one it did not know was empty."""
    return [name for name, value in now_so.items() if seen and seen.get(name, _NOTHING) != _fingerprint(value)]


def _parts(given: str) -> dict[str, str]:
    pairs = (each.rpartition("-") for each in given.split("."))
    return {name: digest for name, _dash, digest in pairs if name}


def _opened(given: str) -> datetime | None:
    at = given.partition(".")[0].removeprefix(_AT)
    seconds = forms.parse_id(at)
    return None if seconds is None or seconds > _LAST else datetime.fromtimestamp(seconds, UTC)


def _fingerprint(value: Any) -> str:
    return blake2b(_text(value).encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()


def _text(value: Any) -> str:
    """A value as its form sends it back."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, _MANY):
        return "\x1f".join(sorted(map(_text, value)))
    if isinstance(value, Mapping):
        return "\x1f".join(f"{name}={_text(value[name])}" for name in sorted(value))
    return str(value).replace("\r\n", "\n").strip()


_NOTHING = _fingerprint(None)
