"""A file comes in, and the person's answers about how to read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import IO, Any, Literal

from flask_babel import lazy_gettext as _l
from sqlalchemy.dialects.postgresql import insert

from app.audit import services as audit
from app.core import outbox
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Rejected
from app.core.importing import Importer
from app.core.refusals import permit
from app.events.imports import DryRunOrdered, ImportUploaded
from app.imports import policies, registry
from app.imports.models import ImportBatch, ImportChunk, ImportMapping
from app.imports.rules import headings, sniffing
from app.imports.services import life

CHUNK = 1024 * 1024
MEGABYTES = sniffing.MAX_BYTES // 2**20
MAX_CODES = 200


def upload(
    stream: IO[bytes],
    *,
    kind: str,
    filename: str,
    extent: str,
    source: Literal["web", "api", "cli"],
    actor: Actor,
    now: datetime,
    background: bool = True,
) -> ImportBatch:
    """Take a file in and have it looked at in the background (a command runs the stages itself).

    Raises NotFound (kind), NotAllowed, Rejected (empty, too large, extent).
    """
    importer = registry.importer(kind)
    permit(actor, lambda somebody: policies.can_run_kind(somebody, importer))
    size = stream.seek(0, 2)
    stream.seek(0)
    if size == 0:
        raise Rejected(fields={"file": _l("The file is empty. Choose the file again.")})
    if size > sniffing.MAX_BYTES:
        limit = sniffing.MAX_BYTES // 2**20
        raise Rejected(fields={"file": _l("The file is larger than %(limit)s MB. Split it.", limit=limit)})
    batch = ImportBatch(
        kind=kind,
        state="uploaded",
        source=source,
        filename=_plain_name(filename),
        size=size,
        extent=normal_extent(importer, extent),
        uploaded_at=now,
        uploaded_by=actor.id,
        uploader=actor.name or actor.username,
    )
    db.session.add(batch)
    db.session.flush()  # the chunks and the event name its id
    for place, data in enumerate(iter(lambda: stream.read(CHUNK), b"")):
        db.session.execute(
            insert(ImportChunk).values(institution_id=current_institution(), batch_id=batch.id, place=place, data=data)
        )
    audit.record(
        actor, "import.upload", "import", batch.id, now=now, after={"kind": kind, "file": batch.filename, "size": size}
    )
    if background:
        outbox.publish(ImportUploaded(batch.id, batch.version))
    return batch


def _plain_name(filename: str) -> str:
    """The last part of a name as browsers send it; metadata only, never a path."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable()).strip()[:200] or "file"


def normal_extent(importer: Importer[Any], extent: str) -> str:
    """The declared extent in one spelling; raises Rejected where the kind takes none."""
    codes = sorted({code.strip() for code in extent.replace("，", ",").replace("\n", ",").split(",")} - {""})
    if not codes:
        return ""
    if not importer.takes_extent:
        raise Rejected(fields={"extent": _l("This kind of file declares no extent.")})
    if len(codes) > MAX_CODES:
        raise Rejected(fields={"extent": _l("Name at most %(limit)s codes.", limit=MAX_CODES)})
    if "whole" in codes:
        return "whole"
    return ",".join(codes)


def choose_reading(
    batch_id: int, *, encoding: str | None, sheet: str | None, actor: Actor, now: datetime, seen: int | None = None
) -> ImportBatch:
    """The person says in which encoding, or which sheet, to read; the file is looked at again."""
    batch = _own_kind(batch_id, actor, seen)
    if encoding is not None and encoding not in sniffing.CHOICES:
        raise Rejected(fields={"encoding": _l("Choose one of the offered encodings.")})
    if sheet is not None and sheet not in batch.layout.get("sheets", ()):
        raise Rejected(fields={"sheet": _l("The file has no such sheet.")})
    batch.layout = {"asked_encoding": encoding, "asked_sheet": sheet}
    life.move(batch, "uploaded")
    outbox.publish(ImportUploaded(batch.id, batch.version))
    return batch


def choose_columns(
    batch_id: int,
    *,
    header: int,
    columns: Mapping[str, int],
    actor: Actor,
    now: datetime,
    seen: int | None = None,
    background: bool = True,
) -> ImportBatch:
    """Settle the heading row and which file column feeds which importer column; the dry run follows.

    `header` is a row number among those shown. Raises Rejected naming each column that is wrong or missing.
    """
    batch = _own_kind(batch_id, actor, seen)
    importer = registry.importer(batch.kind)
    names = heading_cells(batch.layout, header)
    _check_columns(importer, names, columns)
    batch.layout = {**batch.layout, "header": header, "headings": names, "columns": dict(columns)}
    life.move(batch, "planning")
    _remember(batch.kind, headings.signature(names), dict(columns), now)
    if background:
        outbox.publish(DryRunOrdered(batch.id, batch.version))
    return batch


def heading_cells(layout: Mapping[str, Any], header: int) -> list[str]:
    """The cells of one of the shown rows; raises Rejected where there is no such row."""
    for row in layout.get("rows", ()):
        if row["number"] == header:
            return [str(cell) for cell in row["cells"]]
    raise Rejected(fields={"header": _l("Choose one of the rows shown.")})


def _check_columns(importer: Importer[Any], names: list[str], columns: Mapping[str, int]) -> None:
    problems: dict[str, Any] = {}
    known = {column.name: column for column in importer.columns}
    taken: dict[int, str] = {}
    for name, index in columns.items():
        if name not in known or not 0 <= index < len(names):
            problems[f"column-{name}"] = _l("The file has no such column.")
        elif index in taken:
            problems[f"column-{name}"] = _l("This column of the file is already used for another field.")
        taken[index] = name
    for name, column in known.items():
        if column.required and name not in columns:
            problems[f"column-{name}"] = _l("This field is needed: say which column of the file holds it.")
    if problems:
        raise Rejected(_l("The columns do not fit yet."), fields=problems, code="import-columns")


def _remember(kind: str, signature: str, columns: dict[str, int], now: datetime) -> None:
    row = {"kind": kind, "signature": signature, "columns": columns, "used_at": now}
    db.session.execute(
        insert(ImportMapping)
        .values(institution_id=current_institution(), **row)
        .on_conflict_do_update(constraint="uq_import_mapping_signature", set_={"columns": columns, "used_at": now})
    )


def back_to_columns(batch_id: int, *, actor: Actor, seen: int | None = None) -> ImportBatch:
    """Choose other columns after a dry run."""
    batch = _own_kind(batch_id, actor, seen)
    life.move_on(batch, "mapping")
    life.drop_rows(batch.id)
    batch.counts = {}
    return batch


def _own_kind(batch_id: int, actor: Actor, seen: int | None) -> ImportBatch:
    batch = life.locked(batch_id, seen)
    permit(actor, lambda somebody: policies.can_run_kind(somebody, registry.importer(batch.kind)))
    return batch
