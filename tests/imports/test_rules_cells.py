import datetime
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from app.accounts import schemas
from app.imports.rules import cells, dates, documents
from app.imports.rules.cells import Bad


def code_of(result):
    assert isinstance(result, Bad), result
    return result.code


anything = st.text(max_size=60)
PARSERS = [
    cells.text,
    cells.name,
    cells.code,
    cells.phone,
    cells.email,
    dates.date,
    documents.document,
    lambda raw: cells.integer(raw, low=-5, high=5),
    lambda raw: cells.decimal(raw, low=-5, high=5, places=2),
    lambda raw: cells.choice(raw, cells.SEX),
]


@given(anything, st.sampled_from(PARSERS))
def test_any_text_is_a_value_a_reason_or_empty(raw, parse):
    result = parse(raw)
    assert result is None or isinstance(result, (str, int, Decimal, datetime.date, Bad))
    if isinstance(result, str):
        assert result
        assert "\0" not in result
        assert result == result.strip()


@pytest.mark.parametrize("blank", ["", "  ", "\u3000", "\t", "\ufeff", "\u200b\u202a"])
@pytest.mark.parametrize("parse", PARSERS)
def test_a_blank_cell_is_empty_for_every_parser(blank, parse):
    assert parse(blank) is None


@given(st.text(alphabet="a名'=-+@ \t\n\x00\x01\x85\ud800\ufffe\u200b", max_size=12), st.sampled_from(PARSERS))
def test_a_kept_cell_means_what_the_cell_meant_and_one_that_cannot_be_kept_is_nothing(raw, parse):
    given_back = cells.kept(raw, limit=10)
    assert "\0" not in given_back
    given_back.encode()
    assert len(given_back) <= 10
    if isinstance(parse(raw), Bad) or len(raw) > 10:
        assert isinstance(parse(given_back), Bad)
    else:
        assert parse(given_back) == parse(raw)


# --- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (" 三号楼\n北侧 ", "三号楼 北侧"),
        ("\u202d13800\u202c", "13800"),
        ("Ame\u0301lie", "Amélie"),
        ("真的吗?", "真的吗?"),
        ("Why? because", "Why? because"),
        ("\ue81e家村", "龴家村"),
    ],
)
def test_text_is_tidied_but_kept(raw, value):
    assert cells.text(raw) == value


def test_text_that_cannot_be_stored_or_was_lost_is_refused():
    assert cells.text("a\0b") == Bad("unstorable", {"character": "U+0000"})
    assert code_of(cells.text("a\x1bb")) == "unstorable"
    assert code_of(cells.text("a\ud800b")) == "unstorable"
    assert code_of(cells.text("a\uffffb")) == "unstorable"
    assert code_of(cells.text("王?琪")) == "lost_character"
    assert code_of(cells.text("bad \ufffd")) == "lost_character"
    assert cells.text("x" * 201) == Bad("too_long", {"length": 201, "limit": 200})


@pytest.mark.parametrize("raw", ["王𬭎", "䶮𠮷", "阿卜杜拉·买买提", "O'Neill-Smith", "欧阳 娜娜"])
def test_rare_and_foreign_names_are_names(raw):
    assert cells.name(raw) == raw


@pytest.mark.parametrize("raw", ["王?", "?琪", "王？", "王〓", "王□琪", "王\ufffd"])
def test_a_name_with_a_placeholder_has_lost_a_character(raw):
    assert code_of(cells.name(raw)) == "lost_character"


def test_a_private_character_in_a_name_is_refused_unless_it_has_a_standard_form():
    assert code_of(cells.name("王\ue000")) == "private_character"
    assert cells.name("王\ue854") == "王龺"


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn"), exclude_characters="?？〓□\ufffd"), max_size=40)
)
def test_clean_text_comes_out_normalised_and_stays_as_it_is(raw):
    value = cells.name(raw)
    if value is not None:
        assert value == unicodedata.normalize("NFC", value)
        assert cells.name(value) == value


# --- codes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2023210384", "2023210384"),
        ("００７", "007"),
        ("'0012", "0012"),
        ('="0012"', "0012"),
        ("桃园3-412", "桃园3-412"),
        ("12E5", "12E5"),
        ("3.0", "3.0"),
    ],
)
def test_codes_are_kept_to_the_character(raw, value):
    assert cells.code(raw) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("2.02E+09", "scientific"),
        ("4.40301200601011E+17", "scientific"),
        ("2023210384.0", "decimal_point"),
        ("2023 210384", "space_in_code"),
        ("20?3", "lost_character"),
        ("x" * 65, "too_long"),
    ],
)
def test_codes_a_spreadsheet_has_changed_are_refused(raw, reason):
    assert code_of(cells.code(raw)) == reason


# --- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"), [("12", 12), ("１２", 12), ("+7", 7), ("1,234", 1234), ("12.0", 12), ("−3", -3), ("0012", 12)]
)
def test_whole_numbers(raw, value):
    result = cells.integer(raw, low=-10, high=9999)
    assert result == value
    assert isinstance(result, int)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("12.5", "too_precise"),
        ("10000", "out_of_range"),
        ("-11", "out_of_range"),
        ("1e3", "scientific"),
        ("1e400000", "scientific"),
        ("1,5", "decimal_comma"),
        ("1,23,456", "not_a_number"),
        ("NaN", "not_a_number"),
        ("Infinity", "not_a_number"),
        ("٣", "not_a_number"),
        ("二", "not_a_number"),
        ("1" * 31, "not_a_number"),
        ("1_000", "not_a_number"),
    ],
)
def test_what_is_no_whole_number_within_bounds_is_refused(raw, reason):
    assert code_of(cells.integer(raw, low=-10, high=9999)) == reason


@given(st.decimals(min_value=-1000, max_value=1000, places=3))
def test_decimals_are_exact(number):
    assert cells.decimal(str(number), low=-1000, high=1000, places=3) == number
    assert cells.decimal(f"{number}000", low=-1000, high=1000, places=3) == number


@given(st.integers(-(10**26), 10**26))
def test_grouped_digits_are_the_same_number(number):
    assert cells.decimal(f"{number:,}", low=-(10**27), high=10**27, places=0) == number


def test_huge_numbers_are_compared_not_crashed_on():
    assert code_of(cells.decimal("9" * 30, low=0, high=10, places=2)) == "out_of_range"


# --- dates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        "2026-01-02",
        "2026/1/2",
        "2026.1.2",
        "20260102",
        "2026年1月2日",
        "2026 年 1 月 2 号",
        "２０２６－０１－０２",
        "2026-01-02 00:00:00",
        "2026-01-02T00:00:00Z",
        "2026/1/2 0:00",
        "46024",
        "46024.0",
    ],
)
def test_a_day_in_every_usual_form(raw):
    assert dates.date(raw) == datetime.date(2026, 1, 2)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("2006-02-30", "no_such_day"),
        ("20061301", "no_such_day"),
        ("01/02/2026", "ambiguous_date"),
        ("99/99/2026", "no_such_day"),
        ("2026-01", "incomplete_date"),
        ("2026年1月", "incomplete_date"),
        ("2026", "incomplete_date"),
        ("202601", "incomplete_date"),
        ("2026-01-02 13:45", "time_in_date"),
        ("0026-01-02", "year_out_of_range"),
        ("1/2/26", "not_a_date"),
        ("tomorrow", "not_a_date"),
        ("2026-1/2", "not_a_date"),
        ("明天", "not_a_date"),
        ("٢٠٢٦-01-02", "not_a_date"),
    ],
)
def test_what_is_no_single_day_is_refused(raw, reason):
    assert code_of(dates.date(raw)) == reason


def test_a_day_in_front_is_taken_only_where_it_cannot_be_a_month():
    assert dates.date("13/10/2021") == datetime.date(2021, 10, 13)
    assert dates.date("10-13-2021") == datetime.date(2021, 10, 13)
    assert dates.date("05.05.2021") == datetime.date(2021, 5, 5)
    assert dates.date("02/01/2026") == Bad("ambiguous_date", {"one": "2026-01-02", "other": "2026-02-01"})


@given(st.dates(datetime.date(1928, 1, 1), datetime.date(2199, 12, 31)))
def test_all_forms_of_a_day_agree(day):
    serial = (day - datetime.date(1899, 12, 30)).days
    forms = [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day.year}/{day.month}/{day.day}",
    ]
    forms += [str(serial)] if 10_000 <= serial <= 99_999 else []
    assert {dates.date(form) for form in forms} == {day}


# --- code tables, telephones, documents ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"),
    [("1", "M"), ("2", "F"), ("0", "U"), ("9", "U"), ("男", "M"), (" Female ", "F"), ("２", "F"), ("女性", "F")],
)
def test_sex_by_the_national_code_table(raw, value):
    assert cells.choice(raw, cells.SEX) == value


def test_an_unknown_code_is_refused_with_the_nearest_known_one():
    table = {"0817": "chem", "0701": "math"}
    assert cells.choice("0871", table) == Bad("not_in_table", {"suggestion": "0817"})
    assert cells.choice("zzz", table) == Bad("not_in_table", {})


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("13812345678", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("８６13812345678", "13812345678"),
        ("010-62781234", "01062781234"),
        ("(010) 6278 1234 转 5", "0106278123" + "4转5"),
        ("+44 20 7946 0000", "+442079460000"),
        ("'13812345678", "13812345678"),
        ("8123", "8123"),
    ],
)
def test_telephone_numbers(raw, value):
    assert cells.phone(raw) == value


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("1.38E+10", "scientific"), ("call me", "not_a_phone"), ("12", "not_a_phone"), ("电话", "not_a_phone")],
)
def test_what_is_no_telephone_number(raw, reason):
    assert code_of(cells.phone(raw)) == reason


@pytest.mark.parametrize("raw", ["lin@example.edu.cn", " l.in+x@mail.example.edu.cn", "ｌ＠example.cn", "a@教育.cn"])
def test_mail_addresses(raw):
    assert cells.email(raw) == unicodedata.normalize("NFKC", raw.strip())


@pytest.mark.parametrize("raw", ["notmail", "无", "a@b", "a b@c.cn", "a@b..cn", ".a@b.cn", "a@b.cn;c@d.cn"])
def test_what_is_no_mail_address(raw):
    assert code_of(cells.email(raw)) == "not_an_email"
    assert code_of(cells.email("a" * 200 + "@b.cn")) == "too_long"


def judged(judge, value):
    """Whether a page takes the value."""
    try:
        judge(value)
    except ValidationError:
        return False
    return True


@given(st.from_regex(r"\+?\(?[0-9]{0,6}[ ./)-]{0,2}[0-9]{1,21}((转|x|ext\.?|EXT) ?[0-9]{0,7})?", fullmatch=True))
def test_a_page_takes_what_a_list_has_brought(raw):
    """Else whoever came by a list could not be changed any more."""
    for parse, judge in ((cells.phone, schemas.PHONE), (cells.email, schemas.EMAIL)):
        value = parse(raw)
        assert not isinstance(value, str) or judged(judge, value)
    assert judged(schemas.PHONE, raw) <= isinstance(cells.phone(raw), str)


def resident(region="440301", born="20060101", order="123"):
    first = f"{region}{born}{order}"
    return first + documents.check_character(first)


def test_documents_are_checked_as_far_as_they_can_be():
    number = resident()
    assert documents.document(f" {number.lower()} ") == number
    assert documents.kind(number) == documents.RESIDENT
    assert documents.document("e12345678") == "E12345678"
    assert documents.document("H01234567(8)") == "H012345678"
    assert documents.kind("E12345678") == documents.OTHER


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("440301200601010000", "digits_lost"),
        ("440301200601010001", "document_check"),
        ("4.40301200601011E+17", "scientific"),
        ("44030120060101123", "document_length"),
        ("••••123X", "masked"),
        ("4403**********123X", "masked"),
        ("12", "not_a_document"),
        ("身份证", "not_a_document"),
    ],
)
def test_documents_that_cannot_be_right_are_refused(raw, reason):
    assert code_of(documents.document(raw)) == reason


@given(st.from_regex(r"[1-9]\d{16}", fullmatch=True))
def test_one_wrong_digit_is_always_noticed(first):
    number = first.encode("ascii", "ignore").decode()
    if len(number) != 17:
        return
    good = number + documents.check_character(number)
    for position in range(17):
        other = good[:position] + str((int(good[position]) + 1) % 10) + good[position + 1 :]
        assert not documents.is_resident(other)


def test_a_birth_date_that_does_not_exist_is_no_resident_number():
    assert not documents.is_resident(resident(born="20060230"))


def test_only_the_last_four_are_ever_shown():
    assert documents.masked(resident()) == "••••" + resident()[-4:]
    assert documents.masked("123") == "••••"
