import datetime
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.rules import reading, sniffing, spreadsheets
from app.imports.rules.unreadable import Unreadable
from tests.imports.files import build


def table(data, sheet=None, encoding=None):
    stream = io.BytesIO(data)
    return reading.open_table(stream, sniffing.sniff(stream, encoding), sheet=sheet)


def refusal(data, **options):
    with pytest.raises(Unreadable) as caught:
        list(table(data, **options))
    return caught.value


def test_line_numbers_stay_true_across_quoted_line_ends_and_blank_rows():
    found = table(b'code,note\r\nA1,"two\r\nlines"\r\n,\r\n\r\nA2,x\r\n,\r\n,\r\n')
    assert [(row.number, row.cells) for row in found] == [
        (1, ["code", "note"]),
        (2, ["A1", "two\r\nlines"]),
        (6, ["A2", "x"]),
    ]
    assert (found.blank, found.last) == (4, 8)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_rare_name_survives_every_encoding_and_line_end(encoding, newline):
    rows = [["学号", "姓名"], ["1", "王𬭎"], ["2", "䶮𠮷"]]
    assert [row.cells for row in table(build.csv_bytes(rows, encoding, newline=newline))] == rows


def test_a_nul_is_passed_on_to_be_refused_by_row_and_column():
    assert list(table(b"code,name\nA1,ab\0c\n" + b"A2,abc\n" * 30))[1].cells == ["A1", "ab\0c"]


def test_a_quote_never_closed_is_named_instead_of_swallowing_the_file():
    told = refusal(b'a,b\n1,"open\n2,x\n3,y\n')
    assert (told.code, told.params) == ("open_quote", {"line": 2})
    told = refusal(b'a,b\n1,"' + b"x" * 140_000 + b'"\n')
    assert (told.code, told.params["line"]) == ("field_too_long", 2)


def test_quotes_inside_a_text_are_only_text():
    assert [row.cells for row in table(b'a,b\n1,"x\ny"z\n2,w\n')][1:] == [["1", "x\nyz"], ["2", "w"]]


def test_a_declared_separator_is_no_row():
    assert [(row.number, row.cells) for row in table(b"sep=;\r\na;b\r\n1;2\r\n")] == [(2, ["a", "b"]), (3, ["1", "2"])]


def test_bytes_that_stop_being_text_name_the_line():
    stream = io.BytesIO(b"a,b\nc,d\n\xff\xff,e\n")
    found = reading.open_table(stream, sniffing.Sniffed("csv", encoding="utf-8", delimiter=","))
    with pytest.raises(Unreadable) as caught:
        list(found)
    assert caught.value.code == "undecodable"


def test_a_file_whose_encoding_is_not_settled_is_not_read():
    with pytest.raises(Unreadable) as caught:
        reading.open_table(io.BytesIO(b"x"), sniffing.Sniffed("csv"))
    assert caught.value.code == "encoding_unknown"


def test_too_many_rows_or_columns_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    assert len(list(table(b"h\n1\n2\n3\n\n\n"))) == 4
    assert refusal(b"h\n1\n2\n3\n4\n").code == "too_many_rows"
    wide = ",".join("x" * 1 for _ in range(301)).encode()
    assert refusal(b"h\n" + wide).params == {"line": 2, "limit": 300}
    assert len(list(table(b"h\nx" + b"," * 400))) == 2


def test_the_stream_can_be_read_again():
    found = table(b"a,b\n1,2\n")
    assert found.first(1)[0].cells == ["a", "b"]
    assert len(list(found)) == len(list(found)) == 2


# --- workbooks ----------------------------------------------------------------------------------------------------


def test_cells_of_a_workbook_read_as_a_person_would_type_them():
    values = [
        1.0,
        2023210384,
        440301200601011234,
        0.1 + 0.2,
        -2.5,
        1e-7,
        True,
        "007",
        0,
        datetime.datetime.fromisoformat("2026-01-02"),
    ]
    rows = list(table(build.xlsx_bytes([values], formats={9: "yyyy-mm-dd"})))
    assert rows[0].cells == [
        "1",
        "2023210384",
        "4.40301200601011E+17",
        "0.3",
        "-2.5",
        "0.0000001",
        "TRUE",
        "007",
        "0",
        "2026-01-02",
    ]


def test_times_and_other_values_have_a_text():
    assert spreadsheets.as_typed(datetime.datetime.fromisoformat("2026-01-02T03:04")) == "2026-01-02 03:04:00"
    assert spreadsheets.as_typed(datetime.time(12, 0)) == "12:00:00"
    assert spreadsheets.as_typed(False) == "FALSE"
    assert spreadsheets.as_typed(7) == "7"


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_whole_numbers_keep_every_digit_up_to_fifteen(number):
    assert spreadsheets.number_as_typed(float(number)) == str(number)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=4))
def test_decimals_keep_what_was_typed(number):
    assert float(spreadsheets.number_as_typed(float(number))) == pytest.approx(float(number), rel=1e-14)


def test_rows_of_a_workbook_keep_their_numbers_and_columns():
    found = table(build.xlsx_bytes([[], [], [None, "学号", "姓名"], [], [None, "1", "王𬭎"], [], [None, ""]]))
    assert [(row.number, row.cells) for row in found] == [(3, ["", "学号", "姓名"]), (5, ["", "1", "王𬭎"])]
    assert found.blank >= 3


def test_a_merged_area_holds_its_text_in_every_cell():
    merges = [(0, 0, 1, 0, "学号"), (0, 1, 0, 2, "宿舍"), (2, 1, 3, 1, "桃园 3")]
    rows = [[], [None, "楼", "房"], ["1", None, "101"], ["2", None, "102"], ["3", "桂园 1", "201"]]
    assert [row.cells for row in table(build.xlsx_bytes(rows, merges=merges))] == [
        ["学号", "宿舍", "宿舍"],
        ["学号", "楼", "房"],
        ["1", "桃园 3", "101"],
        ["2", "桃园 3", "102"],
        ["3", "桂园 1", "201"],
    ]


def test_a_merged_area_outside_the_used_part_is_no_matter():
    book = build.xlsx_bytes([["a", "b"], ["c", "d"]], merges=[(0, 0, 1, 0, "x")])
    sheet = build.part(book, "xl/worksheets/sheet1.xml").replace(b'"A1:A2"', b'"D9:XFD1048576"')
    assert [row.cells for row in table(build.repack(book, {"xl/worksheets/sheet1.xml": sheet}))] == [
        ["x", "b"],
        ["c", "d"],
    ]


def test_absurd_merged_areas_are_refused(monkeypatch):
    monkeypatch.setattr(spreadsheets, "_MAX_MERGED", 2)
    assert refusal(build.xlsx_bytes([["a", "b"], ["c", "d"]], merges=[(0, 0, 1, 1, "x")])).code == "workbook_merged"


def test_a_false_dimension_hides_no_row():
    book = build.xlsx_bytes([[f"r{n}", n] for n in range(300)])
    sheet = build.part(book, "xl/worksheets/sheet1.xml")
    for claim in (b'<dimension ref="A1"/>', b'<dimension ref="A1:XFD1048576"/>'):
        false = sheet.replace(b'<dimension ref="A1:B300"/>', claim)
        assert false != sheet
        assert len(list(table(build.repack(book, {"xl/worksheets/sheet1.xml": false})))) == 300


def test_the_first_visible_sheet_with_content_is_taken_and_another_can_be_chosen():
    data = build.xlsx_bytes([], "空", more=[("隐", [["hidden"]]), ("名册", [["a"]]), ("别的", [["b"]])], hidden=["隐"])
    assert (table(data).sheet, next(iter(table(data))).cells) == ("名册", ["a"])
    assert next(iter(table(data, sheet="别的"))).cells == ["b"]
    assert list(table(data, sheet="空")) == []
    assert refusal(data, sheet="nowhere").code == "no_such_sheet"
    assert refusal(build.xlsx_bytes([])).code == "empty"


def test_a_package_only_the_reader_finds_broken_is_refused():
    book = build.xlsx_bytes([["a"]])
    broken = build.repack(book, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row r='1'><c r='A1'><v>1"})
    assert refusal(broken).code == "broken_workbook"
    assert refusal(build.repack(book, {"xl/_rels/workbook.xml.rels": b"<<<"})).code == "broken_workbook"
