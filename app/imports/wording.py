"""Words for codes: reasons of rows, problems of files, states, outcomes. Sentences are whole, figures go in by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import i18n
from app.core.importing import Cell, Choice, Importer, Reason, Sex, Wording
from app.imports.problems import FILES

CELLS: dict[str, Wording] = {
    "empty": Wording(_l("This field is empty"), _l("Fill it in.")),
    "unstorable": Wording(
        _l("Contains a character that cannot be stored (%(character)s)"),
        _l("Type the text anew in this cell."),
        many=_l("Contains a character that cannot be stored"),
    ),
    "too_long": Wording(
        _l("%(length)s characters, at most %(limit)s are possible"),
        _l("Shorten the text."),
        many=_l("Too long"),
    ),
    "lost_character": Wording(
        _l("A rare character was saved as a question mark"), _l("Export the list anew as UTF-8 or GB18030.")
    ),
    "private_character": Wording(
        _l("Contains a character only the computer it was typed on can show"),
        _l("Type the name with the character of the national standard (GB 18030)."),
    ),
    "scientific": Wording(
        _l("A spreadsheet has changed the number into scientific notation"),
        _l("Set this column to “text” and export it anew from the source system."),
    ),
    "decimal_point": Wording(
        _l("A spreadsheet has turned the number into a decimal"), _l("Set this column to “text” and export it anew.")
    ),
    "space_in_code": Wording(_l("A number or code cannot contain spaces"), _l("Remove the spaces.")),
    "not_a_number": Wording(_l("This is not a number"), _l("Write digits only, with a point for decimals.")),
    "decimal_comma": Wording(
        _l("Comma as decimal sign: this could mean two different numbers"), _l("Write a point for decimals.")
    ),
    "out_of_range": Wording(
        _l("Must lie between %(low)s and %(high)s"),
        _l("Check the value and its unit."),
        many=_l("Beyond what is possible"),
    ),
    "too_precise": Wording(
        _l("At most %(places)s decimals are possible"),
        _l("Round the value."),
        many=_l("Too many decimals"),
    ),
    "not_in_table": Wording(_l("The code table has no such entry"), _l("Use a code of the table.")),
    "not_a_phone": Wording(_l("This is not a telephone number"), _l("Write 3 to 20 digits.")),
    "not_an_email": Wording(
        _l("This is not an e-mail address"), _l("Write it like name@school.edu.cn, or leave the cell empty.")
    ),
    "not_a_date": Wording(_l("This is not a date"), _l("Write the date as 2026-01-31.")),
    "no_such_day": Wording(_l("There is no such day"), _l("Write the date as it stands on the document.")),
    "year_out_of_range": Wording(
        _l("The year must lie between %(low)s and %(high)s"),
        _l("Check the year."),
        many=_l("The year is beyond what is possible"),
    ),
    "ambiguous_date": Wording(
        _l("Could mean %(one)s or %(other)s"),
        _l("Write the year first: 2026-01-31."),
        many=_l("Could mean two different days"),
    ),
    "time_in_date": Wording(_l("A date is wanted here, without a time"), _l("Remove the time.")),
    "incomplete_date": Wording(_l("The date is not complete"), _l("Write year, month and day.")),
    "masked": Wording(
        _l("The number was hidden when this list was downloaded"),
        _l("Enter the full number again, or empty the cell: the row is then matched by number and name."),
    ),
    "document_length": Wording(
        _l("An identity number has 18 characters, this one %(length)s"),
        _l("Check it against the document."),
        many=_l("The identity number does not have 18 characters"),
    ),
    "not_a_document": Wording(
        _l("This is not the number of an identity document"), _l("Check it against the document.")
    ),
    "digits_lost": Wording(
        _l("A spreadsheet has replaced the last digits by zeros"),
        _l("Set this column to “text” and export it anew from the source system."),
    ),
    "document_check": Wording(
        _l("The check character of the identity number is wrong"), _l("Check it against the document.")
    ),
}  # fmt: skip

MOST_ENTRIES = 20
UNKNOWN = Wording(_l("This row cannot be taken"), _l("Ask your administrator."))

STATES: dict[str, Any] = {
    "uploaded": _l("being looked at"),
    "asking": _l("encoding wanted"),
    "mapping": _l("columns wanted"),
    "planning": _l("dry run under way"),
    "planned": _l("ready to apply"),
    "waiting": _l("waits for approval"),
    "known": _l("all known"),
    "applying": _l("being applied"),
    "applied": _l("applied"),
    "undoing": _l("being taken back"),
    "undone": _l("taken back"),
    "returned": _l("sent back"),
    "withdrawn": _l("dropped, nothing written"),
    "failed": _l("not usable"),
}

OUTCOMES: dict[str, Any] = {
    "new": _l("New"),
    "changed": _l("Changed"),
    "same": _l("Same"),
    "missing": _l("Missing"),
    "refused": _l("Refused"),
}

STAGES: dict[str, Any] = {
    "reading": _l("Reading the file"),
    "planning": _l("Comparing with the register"),
    "storing": _l("Storing the result"),
    "writing": _l("Writing the rows, all in one go"),
}

ENCODINGS: dict[str, Any] = {
    "gb18030": _l("Chinese, simplified (GB18030)"),
    "big5hkscs": _l("Chinese, traditional (Big5)"),
    "cp932": _l("Japanese (Shift-JIS)"),
    "utf-8": _l("Unicode (UTF-8)"),
    "utf-8-sig": _l("Unicode (UTF-8)"),
    "utf-16": _l("Unicode (UTF-16)"),
    "utf-16-le": _l("Unicode (UTF-16, low byte first)"),
    "utf-16-be": _l("Unicode (UTF-16, high byte first)"),
    "utf-32": _l("Unicode (UTF-32)"),
}


def wording_of(code: str, importer: Importer[Any]) -> Wording:
    """The words of a row's reason: the importer's own win over those of cells."""
    return importer.wording.get(code) or CELLS.get(code) or UNKNOWN


def say(phrase: Any, params: Mapping[str, Any]) -> str:
    """A phrase with its figures; a figure that is missing shows as a dash instead of failing the page."""
    text = str(phrase)
    return text % _Figures(params) if "%(" in text else text


class _Figures(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "–"


def summary(code: str, importer: Importer[Any]) -> str:
    """A reason as it is said of many rows together, whose figures differ."""
    words = wording_of(code, importer)
    return say(words.message if words.many is None else words.many, {})


def message(why: Reason, importer: Importer[Any]) -> str:
    words = wording_of(why.code, importer)
    return say(words.message, {name: words.words.get(str(code), code) for name, code in why.params.items()})


def remedy(why: Reason, importer: Importer[Any]) -> str:
    """What to do; of a code table the near entry, if there is one, and what it takes."""
    if why.code == "not_in_table":
        near = [say(_l("Did you mean %(suggestion)s?"), why.params)] if why.params.get("suggestion") else []
        cell = next((each.cell for each in importer.columns if each.name == why.column), None)
        takes = permitted(cell) if cell else ""
        if near or takes:
            return i18n.sentences((*near, takes))
    return say(wording_of(why.code, importer).remedy, why.params)


def permitted(cell: Cell) -> str:
    """What a column with a code table takes, each entry once and in the reader's letters; empty for other columns."""
    if isinstance(cell, Sex):
        return str(_l("1 or male, 2 or female; 0 or 9 where not known (GB/T 2261.1)."))
    if not isinstance(cell, Choice):
        return ""
    latin = i18n.locale() == "en"
    entries: dict[str, str] = {}
    for key, value in cell.table.items():
        if value not in entries or (key.isascii() == latin and entries[value].isascii() != latin):
            entries[value] = key
    shown = list(entries.values())
    words = i18n.listed(shown[:MOST_ENTRIES]) + (" …" if len(shown) > MOST_ENTRIES else "")
    return say(_l("One of: %(values)s."), {"values": words})


def column_label(name: str | None, importer: Importer[Any]) -> str:
    """The importer's word for a column or another member that changes; empty for a reason about the whole row."""
    if name is None:
        return ""
    other = importer.wording.get(name)
    return next(
        (str(each.label) for each in importer.columns if each.name == name), str(other.message) if other else name
    )


def shared(why: Reason, count: int, importer: Importer[Any]) -> str:
    """What is wrong with `count` rows for the same reason; figures are said of a single one only."""
    return message(why, importer) if count == 1 else summary(why.code, importer)


def problem(stored: Mapping[str, Any] | None, importer: Importer[Any]) -> tuple[str, str] | None:
    """What is wrong with a whole file, and what to do."""
    if stored is None:
        return None
    words = FILES.get(stored["code"]) or importer.wording.get(stored["code"]) or UNKNOWN
    params = {name: _figure(name, given) for name, given in stored.get("params", {}).items()}
    return say(words.message, params), say(words.remedy, params)


def _figure(name: str, given: Any) -> Any:
    """A figure of a file's problem for people: an encoding by its name, numbers grouped."""
    if name == "encoding":
        return ENCODINGS.get(given, given)
    return i18n.format_number(given) if isinstance(given, int) else given
