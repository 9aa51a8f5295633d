"""Answers are judged by the questions, whatever is sent; an answer that means danger is found first."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.tickets.rules import demands, questions
from app.tickets.rules.questions import Kind, Option, Question


def words(text: str) -> dict[str, str]:
    return {"zh-CN": text, "en": text}


DANGER = Question(
    code="smoke", kind=Kind.YES_NO, label=words("smoke"), required=True, stops_on="yes", stop=words("out")
)
WHICH = Question(
    code="which",
    kind=Kind.CHOICE,
    label=words("which"),
    required=True,
    options=(Option("a", words("A")), Option("b", words("B")), Option("gas", words("gas"), stops=True)),
)
MANY = Question(code="many", kind=Kind.SEVERAL, label=words("many"), options=WHICH.options)
SIZE = Question(code="size", kind=Kind.NUMBER, label=words("size"), low=0, high=10)
SAID = Question(code="said", kind=Kind.TEXT, label=words("said"))
PHOTO = Question(code="photo", kind=Kind.PHOTO, label=words("photo"), required=True)
ALL = (DANGER, WHICH, MANY, SIZE, SAID, PHOTO)

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["a", "b", "gas", "yes", "no", "3,5"]),
    st.lists(st.sampled_from(["a", "b", "gas", "x"]), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(
    st.dictionaries(st.sampled_from([each.code for each in ALL] + ["else"]), values),
    st.one_of(st.none(), st.integers(0, 6)),
)
def test_what_is_stored_is_valid_and_judged_the_same_again(sent: dict[str, Any], photos: int | None) -> None:
    found = questions.answered(ALL, sent, photos=photos)
    assert not set(found.values) & set(found.faults)
    for each in ALL:
        said = each.code in found.values or each.code in found.faults
        assert said or not each.required
    again = questions.answered([each for each in ALL if each.code in found.values], found.values, photos=photos)
    assert (again.values, again.faults) == (found.values, {})
    assert (found.stopped is not None) == any(
        questions.stops(each, found.values[each.code]) for each in ALL if each.code in found.values
    )


def test_danger_is_found_before_anything_that_is_missing() -> None:
    found = questions.answered(ALL, {"smoke": "yes"}, photos=0)
    assert found.stopped is DANGER
    assert questions.answered(ALL, {"many": ["a", "gas"]}).stopped is MANY
    assert questions.answered(ALL, {"smoke": False, "which": "a"}).stopped is None


def test_each_kind_takes_its_own() -> None:
    good = {"smoke": "no", "which": "b", "many": ["gas", "a"], "size": "2,5", "said": "x", "photo": True}
    found = questions.answered((DANGER, WHICH, SIZE, SAID, PHOTO), {k: v for k, v in good.items() if k != "many"})
    assert found.values == {"smoke": False, "which": "b", "size": 2.5, "said": "x", "photo": True}
    assert questions.answered((MANY,), {"many": ["gas", "a"]}).values == {"many": ["a", "gas"]}
    wrong = questions.answered(
        ALL, {"smoke": 1, "which": "z", "many": ["z"], "size": 10.5, "said": 7, "photo": "x", "else": 1}
    )
    assert {code: fault.message for code, fault in wrong.faults.items()} == {
        "smoke": questions.NOT_YES_NO,
        "which": questions.NOT_OFFERED,
        "many": questions.NOT_OFFERED,
        "size": questions.TOO_HIGH,
        "said": questions.NOT_OFFERED,
        "photo": questions.NOT_YES_NO,
        "else": questions.UNKNOWN,
    }
    bounds = [
        (-1, questions.TOO_LOW),
        ("many", questions.NOT_A_NUMBER),
        (0.12345, questions.TOO_EXACT),
        (True, questions.NOT_A_NUMBER),
    ]
    for said, message in bounds:
        assert questions.answered((SIZE,), {"size": said}).faults["size"].message == message
    assert questions.answered((SIZE,), {"size": "9" * 400}).faults["size"].message == questions.NOT_A_NUMBER
    assert questions.answered((SAID,), {"said": "x" * 501}).faults["said"].values == {"max": 500}


def test_photos_that_come_with_the_report_answer_for_themselves() -> None:
    assert questions.answered((PHOTO,), {}, photos=0).faults["photo"].message == questions.PHOTO_MISSING
    assert questions.answered((PHOTO,), {"photo": True}, photos=0).faults
    assert questions.answered((PHOTO,), {}, photos=2).values == {"photo": True}
    assert questions.without_photos(ALL) == ALL[:-1]


def test_a_question_is_the_same_after_being_stored() -> None:
    for each in ALL:
        assert Question.from_data(each.to_data()) == each
    assert questions.read_all(None) == ()


def test_reach_by_kind_of_place() -> None:
    assert demands.impact_at("room", "room", {"floor": "floor"}) == "room"
    assert demands.impact_at("unit", "room", {"floor": "floor"}) == "floor"
    assert demands.impact_at("outdoor", "room", {"outside": "campus"}) == "campus"
    assert demands.impact_at(None, "building", {"room": "room"}) == "building"
    assert demands.impact_at("room", "floor", None) == "floor"
    assert {kind for kinds in demands.SPOTS.values() for kind in kinds} == {
        "campus", "zone", "building", "unit", "floor", "room", "outdoor", "asset",
    }  # fmt: skip
    assert demands.demanded({"signature": True, "scan": True, "code": False}) == ("scan", "signature")
    assert demands.checklist(None) == ()
