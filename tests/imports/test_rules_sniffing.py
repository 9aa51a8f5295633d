import codecs
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.rules import delimiters, sniffing, workbooks
from app.imports.rules.unreadable import Unreadable
from tests.imports.files import build

ROWS = [["学号", "姓名", "班级"], ["2026310027", "王𬭎", "机械 2603"], ["2026310028", "李小明", "计科 2504"]]


def sniff(data, encoding=None):
    return sniffing.sniff(io.BytesIO(data), encoding)


def refusal(data, encoding=None):
    with pytest.raises(Unreadable) as caught:
        sniff(data, encoding)
    return caught.value.code


@pytest.mark.parametrize(
    ("encoding", "mark", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", codecs.BOM_UTF32_LE, "utf-32"),
        ("gb18030", b"", "gb18030"),
    ],
)
def test_every_encoding_of_the_ladder_is_found_with_a_rare_name_in_it(encoding, mark, found):
    assert sniff(build.csv_bytes(ROWS, encoding, mark=mark)).encoding == found


def test_a_short_gbk_file_is_not_taken_for_korean():
    assert sniff("姓名\r\n王伟\r\n".encode("gbk")).encoding == "gb18030"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("big5", "學號,姓名,宿舍\r\n101,陳怡君,學生宿舍男一舍\r\n102,張雅婷,學生宿舍女二舍\r\n"),
        ("cp932", "番号,ﾅﾏｴ,部屋\r\n1,ﾔﾏﾀﾞ ﾀﾛｳ,寮の部屋\r\n2,ｽｽﾞｷ ﾊﾅｺ,図書館\r\n"),
    ],
)
def test_what_is_not_plausible_chinese_is_asked_with_a_preview_in_the_right_encoding(encoding, text):
    found = sniff(text.encode(encoding))
    assert found.must_ask
    assert found.encoding is None
    shown = {preview.encoding: preview.lines for preview in found.candidates}
    choice = "big5hkscs" if encoding == "big5" else encoding
    assert shown[choice][1] == text.splitlines()[1]
    assert sniff(text.encode(encoding), choice).encoding == choice


def test_a_choice_that_does_not_decode_names_the_line():
    with pytest.raises(Unreadable) as caught:
        sniff("a,b\nc,d\né,f\n".encode("latin-1"), "utf-8")
    assert caught.value.code == "undecodable"
    assert caught.value.params["line"] == 3
    assert "undecodable" in str(caught.value)


def test_a_choice_that_is_no_encoding_is_refused():
    for name in ("klingon", "rot13", "base64", "a\0b", "idna"):
        assert refusal(b"a,b\n", name) == "unknown_encoding"
    assert refusal(b"a,b\nc,d\n", "utf-16") == "undecodable"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n0000", "not_a_table"),
        (b"\x1f\x8b\x08\x00", "not_a_table"),
        (bytes(range(1, 9)) * 50, "not_a_table"),
        (b"abc" + b"\0" * 500, "not_a_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"PK\x05\x06" + b"\0" * 18, "broken_workbook"),
        (b"PK\x03\x04 not really", "broken_workbook"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "markup"),
        ("\ufeff  <!DOCTYPE html><p>学号".encode(), "markup"),
        ("<table>学号</table>".encode("gbk"), "markup"),
        (b'<?xml version="1.0"?><Workbook/>', "markup"),
    ],
)
def test_what_is_no_table_is_refused_by_its_content(data, code):
    assert refusal(data) == code


def test_a_file_beyond_the_limit_is_refused_with_the_limit(monkeypatch):
    monkeypatch.setattr(sniffing, "MAX_BYTES", 2**20)
    with pytest.raises(Unreadable) as caught:
        sniff(b"a,b\n" * 2**19)
    assert caught.value.params == {"megabytes": 2, "limit": 1}


def test_a_stray_nul_does_not_make_a_table_binary():
    assert sniff(b"code,name\nA1,first\0 room\n" + b"A2,second room\n" * 40).encoding == "utf-8"


@given(st.binary(max_size=400), st.sampled_from([None, *sniffing.CHOICES]))
def test_any_bytes_are_judged_or_refused_but_never_crash(data, encoding):
    try:
        found = sniff(data, encoding)
    except Unreadable:
        return
    assert found.kind == "csv"
    assert found.must_ask or found.delimiter in delimiters.CANDIDATES


cell = st.text("学号姓名王𬭎䶮班级,;\t|\"' 0129abcÄé？“”", max_size=8)


@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=6))
def test_utf8_text_is_never_taken_for_anything_else(rows):
    data = build.csv_bytes([["学号", "姓名", "班级"], *rows])
    assert sniff(data).encoding == "utf-8"


@pytest.mark.parametrize("delimiter", delimiters.CANDIDATES)
def test_the_delimiter_is_found_although_texts_contain_the_others(delimiter):
    rows = [["code", "name", "note"], *([f"A{n}", "one; two, three | four", "x"] for n in range(10))]
    assert sniff(build.csv_bytes(rows, delimiter=delimiter)).delimiter == delimiter


def test_a_single_column_is_read_with_a_comma_and_a_declared_separator_is_believed():
    assert delimiters.detect("code\nA1\nA2\n") == ","
    assert delimiters.detect("sep=;\r\na,b;c,d\r\n") == ";"
    assert delimiters.detect('a,"' + "x" * 200_000) == ","


# --- workbooks ----------------------------------------------------------------------------------------------------


def test_a_workbook_tells_its_sheets_in_order():
    data = build.xlsx_bytes(ROWS, "名册", more=[("说明 & more", [["x"]])])
    found = sniff(data)
    assert (found.kind, found.sheets, found.must_ask) == ("xlsx", ("名册", "说明 & more"), False)


def test_a_workbook_is_known_although_its_name_says_csv_and_a_bare_zip_is_none():
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refusal(plain.getvalue()) == "not_a_workbook"
    with zipfile.ZipFile(plain, "a") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<x/>")
    assert refusal(plain.getvalue()) == "open_document"
    with zipfile.ZipFile(plain, "a") as archive:
        archive.writestr("xl/workbook.bin", "x")
    assert refusal(plain.getvalue()) == "binary_workbook"


def test_a_bomb_is_refused_before_it_is_opened():
    book = build.xlsx_bytes(ROWS)
    many = build.repack(book, add={f"xl/extra{n}.xml": b"<x/>" for n in range(200)})
    assert refusal(many) == "workbook_entries"
    large = build.repack(book, add={"xl/media/a.xml": b" " * (60 * 2**20)})
    assert refusal(large) == "workbook_inflated"
    dense = build.repack(book, add={"xl/media/a.xml": b" " * (3 * 2**20)})
    assert refusal(dense) == "workbook_ratio"


def test_a_cell_in_the_last_corner_is_refused_instead_of_reserving_memory():
    book = build.xlsx_bytes(ROWS)
    sheet = build.part(book, "xl/worksheets/sheet1.xml")
    corner = sheet.replace(b"</sheetData>", b"<row r='1048576'><c t='n' r='XFD1048576'><v>1</v></c></row></sheetData>")
    assert refusal(build.repack(book, {"xl/worksheets/sheet1.xml": corner})) == "workbook_area"
    unplaced = b"".join([b"<row r='1'>", b"<c><v>1</v></c>" * 400, b"</row><row r='1048576'><c><v>1</v></c></row>"])
    hidden = sheet.replace(b"</sheetData>", unplaced + b"</sheetData>")
    assert refusal(build.repack(book, {"xl/worksheets/sheet1.xml": hidden})) == "workbook_area"


def test_formatted_but_empty_cells_far_below_do_no_harm():
    book = build.xlsx_bytes(ROWS)
    sheet = build.part(book, "xl/worksheets/sheet1.xml")
    styled = sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>')
    assert sniff(build.repack(book, {"xl/worksheets/sheet1.xml": styled})).sheets == ("Sheet1",)


def test_parts_that_would_hide_from_the_look_are_refused():
    book = build.xlsx_bytes(ROWS)
    wide = build.part(book, "xl/worksheets/sheet1.xml").decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert refusal(build.repack(book, {"xl/worksheets/sheet1.xml": wide})) == "broken_workbook"
    entity = b'<!DOCTYPE x [<!ENTITY a "b">]><workbook><sheets><sheet name="&a;"/></sheets></workbook>'
    assert refusal(build.repack(book, {"xl/workbook.xml": entity})) == "broken_workbook"
    assert refusal(build.repack(book, {"xl/workbook.xml": b"<workbook>"})) == "broken_workbook"
    assert refusal(build.repack(book, {"xl/workbook.xml": b"<workbook/>"})) == "empty"


def test_a_damaged_workbook_is_refused():
    book = bytearray(build.xlsx_bytes([["x" * 50, n] for n in range(500)]))
    for position in range(200, len(book) - 400, 97):
        book[position] ^= 0xFF
    assert refusal(bytes(book)) in ("broken_workbook", "encrypted")


def test_what_is_protected_is_named(monkeypatch):
    def locked(*_args):
        raise RuntimeError("File is encrypted, password required")

    book = build.xlsx_bytes(ROWS)
    monkeypatch.setattr(workbooks.zipfile.ZipFile, "open", locked)
    assert refusal(book) == "encrypted"
