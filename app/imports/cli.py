"""`flask import KIND FILE`: the wizard's engine, every stage run on the spot.

Exit codes: 0 all good rows taken (or the plan waits for approval), 1 some rows were refused, 2 the file cannot be used.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _

from app.accounts import queries as accounts
from app.core import clock, i18n, transaction
from app.core.actor import Actor
from app.core.commands import inside, of_institution
from app.core.errors import DomainError
from app.imports import queries, registry, schemas, wording
from app.imports.models import ImportBatch
from app.imports.services import application, decisions, dry_run, intake, life, looking, progress

SHOWN = 100  # kinds of refusal printed as text
GROUPS = 1000  # kinds of refusal in --json, which lists every row besides
UNUSABLE = 2
REWRITE = "\r\x1b[K"
"""Takes a terminal back to the start of an empty line."""


class _Stop(Exception):
    """Ends the command with a sentence and an exit code."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence)
        self.code = code


@click.command("import")
@click.argument("kind")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", "dry", is_flag=True, help="Plan every row, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of sentences.")
@click.option("--strict", is_flag=True, help="Apply nothing if any row is refused.")
@click.option("--approve-as", "approver", metavar="USER", help="Approve in this person's name (first load).")
@of_institution
@click.option("--extent", default="", help="Part the file is complete for: 'whole' or codes, separated by commas.")
@click.option("--encoding", help="Where it cannot be told: gb18030, big5hkscs, cp932, utf-8 …")
@click.option("--sheet", help="Sheet of a workbook; default: the first that holds anything.")
@with_appcontext
def command(
    kind: str,
    file: Path,
    dry: bool,
    as_json: bool,
    strict: bool,
    approver: str | None,
    code: str | None,
    extent: str,
    encoding: str | None,
    sheet: str | None,
) -> None:
    """Import FILE (CSV or XLSX) as KIND."""
    if kind not in {each.kind for each in registry.importers()}:
        known = ", ".join(each.kind for each in registry.importers())
        raise click.UsageError(f"There is no kind {kind}; known: {known}.")
    with inside(code) as here:
        run = _Run(kind, Actor.system(here), clock.now())
        try:
            with _progress_line(shown=not as_json and _on_terminal()):
                report = run.whole(file, extent, encoding, sheet, dry=dry, strict=strict, approver=approver)
        except _Stop as stop:
            _say({"error": str(stop)} if as_json else str(stop), as_json, error=True)
            raise SystemExit(stop.code) from None
    _say(report if as_json else _sentences(report), as_json)
    raise SystemExit(1 if report["refused"] and report["state"] != "waiting" else 0)


def _on_terminal() -> bool:
    """Whether a person looks at what is said beside the result."""
    return sys.stderr.isatty()


@contextmanager
def _progress_line(*, shown: bool) -> Iterator[None]:
    """Meanwhile a line counts the rows of the stage under way; it is gone before anything else is said."""
    if not shown:
        yield
        return
    with progress.heard_by(lambda *report: click.echo(REWRITE + _counted(*report), err=True, nl=False)):
        try:
            yield
        finally:
            click.echo(REWRITE, err=True, nl=False)


def _counted(stage: str, done: int, total: int) -> str:
    label = wording.STAGES[stage]
    if total:
        of = i18n.format_number(total)
        return str(_("%(stage)s: %(done)s of %(total)s rows", stage=label, done=i18n.format_number(done), total=of))
    return str(_("%(stage)s: %(done)s rows", stage=label, done=i18n.format_number(done))) if done else f"{label} …"


class _Run:
    """One run of the command: stage after stage, each in transactions of its own."""

    def __init__(self, kind: str, actor: Actor, now: datetime) -> None:
        self.importer, self.actor, self.now = registry.importer(kind), actor, now
        self.batch_id = 0

    def whole(
        self,
        file: Path,
        extent: str,
        encoding: str | None,
        sheet: str | None,
        *,
        dry: bool,
        strict: bool,
        approver: str | None,
    ) -> dict[str, Any]:
        """Upload, look, map, plan, decide, apply; returns the report."""
        with file.open("rb") as stream:
            self._do(lambda: self._upload(stream, file.name, extent, encoding, sheet))
        self._long(lambda step: looking.run(self.batch_id, step))
        self._map()
        self._long(lambda step: dry_run.run(self.batch_id, step, actor=self.actor, now=self.now))
        report = self._report()
        if dry or (strict and report["refused"]):
            self._withdraw(report)
            return report
        if report["state"] in ("planned", "waiting"):
            return self._decide(report, approver)
        return report

    def _upload(self, stream: Any, name: str, extent: str, encoding: str | None, sheet: str | None) -> None:
        batch = intake.upload(
            stream,
            kind=self.importer.kind,
            filename=name,
            extent=extent,
            source="cli",
            actor=self.actor,
            now=self.now,
            background=False,
        )
        batch.layout = {"asked_encoding": encoding, "asked_sheet": sheet}
        self.batch_id = batch.id

    def _map(self) -> None:
        """Take the columns as proposed. Where that cannot be, the batch is dropped and the run ends with the reason."""
        hindrance: str | None = self._do(self._choose_columns)
        if hindrance is not None:
            self._do(lambda: decisions.withdraw(self.batch_id, actor=self.actor, now=self.now))
            raise _Stop(hindrance, UNUSABLE)

    def _choose_columns(self) -> str | None:
        """Choose the proposed columns; returns why there are none, where there are none."""
        batch = self._usable()
        if batch.state == "asking":
            names = ", ".join(each["encoding"] for each in batch.layout["candidates"])
            way = _("The encoding cannot be told. Name it with --encoding: %(names)s.", names=names)
            said = wording.problem(batch.problem, self.importer)
            return f"{said[0]}. {way}" if said else str(way)
        layout = batch.layout
        if layout.get("header") is None:
            if len(layout["sheets"]) > 1:
                names = ", ".join(layout["sheets"])
                return str(_("No heading of this kind was found. Name the sheet with --sheet: %(names)s.", names=names))
            return str(
                _("No heading of this kind was found in the first rows. The empty tables on the page show them.")
            )
        intake.choose_columns(
            batch.id,
            header=layout["header"],
            columns=layout["columns"],
            actor=self.actor,
            now=self.now,
            background=False,
        )
        return None

    def _decide(self, report: dict[str, Any], approver: str | None) -> dict[str, Any]:
        if report["state"] == "waiting":
            if approver is None:
                return report
            person = self._approver(approver)
            self._do(
                lambda: decisions.approve(self.batch_id, actor=person, now=self.now, looked_at=True, background=False)
            )
        else:
            self._do(lambda: decisions.order(self.batch_id, actor=self.actor, now=self.now, background=False))
        self._long(lambda step: application.run(self.batch_id, step, actor=self.actor, now=self.now))
        return self._report()

    def _approver(self, username: str) -> Actor:
        person = accounts.person_by_username(username)
        actor = person and accounts.actor_of(person.id, self.actor.institution_id, self.now)
        if not actor:
            raise _Stop(_("There is no account %(name)s that may act now.", name=username), UNUSABLE)
        return actor

    def _usable(self) -> ImportBatch:
        batch = life.locked(self.batch_id)
        said = wording.problem(batch.problem, self.importer) if batch.state == "failed" else None
        if said is not None:
            raise _Stop(_("%(problem)s. %(remedy)s", problem=said[0], remedy=said[1]), UNUSABLE)
        return batch

    def _withdraw(self, report: dict[str, Any]) -> None:
        if report["state"] in ("planned", "waiting"):
            self._do(lambda: decisions.withdraw(self.batch_id, actor=self.actor, now=self.now))

    def _report(self) -> dict[str, Any]:
        with transaction.transaction():
            batch = self._usable()
            rows = [schemas.row_out(row, self.importer) for row in queries.every_row(batch.id, "refused")]
            counts = batch.counts
            writes = counts["new"] + counts["changed"]
            return {
                "number": life.number(batch.id),
                "kind": batch.kind,
                "state": batch.state,
                "read": counts["read"],
                "taken": writes if batch.state == "applied" else 0,
                "would_take": 0 if batch.state == "applied" else writes,
                "new": counts["new"],
                "changed": counts["changed"],
                "known": counts["same"],
                "missing": counts["missing"],
                "refused": counts["refused"],
                "blank": counts["blank"],
                "repeats": life.number(batch.repeats_id) if batch.repeats_id else None,
                "groups": [self._group(each) for each in queries.refusals(batch.id, GROUPS)],
                "rows": [
                    {"row": row["row"], **why, "field": wording.column_label(why["column"], self.importer)}
                    for row in rows
                    for why in row["reasons"]
                ],
            }

    def _group(self, found: queries.Refusals) -> dict[str, Any]:
        why = found.why
        return {
            "count": found.count,
            "rows": list(found.rows),
            "column": why.column,
            "field": wording.column_label(why.column, self.importer),
            "value": why.value,
            "code": why.code,
            "message": wording.shared(why, found.count, self.importer),
            "remedy": wording.remedy(why, self.importer),
        }

    def _do(self, work: Callable[[], Any]) -> Any:
        try:
            with transaction.transaction():
                return work()
        except DomainError as refused:
            raise _Stop(_told(refused), UNUSABLE) from refused

    def _long(self, work: Callable[[Callable[[], None]], None]) -> None:
        try:
            with transaction.steps() as step:
                work(step)
        except DomainError as refused:
            raise _Stop(_told(refused), UNUSABLE) from refused


def _told(refused: DomainError) -> str:
    """A refusal as one line: its sentence, and each field's."""
    parts = [str(refused.message)] if refused.message else []
    for name, said in getattr(refused, "fields", {}).items():
        parts += [f"{name}: {each}" for each in said]
    return " ".join(parts) or refused.code


def _sentence(group: dict[str, Any]) -> str:
    """What was refused alike, in the language the command speaks: from its rows to the remedy."""
    numbers = ", ".join(map(str, group["rows"])) + (" …" if group["count"] > len(group["rows"]) else "")
    if group["count"] > 1:
        rows = _("%(count)s rows (%(rows)s)", count=group["count"], rows=numbers)
    else:
        rows = _("row %(row)s", row=numbers)
    where = _("%(rows)s, %(field)s", rows=rows, field=group["field"]) if group["field"] else rows
    if group["value"]:
        where = _("%(where)s “%(value)s”", where=where, value=group["value"])
    said = _("%(problem)s. %(remedy)s", problem=group["message"], remedy=group["remedy"])
    return str(_("%(where)s: %(said)s", where=where, said=said))


def _sentences(report: dict[str, Any]) -> str:
    """Figures as scripts read them (fixed words), then what was refused for people, the commonest first."""
    figures = [f"read {report['read']}"]
    if report["would_take"]:
        figures.append(f"would take {report['would_take']}")
    elif report["taken"] or not report["known"]:
        figures.append(f"taken {report['taken']}")
    if report["known"]:
        figures.append(f"known {report['known']}")
    if report["missing"]:
        figures.append(f"missing {report['missing']}")
    figures.append(f"refused {report['refused']}")
    lines = [", ".join(figures)]
    shown = report["groups"][:SHOWN]
    lines += ["  " + _sentence(group) for group in shown]
    more = len(report["rows"]) - sum(group["count"] for group in shown)
    if more > 0:
        lines.append("  " + _("… %(count)s more (--json lists all)", count=more))
    if report["state"] == "waiting":
        lines.append(f"waits for approval {report['number']}")
    return "\n".join(lines)


def _say(what: Any, as_json: bool, *, error: bool = False) -> None:
    text = json.dumps(what, ensure_ascii=False) if as_json else str(what)
    click.echo(text, err=error and not as_json)
