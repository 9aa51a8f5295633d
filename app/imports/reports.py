"""Files to take away: the refused rows with their reasons, and empty tables with the right headings."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from flask_babel import gettext as _

from app.core import i18n, tables
from app.core.importing import Column, Day, Importer, Number, Whole
from app.core.tables import Format
from app.imports import queries, wording
from app.imports.models import ImportBatch, ImportRow
from app.imports.services import refused_file


def refused_rows(batch: ImportBatch, importer: Importer[Any], form: Format) -> BinaryIO:
    """The refused rows as they stood in the file, with row number and reason in front; made to be mended and sent
    again.

    The two columns in front are left alone by a new import, since no importer knows their headings.
    """
    headings = [str(refused_file.ROW), str(refused_file.PROBLEM), *batch.layout.get("headings", ())]
    return tables.written(form, headings, _refused(batch, importer), _("Refused rows"))


def _refused(batch: ImportBatch, importer: Importer[Any]) -> Iterator[list[str]]:
    for row in queries.every_row(batch.id, "refused"):
        told = "; ".join(_sentences(row, importer))
        yield [str(row.number), told, *(tables.told_apart(cell) for cell in row.content.get("cells", ()))]


def _sentences(row: ImportRow, importer: Importer[Any]) -> Iterator[str]:
    for stored in row.reasons:
        why = queries.as_reason(stored)
        label = wording.column_label(why.column, importer)
        said = wording.message(why, importer)
        todo = wording.remedy(why, importer)
        if label:
            yield _("%(field)s: %(problem)s. %(remedy)s", field=label, problem=said, remedy=todo)
        else:
            yield _("%(problem)s. %(remedy)s", problem=said, remedy=todo)


def template(importer: Importer[Any], form: Format) -> BinaryIO:
    """An empty table with this kind's headings in the reader's language.

    Needed ones are marked, the XLSX says what goes where.
    """
    labels = [f"{column.label}*" if column.required else str(column.label) for column in importer.columns]
    if form == "csv":
        return tables.written("csv", labels, [], "")
    out = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=2**20))  # noqa: SIM115 - handed to the caller
    book = tables.workbook(out)
    page = book.add_worksheet(_("List")[:31])
    bold = book.add_format({"bold": True})
    text = book.add_format({"num_format": "@"})
    for index, label in enumerate(labels):
        page.write_string(0, index, label, bold)
    page.set_column(0, len(labels) - 1, 18, text)  # as text, so that no number loses its zeros
    page.freeze_panes(1, 0)
    notes = book.add_worksheet(_("Notes")[:31])
    for index, column in enumerate(importer.columns):
        notes.write_string(index, 0, labels[index], bold)
        notes.write_string(index, 1, describe(column))
    notes.set_column(0, 1, 40)
    book.close()
    out.seek(0)
    return out


def describe(column: Column) -> str:
    """What a column takes, for people."""
    parts = [str(column.hint)] if column.hint else []
    cell = column.cell
    if isinstance(cell, Day):
        parts.append(_("A date such as 2026-01-31."))
    elif isinstance(cell, (Whole, Number)):
        parts.append(_("A number from %(low)s to %(high)s.", low=cell.low, high=cell.high))
    elif taken := wording.permitted(cell):
        parts.append(taken)
    if column.required:
        parts.append(_("Needed."))
    return i18n.sentences(parts)
