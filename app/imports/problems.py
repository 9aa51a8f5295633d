"""Words for what is wrong with a file as a whole."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from app.core.importing import Wording

_AS_XLSX = _l("Open it in a spreadsheet program and save it as .xlsx.")
_NOT_TEXT = _l("From line %(line)s on this is not text in %(encoding)s")
_AGAIN = _l("Export the list anew and upload the new file.")

FILES: dict[str, Wording] = {
    "empty": Wording(_l("The file holds no rows"), _l("Choose the file that holds the list.")),
    "no_rows": Wording(
        _l("The list holds no rows below its headings"), _l("Fill them in, or choose the file that holds the list.")
    ),
    "too_large": Wording(_l("The file has %(megabytes)s MB, the limit is %(limit)s"), _l("Split it.")),
    "not_a_table": Wording(_l("This is no table"), _l("Upload a CSV or XLSX file.")),
    "old_workbook": Wording(_l("This is an old .xls workbook"), _AS_XLSX),
    "binary_workbook": Wording(_l("This is a binary workbook (.xlsb)"), _AS_XLSX),
    "open_document": Wording(_l("This is an OpenDocument table"), _AS_XLSX),
    "not_a_workbook": Wording(_l("This archive is no workbook"), _l("Unpack it and upload the table inside.")),
    "broken_workbook": Wording(_l("The workbook is damaged"), _AS_XLSX),
    "encrypted": Wording(_l("The workbook is locked with a password"), _l("Save it without a password.")),
    "markup": Wording(_l("This is a web page that only calls itself a table"), _AS_XLSX),
    "workbook_entries": Wording(
        _l("The workbook has %(entries)s parts, the limit is %(limit)s"), _l("Copy the list into a new workbook.")
    ),
    "workbook_inflated": Wording(_l("The file expands to more than %(limit)s MB"), _l("Split the list.")),
    "workbook_ratio": Wording(
        _l("The file expands to %(ratio)s times its size, the limit is %(limit)s"),
        _l("Copy the list into a new workbook."),
    ),
    "workbook_area": Wording(
        _l("The sheet reaches to row %(rows)s and column %(columns)s"),
        _l("Delete what stands far away from the list, or copy the list into a new workbook."),
    ),
    "workbook_merged": Wording(_l("Too many merged cells (limit %(limit)s)"), _l("Undo the merging.")),
    "no_such_sheet": Wording(_l("There is no sheet “%(sheet)s”"), _l("Choose another sheet.")),
    "unknown_encoding": Wording(_l("The encoding “%(encoding)s” is not known"), _l("Choose one of those offered.")),
    "encoding_unknown": Wording(_l("In which encoding the file is written is not clear"), _l("Choose the encoding.")),
    "undecodable": Wording(_NOT_TEXT, _AGAIN),
    "wrong_encoding": Wording(_NOT_TEXT, _l("Choose another encoding.")),
    "open_quote": Wording(
        _l("The quotation mark that begins in line %(line)s is never closed"), _l("Close or remove it.")
    ),
    "field_too_long": Wording(
        _l("A field in line %(line)s is longer than %(limit)s characters"),
        _l("Look there for a quotation mark that is not closed."),
    ),
    "too_many_rows": Wording(_l("More than %(limit)s rows"), _l("Split the list.")),
    "too_many_columns": Wording(_l("More than %(limit)s columns in row %(line)s"), _l("Remove columns not needed.")),
    "file_gone": Wording(_l("The file is not kept any more"), _l("Upload it again.")),
    "changed_since": Wording(
        _l("What this import touches has changed since the dry run"), _l("Look at the new result and decide again.")
    ),
    "not_written": Wording(
        _l("Nothing was written: rows of the list contradict what the register holds"),
        _l("Upload the list again and look at its dry run. If it ends so again, tell your administrator this number."),
    ),
    "not_taken_back": Wording(
        _l("Nothing was taken back: what was there before contradicts what the register holds now"),
        _l("Correct the people or places of this import by hand."),
    ),
    "undo_blocked": Wording(
        _l("Nothing was taken back. Things in the way: %(count)s"), _l("See below what stands in the way.")
    ),
}
