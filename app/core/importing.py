"""The protocol an importer fulfils. Pure Python: no database, no request.

An area says which columns it knows, how its lines become a plan, and how a plan is written and taken back; the engine
in ``app.imports`` does everything else: reading, mapping, dry run, approval, progress, report. An importer is
registered in ``app.wiring.IMPORTERS``.

Nothing here is a finished sentence. A refusal is a code with figures (:class:`Reason`); the words for a code
(:class:`Wording`) are lazily translated and put together at the edge.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from app.core.actor import Actor

Outcome = Literal["new", "changed", "same", "missing", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("new", "changed", "same", "missing", "refused")
WRITTEN: frozenset[Outcome] = frozenset({"new", "changed", "missing"})
"""Outcomes that applying a batch acts upon."""

Phrase: TypeAlias = Any
"""A lazily translated text (``lazy_gettext``)."""

Plain: TypeAlias = str | int | bool | list[Any] | dict[str, Any] | None
"""What a plan may carry: it is stored as JSON between the dry run and the application."""


# --- columns ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text."""

    limit: int = 200


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name: a text in which no question mark may stand for a lost character."""

    limit: int = 80


@dataclass(frozen=True, slots=True)
class Code:
    """A number or code that identifies; never touched by arithmetic."""

    limit: int = 64


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds (both inclusive)."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number within bounds (both inclusive) with at most ``places`` decimals."""

    low: Decimal
    high: Decimal
    places: int


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a code table; keys are compared without case, width and spaces."""

    table: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sex:
    """GB/T 2261.1 or its words: "M", "F", or "U" for not known."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number."""


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address."""


@dataclass(frozen=True, slots=True)
class Document:
    """An identity document's number. Always secret."""


Cell: TypeAlias = Text | Name | Code | Whole | Number | Day | Choice | Sex | Phone | Email | Document


@dataclass(frozen=True, slots=True)
class Column:
    """A column an importer understands.

    ``aliases`` are the headings it is known by, in both languages. ``required``: the file must have it; ``filled``:
    no cell of it may be empty. ``secret`` values are never stored, shown or exported in clear.
    """

    name: str
    label: Phrase
    cell: Cell
    aliases: tuple[str, ...] = ()
    required: bool = False
    filled: bool = False
    secret: bool = False
    hint: Phrase = ""


# --- lines and plans ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row is refused, or a remark on it: the column, the value as the file has it, a code and its figures."""

    code: str
    column: str | None = None
    value: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wording:
    """Words for a reason's code: what is wrong, what to do about it. Figures as ``%(name)s``.

    `many`: the same said of many rows at once; needed where the message has figures, which differ from row to row.
    `words` are those of figures that are codes: kept as codes, said in the reader's language.
    """

    message: Phrase
    remedy: Phrase
    many: Phrase | None = None
    words: Mapping[str, Phrase] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file: parsed values by column name (absent columns are absent keys) and what was refused so far."""

    number: int
    values: Mapping[str, Any]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What applying the batch would do for one row, or (``row`` None) for a thing the file should have named.

    ``key`` is what the row is recognised by, ``label`` what a person recognises it by. ``target`` is the id of the
    existing thing. ``diff`` maps a column to (was, becomes). ``values`` is what :meth:`Importer.apply` writes.
    ``reasons`` refuse the row; ``remarks`` ask for a look before approval and refuse nothing.
    """

    row: int | None
    outcome: Outcome
    key: str = ""
    label: str = ""
    target: int | None = None
    diff: Mapping[str, tuple[Plain, Plain]] = field(default_factory=dict)
    values: Mapping[str, Plain] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[Reason, ...] = ()


def refuse(line: Line, *more: Reason, key: str = "", label: str = "", target: int | None = None) -> RowPlan:
    """The plan of a row that is not taken, with all its reasons."""
    return RowPlan(line.number, "refused", key=key, label=label, target=target, reasons=(*line.reasons, *more))


@dataclass(frozen=True, slots=True)
class Request:
    """The circumstances of a run: who, when (aware UTC), and the part of the register the file claims to be complete
    for.

    ``extent``: "" claims nothing (nobody is missing), "whole" the whole register, else comma-separated codes.
    """

    actor: Actor
    now: datetime
    extent: str = ""


L = TypeVar("L")


class Importer(Protocol[L]):
    """One kind of import. ``L`` is whatever the area looks up before planning."""

    kind: str
    label: Phrase
    columns: tuple[Column, ...]
    wording: Mapping[str, Wording]
    """Words for the area's own reasons and remarks."""
    permission: str
    """What the person needs besides ``imports.run``."""
    whole_institution: bool
    """Whether the permission must hold for the whole institution; else the plan checks each row's place."""
    takes_extent: bool
    """Whether a file may declare for which part of the register it is complete."""
    one_by_one: frozenset[str]
    """Remarks whose rows the approver looks at one by one, and says so, before the plan is applied."""
    returns: frozenset[str]
    """Fields of a diff that say the file holds what was missing: such a row counts in a list taken before, too."""
    gone: frozenset[str]
    """Fields of a diff that say it was ended by hand: no list taken before brings that back."""
    page: str
    """Address of the page of one thing of this kind, with `{id}` for its id; who holds `permission` may open it."""

    def needs_approval(self, counts: Mapping[str, int]) -> bool:
        """Whether another person must approve a plan with these counts by outcome."""
        ...

    def lookup(self, lines: Sequence[Line], request: Request) -> L:
        """All the register rows planning needs, in a fixed number of queries. Raises Rejected for an unknown extent."""
        ...

    def plan(self, lines: Sequence[Line], lookup: L, request: Request) -> Iterator[RowPlan]:
        """Exactly one plan per line, in any order, then the missing. Reads nothing but its arguments, writes nothing.

        Raises Rejected where the plan as a whole is out of the question (too much missing).
        """
        ...

    def apply(self, plans: Sequence[RowPlan], batch_id: int, request: Request) -> Mapping[int, int]:
        """Write the plans whose outcome is in :data:`WRITTEN`; returns row number → id of each new thing.

        All or nothing.
        """
        ...

    def blockers(self, done: Sequence[RowPlan], request: Request) -> list[Reason]:
        """What now depends on these applied rows, or has changed them since; empty where they can be taken back."""
        ...

    def undo(self, done: Sequence[RowPlan], batch_id: int, request: Request) -> None:
        """Take applied rows back; called only without blockers."""
        ...


# --- identity of content and plans --------------------------------------------------------------------------------


def content_hash(kind: str, extent: str, rows: Iterable[tuple[int, Sequence[str]]]) -> str:
    """The same rows read from whatever encoding or format give the same hash (hex).

    Any other cell or row number another.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps([kind, extent]).encode())
    for number, cells in rows:
        digest.update(json.dumps([number, *cells], ensure_ascii=True, separators=(",", ":")).encode())
    return digest.hexdigest()


def plan_hash(plans: Iterable[RowPlan]) -> str:
    """Equal for two runs that would write the same: approval holds for one such hash only.

    Refused rows count as well.
    """
    digest = hashlib.sha256()
    for each in sorted(plans, key=lambda plan: (plan.row is None, plan.row or 0, plan.target or 0, plan.key)):
        if each.outcome == "same":
            continue
        told = [
            each.row,
            each.outcome,
            each.key,
            each.target,
            each.diff,
            each.values,
            [why.code for why in each.reasons],
        ]
        digest.update(json.dumps(told, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()


def count(plans: Iterable[RowPlan]) -> dict[str, int]:
    """Rows by outcome, each outcome present."""
    found = Counter(plan.outcome for plan in plans)
    return {outcome: found[outcome] for outcome in OUTCOMES}
