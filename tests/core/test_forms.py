"""A form that is refused is shown again with what was said."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from app.core import forms
from app.core.errors import Conflict, NotFound, Rejected


class Named(forms.Schema):
    name = forms.Text()


class Needed(forms.Schema):
    name = forms.Text(required=True)


def asked(refusal: Exception | None, *taken: type[Conflict]) -> tuple[str, forms.Form]:
    form = forms.Form(Named)
    with form.heeding(*taken):
        if refusal is not None:
            raise refusal
        return "done", form
    return "again", form


def test_what_is_done_is_left_by_return() -> None:
    assert asked(None)[0] == "done"


def test_a_rejection_stands_beside_its_fields() -> None:
    went, form = asked(Rejected(fields={"name": "Taken.", "elsewhere": "Unknown."}))
    assert (went, form.status, form.errors["name"], form.problem) == ("again", 422, ["Taken."], "Unknown.")


def test_another_refusal_is_a_sentence_about_the_whole_with_its_status() -> None:
    went, form = asked(Conflict("Somebody was quicker."), Conflict)
    assert (went, form.status, form.errors, form.problem) == ("again", 409, {}, "Somebody was quicker.")


@pytest.mark.parametrize("refusal", [Conflict("Closed."), NotFound(), ValueError("no refusal")])
def test_what_the_form_does_not_heed_goes_on(refusal: Exception) -> None:
    with pytest.raises(type(refusal)):
        asked(refusal)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u202e\u2066漏水\u202c", "漏水"),
        ("e\u0301te\u0301", "été"),
        (" 402\t室\r\n", "402 室"),
        ("👨\u200d🔧", "👨\u200d🔧"),
    ],
)
def test_text_is_stored_tidy(typed: str, kept: str) -> None:
    assert forms.clean(typed) == kept


@pytest.mark.parametrize("typed", ["\u200b\u200d\u2060\ufeff", "\u3000\u2003", "\u202e", "\x07"])
def test_what_nobody_sees_is_nothing(app: Flask, typed: str) -> None:
    assert forms.clean(typed) == ""
    assert forms.clean(f"{typed}\n\t{typed}", multiline=True) == ""
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        form = forms.Form(Needed)
        assert form.load(MultiDict({"name": typed})) is None
        assert form.errors["name"] == ["Please fill this in."]
