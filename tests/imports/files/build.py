"""Files as campus offices send them, built in memory."""

import csv
import io
import zipfile

import xlsxwriter

ROOM_HEADINGS = ["校区", "楼栋", "楼层", "房间号", "房间名称"]


def csv_bytes(rows, encoding="utf-8", delimiter=",", newline="\r\n", mark=b""):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return mark + text.getvalue().encode(encoding)


def xlsx_bytes(rows, sheet="Sheet1", more=(), formats=None, merges=(), hidden=()):
    """A workbook with `rows` on its first sheet; `formats` maps a column index to a number format."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_numbers": False})
    for name, content in ((sheet, rows), *more):
        page = book.add_worksheet(name)
        if name in hidden:
            page.hide()
        styles = {index: book.add_format({"num_format": form}) for index, form in (formats or {}).items()}
        for r, row in enumerate(content):
            for c, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(r, c, value)
                elif value is not None:
                    page.write(r, c, value, styles.get(c))
        for area in merges if name == sheet else ():
            page.merge_range(*area)
    book.close()
    return out.getvalue()


def repack(workbook, replace=None, add=None, compression=zipfile.ZIP_DEFLATED):
    """A workbook with some parts replaced or added: {name: bytes}."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w", compression) as new:
        for entry in old.namelist():
            new.writestr(entry, (replace or {}).get(entry, old.read(entry)))
        for name, content in (add or {}).items():
            new.writestr(name, content)
    return out.getvalue()


def part(workbook, name):
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return archive.read(name)
