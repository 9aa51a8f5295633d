"""What the wizard's pages show, worked out before the template: one object per page, no query in a template."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.core import i18n
from app.core.actor import Actor
from app.core.importing import Importer, Outcome, Reason
from app.imports import policies, queries, registry, wording
from app.imports.models import ImportBatch, ImportProgress, ImportRow
from app.imports.rules import sniffing, stages
from app.imports.services import life, looking

SHOWN = 20  # rows of an outcome on the result page; the rest has a page of its own
MOST_FIELDS = 6

_STEP_OF = {
    "uploaded": 0, "asking": 0, "mapping": 1, "planning": 2, "planned": 3, "waiting": 3, "applying": 3,
    "known": 4, "applied": 4, "undoing": 4, "undone": 4, "returned": 3, "withdrawn": 3, "failed": 2,
}  # fmt: skip
CHIPS: dict[str, tuple[str | None, str]] = {
    "uploaded": (None, "hourglass"),
    "asking": ("soon", "question"),
    "mapping": ("soon", "table"),
    "planning": (None, "hourglass"),
    "planned": ("info", "play"),
    "waiting": ("soon", "clock"),
    "known": ("good", "check"),
    "applying": (None, "hourglass"),
    "applied": ("good", "check"),
    "undoing": (None, "hourglass"),
    "undone": ("hold", "undo"),
    "returned": ("late", "back"),
    "withdrawn": ("hold", "x"),
    "failed": ("late", "alert"),
}


def number(batch: ImportBatch) -> str:
    return life.number(batch.id)


def kind_label(kind: str) -> str:
    return str(registry.importer(kind).label)


def chip(batch: ImportBatch) -> dict[str, Any]:
    """State as a coloured word with its icon; nothing to write says whether that is because rows were refused."""
    counts = batch.counts or {}
    if batch.state == "known" and counts.get("refused"):
        if counts.get("same"):
            return {"text": _("some refused, the rest known"), "kind": "soon", "icon": "alert"}
        return {"text": _("every row refused"), "kind": "late", "icon": "x"}
    kind, icon = CHIPS[batch.state]
    if batch.state == "withdrawn" and batch.source == "cli" and counts:
        return {"text": _("dry run only"), "kind": kind, "icon": icon}
    return {"text": str(wording.STATES[batch.state]), "kind": kind, "icon": icon}


def written(batch: ImportBatch) -> int | None:
    """Rows that stand in the register because of the batch; None where it has written none, or they were taken back."""
    return batch.counts["new"] + batch.counts["changed"] if batch.state in ("applied", "undoing") else None


def person(name: str, person_id: int | None) -> str:
    """Who had a hand in a batch; without an account it was the command."""
    return name if person_id is not None else str(_("command line"))


def asked(why: Reason) -> dict[str, str]:
    """How an address asks for the rows refused for a reason."""
    return {"code": why.code, "column": why.column or "", "value": why.value}


@dataclass(slots=True)
class Screen:
    """One batch as one reader sees it now."""

    batch: ImportBatch
    importer: Importer[Any]
    actor: Actor
    now: datetime
    proposal: dict[str, Any] = field(default_factory=dict)
    progress: ImportProgress | None = None
    parts: dict[str, Sequence[ImportRow]] = field(default_factory=dict)
    repeated: Sequence[queries.Refusals] = ()

    @classmethod
    def of(cls, batch: ImportBatch, actor: Actor, now: datetime, header: int | None) -> Screen:
        """Read what this state's page needs."""
        screen = cls(batch, registry.importer(batch.kind), actor, now)
        if batch.state in stages.RUNNING:
            screen.progress = queries.progress(batch.id)
        elif batch.state == "mapping":
            screen.proposal = looking.propose(screen.importer, batch.layout, header)
        elif batch.counts:
            for outcome in ("changed", "refused", "missing", "new"):
                if batch.counts.get(outcome):
                    screen.parts[outcome] = screen._first(outcome)
            if batch.counts.get("refused", 0) > 1:
                screen.repeated = [each for each in queries.refusals(batch.id, SHOWN) if each.count > 1]
        return screen

    def _first(self, outcome: Outcome) -> Sequence[ImportRow]:
        return queries.rows(self.batch.id, outcome, limit=SHOWN).items

    @property
    def listed(self) -> list[ImportRow]:
        """The rows the result page shows, of all outcomes."""
        return [row for rows in self.parts.values() for row in rows]

    # --- words ----------------------------------------------------------------------------------------------------

    @property
    def number(self) -> str:
        return life.number(self.batch.id)

    @property
    def title(self) -> str:
        return str(self.importer.label)

    @property
    def chip(self) -> dict[str, Any]:
        return chip(self.batch)

    @property
    def problem(self) -> tuple[str, str] | None:
        return wording.problem(self.batch.problem, self.importer)

    @property
    def blockers(self) -> list[dict[str, str]]:
        """What stands in the way of an undo."""
        stored = (self.batch.problem or {}).get("reasons", ())
        reasons = [queries.as_reason(each) for each in stored]
        return [{"value": why.value, "text": wording.message(why, self.importer)} for why in reasons]

    @property
    def steps(self) -> list[dict[str, str]]:
        labels = (_("Upload"), _("Columns"), _("Dry run"), _("Apply"), _("Result"))
        unread = self.batch.state == "failed" and not self.batch.layout
        at = 0 if unread else _STEP_OF[self.batch.state]
        return [
            {"label": label, "state": "done" if index < at else ("now" if index == at else "")}
            for index, label in enumerate(labels)
        ]

    @property
    def uploader(self) -> str:
        return person(self.batch.uploader, self.batch.uploaded_by)

    @property
    def decider(self) -> str:
        return person(self.batch.decider, self.batch.decided_by)

    @property
    def stage_label(self) -> str:
        if self.progress is None or self.batch.state == "uploaded":
            return str(_("Looking at the file"))
        if self.batch.state == "undoing":
            return str(_("Taking the rows back"))
        if self.progress.stage == "writing":
            return str(
                ngettext(
                    "Writing %(rows)s row, all in one go",
                    "Writing %(rows)s rows, all in one go",
                    self.to_write,
                    rows=i18n.format_number(self.to_write),
                )
            )
        return str(wording.STAGES.get(self.progress.stage, ""))

    @property
    def encoding(self) -> str:
        name = self.batch.layout.get("encoding")
        return str(wording.ENCODINGS.get(name, name)) if name else ""

    @property
    def encodings(self) -> list[dict[str, Any]]:
        """Encodings another reading may try; none for a workbook, which has no say in it."""
        if self.batch.layout.get("encoding") is None:
            return []
        return [{"value": each, "label": str(wording.ENCODINGS[each])} for each in sniffing.CHOICES]

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """Encodings to choose from, each with its preview."""
        found = self.batch.layout.get("candidates", ())
        return [{**each, "label": str(wording.ENCODINGS.get(each["encoding"], each["encoding"]))} for each in found]

    # --- columns --------------------------------------------------------------------------------------------------

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The importer's columns with the file column proposed for each and a sample of it."""
        chosen: Mapping[str, int] = self.proposal.get("columns", {})
        return [
            {
                "name": column.name,
                "label": str(column.label),
                "hint": str(column.hint) if column.hint else "",
                "required": column.required,
                "index": chosen.get(column.name),
                "sample": self._sample(chosen.get(column.name)),
            }
            for column in self.importer.columns
        ]

    @property
    def file_columns(self) -> list[dict[str, Any]]:
        """The file's headings as options; a heading without text goes by its place."""
        return [
            {"value": str(index), "label": heading or _("Column %(place)s", place=index + 1)}
            for index, heading in enumerate(self.proposal.get("headings", ()))
        ]

    @property
    def unused(self) -> list[str]:
        used = set(self.proposal.get("columns", {}).values())
        return [
            heading for index, heading in enumerate(self.proposal.get("headings", ())) if heading and index not in used
        ]

    @property
    def header_rows(self) -> list[dict[str, str]]:
        """Rows that could be the headings."""
        rows = self.batch.layout.get("rows", ())
        return [
            {
                "value": str(row["number"]),
                "label": _(
                    "Row %(number)s: %(cells)s",
                    number=row["number"],
                    cells=", ".join(cell for cell in row["cells"][:8] if cell)[:80],
                ),
            }
            for row in rows
        ]

    def _sample(self, index: int | None) -> str:
        header = self.proposal.get("header") or 0
        if index is None:
            return ""
        cells = (
            row["cells"][index]
            for row in self.batch.layout.get("rows", ())
            if row["number"] > header and index < len(row["cells"])
        )
        return ", ".join([cell for cell in cells if cell][:3])

    # --- result ---------------------------------------------------------------------------------------------------

    def count(self, outcome: str) -> int:
        return int(self.batch.counts.get(outcome, 0))

    @property
    def checked(self) -> int:
        """Rows of the file and what it lacks: the left side of the sum."""
        return self.count("read") + self.count("missing")

    @property
    def to_look_at(self) -> int:
        """Rows the approver has to look at one by one."""
        return queries.to_look_at(self.batch, self.importer)

    @property
    def to_write(self) -> int:
        return self.count("new") + self.count("changed") + self.count("missing")

    def reason_counts(self) -> list[dict[str, Any]]:
        """Refusals by reason, the commonest first."""
        return self._counted("reasons")

    def shared(self) -> list[dict[str, Any]]:
        """What refused several rows alike: column, value, reason, remedy, how many, and how those are asked for."""
        return [
            {
                "column": wording.column_label(each.why.column, self.importer),
                "value": each.why.value,
                "message": wording.shared(each.why, each.count, self.importer),
                "remedy": wording.remedy(each.why, self.importer),
                "count": each.count,
                "asked": asked(each.why),
            }
            for each in self.repeated
        ]

    def remark_counts(self) -> list[dict[str, Any]]:
        """What asks for a look before approval."""
        return self._counted("remarks", remedy=True)

    def _counted(self, name: str, *, remedy: bool = False) -> list[dict[str, Any]]:
        found = sorted(self.batch.counts.get(name, {}).items(), key=lambda item: -item[1])
        return [
            {
                "code": code,
                "text": wording.summary(code, self.importer),
                "remedy": wording.say(wording.wording_of(code, self.importer).remedy, {}) if remedy else "",
                "count": count,
            }
            for code, count in found
        ]

    def field_counts(self) -> list[dict[str, Any]]:
        found = sorted(self.batch.counts.get("fields", {}).items(), key=lambda item: -item[1])
        return [
            {"name": name, "label": wording.column_label(name, self.importer), "count": count} for name, count in found
        ]

    def diff_fields(self, rows: Sequence[ImportRow]) -> list[dict[str, str]]:
        """The columns of a table of changes: those that change in these rows, in the importer's order."""
        changed = {name for row in rows for name in row.diff}
        names = [column.name for column in self.importer.columns if column.name in changed]
        names += sorted(changed - set(names))
        return [{"name": name, "label": wording.column_label(name, self.importer)} for name in names[:MOST_FIELDS]]

    def shown(self, value: Any) -> str:
        """A value of a change, for people."""
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        if isinstance(value, list):
            return i18n.listed(value)
        return "–" if value is None else str(value)

    def reasons(self, row: ImportRow) -> list[dict[str, str]]:
        return [self._said(stored) for stored in row.reasons]

    def remarks(self, row: ImportRow) -> list[dict[str, str]]:
        return [self._said(stored) for stored in row.remarks]

    def _said(self, stored: dict[str, Any]) -> dict[str, str]:
        why = queries.as_reason(stored)
        return {
            "column": wording.column_label(why.column, self.importer),
            "value": why.value,
            "message": wording.message(why, self.importer),
            "remedy": wording.remedy(why, self.importer),
        }

    def page_of(self, row: ImportRow) -> str | None:
        """Where the thing a row is about is seen; None while there is none, or where it was taken back."""
        there = row.outcome != "new" or self.batch.state == "applied"
        return self.importer.page.format(id=row.target_id) if there and row.target_id is not None else None

    def row_keys(self, rows: Collection[ImportRow], *, groups: bool = False) -> tuple[tuple[tuple[str, ...], str], ...]:
        """The keys that move among rows, with their words: only those that find something to go to.

        `groups`: refusals several rows share stand above them, and open too.
        """
        keys: list[tuple[tuple[str, ...], str]] = [(("j", "k"), _("up, down"))] if rows else []
        if groups or any(self.page_of(row) for row in rows):
            keys.append((("Enter",), _("open")))
        if any(row.remarks for row in rows):
            keys.append((("n",), _("next one to look at")))
        return tuple(keys)

    # --- what the reader may do -----------------------------------------------------------------------------------

    @property
    def may_run(self) -> bool:
        return policies.can_run_kind(self.actor, self.importer)

    @property
    def may_approve(self) -> bool:
        return policies.can_approve_kind(self.actor, self.importer) and not policies.is_own(self.actor, self.batch)

    @property
    def own(self) -> bool:
        return policies.is_own(self.actor, self.batch)

    @property
    def fresh(self) -> bool:
        return stages.plan_is_fresh(self.batch.planned_at, self.now)

    @property
    def valid_until(self) -> datetime | None:
        return self.batch.planned_at + stages.FRESH_FOR if self.batch.planned_at else None

    @property
    def may_undo(self) -> bool:
        return stages.may_be_undone(self.batch.state, self.batch.applied_at, self.now) and (
            self.may_run or policies.can_approve_kind(self.actor, self.importer)
        )

    @property
    def undo_until(self) -> datetime | None:
        return self.batch.applied_at + stages.UNDO_FOR if self.batch.applied_at else None
