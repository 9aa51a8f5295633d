from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.rules import headings
from app.imports.rules.records import Record


@dataclass(frozen=True)
class Known:
    name: str
    aliases: tuple[str, ...] = ()
    required: bool = False


COLUMNS = [
    Known("number", ("学号", "学工号", "student number"), required=True),
    Known("name", ("姓名", "full name"), required=True),
    Known("college", ("院系", "学院", "college")),
    Known("document", ("身份证号", "证件号码", "ID number")),
]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("学号", "number"),
        (" 学 号 ", "number"),
        ("学号（必填）", "number"),
        ("*学号:", "number"),
        ("【学号】", "number"),
        ("Student_Number", "number"),
        ("ＳＴＵＤＥＮＴ　ＮＵＭＢＥＲ", "number"),
        ("ID number (18 digits)", "document"),
        ("number", "number"),
        ("备注", None),
        ("", None),
        ("（）", None),
    ],
)
def test_headings_are_known_in_every_spelling(heading, column):
    assert headings.recognise(heading, headings.vocabulary(COLUMNS)) == column


def test_words_in_brackets_may_be_part_of_an_alias():
    columns = [Known("code", ("代码（新）",)), Known("old", ("代码",))]
    known = headings.vocabulary(columns)
    assert headings.recognise("代码(新)", known) == "code"
    assert headings.recognise("代码(旧)", known) == "old"


def test_the_heading_row_is_found_below_title_and_remarks():
    rows = [
        Record(1, ["2026 级在校生名册", "", ""]),
        Record(3, ["填表人", "姓名", ""]),
        Record(4, ["学号", "姓名", "学院"]),
        Record(5, ["1", "王𬭎", "机械学院"]),
    ]
    found = headings.detect_header(rows, COLUMNS)
    assert (found.number, found.cells, found.matched) == (4, ("学号", "姓名", "学院"), 3)


def test_without_a_known_heading_there_is_no_heading_row():
    assert headings.detect_header([Record(1, ["a", "b"]), Record(2, ["1", "2"])], COLUMNS) is None


def test_only_the_first_ten_rows_are_searched():
    rows = [Record(n, ["x"]) for n in range(1, 11)] + [Record(11, ["学号"])]
    assert headings.detect_header(rows, COLUMNS) is None


def test_a_mapping_tells_what_is_left_over_on_either_side():
    found = headings.suggest(["序号", "学号", "学院", "学工号", ""], COLUMNS)
    assert found.columns == {"number": 1, "college": 2}
    assert found.unused == (0, 3)
    assert found.doubled == (("number", 3),)
    assert found.missing == ("name",)
    assert not found.complete


def test_a_remembered_mapping_wins_over_the_aliases_but_not_over_the_file():
    found = headings.suggest(["工号", "姓名"], COLUMNS, {"number": 0, "name": 1, "gone": 1, "college": 7})
    assert found.columns == {"number": 0, "name": 1}
    assert found.complete


def test_the_signature_ignores_spelling_and_trailing_blanks_but_not_order():
    assert headings.signature(["学号", "姓名"]) == headings.signature([" 学号（必填）", "姓 名", "", ""])
    assert headings.signature(["学号", "姓名"]) != headings.signature(["姓名", "学号"])
    assert headings.signature(["学号", "", "姓名"]) != headings.signature(["学号", "姓名"])


words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


@given(words)
def test_folding_twice_changes_nothing_more(heading):
    once = headings.fold(heading)
    assert headings.fold(once) == once


@given(st.lists(st.one_of(words, st.sampled_from(["学号", "姓名", "学院", "number", "ID number"])), max_size=8))
def test_every_file_column_is_used_once_or_listed(header):
    found = headings.suggest(header, COLUMNS)
    used = list(found.columns.values())
    assert len(used) == len(set(used))
    assert set(used) | set(found.unused) == {index for index, each in enumerate(header) if each.strip()}
    assert not set(used) & set(found.unused)
    assert {index for _name, index in found.doubled} <= set(found.unused)
    assert set(found.missing) == {"number", "name"} - set(found.columns)
