"""The questions of a category as somebody edits them: a draft, its preview as reporters see it, and its versions."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from app.core import clock, forms, i18n, words
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.forms import Form, Schema, Text
from app.core.http import current_actor, policy
from app.core.i18n import locale
from app.core.pages import toast
from app.tickets import policies
from app.tickets.answer_words import Problem
from app.tickets.dispatch.catalogue import blueprint, category_of
from app.tickets.models import Category
from app.tickets.queries import catalogue_pages as queries
from app.tickets.rules import questions as rules
from app.tickets.rules.questions import KIND_LABELS, Kind, Option, Question
from app.tickets.schemas.catalogue.questions import (
    HINT_LIMIT,
    LABEL_LIMIT,
    OPTION_LIMIT,
    PHONE,
    PHONE_LIMIT,
    UNIT_LIMIT,
)
from app.tickets.services import category_versions as services

ROWS = 8  # answers that can be typed at once; more appear as they are filled

_BOTH = {"required": _l("Give it in both languages.")}


class QuestionFields(Schema):
    """One question; the answers to choose from are read apart, row by row."""

    seen = Text(max=80, load_default="")
    kind = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in Kind], error=_l("Choose one of the offered values.")),
    )
    label_zh = Text(max=LABEL_LIMIT, required=True, error_messages=_BOTH)
    label_en = Text(max=LABEL_LIMIT, required=True, error_messages=_BOTH)
    hint_zh = Text(max=HINT_LIMIT, load_default="")
    hint_en = Text(max=HINT_LIMIT, load_default="")
    required = fields.Boolean(load_default=False)
    stops_on = fields.String(load_default=None, validate=validate.OneOf((rules.YES, rules.NO)), allow_none=True)
    stop_zh = Text(max=HINT_LIMIT, load_default="")
    stop_en = Text(max=HINT_LIMIT, load_default="")
    phone = Text(max=PHONE_LIMIT, load_default=None, validate=PHONE)
    unit_zh = Text(max=UNIT_LIMIT, load_default="")
    unit_en = Text(max=UNIT_LIMIT, load_default="")
    low = fields.Float(load_default=None, allow_nan=False, error_messages={"invalid": _l("Give a number.")})
    high = fields.Float(load_default=None, allow_nan=False, error_messages={"invalid": _l("Give a number.")})


class Seen(Schema):
    """An act on a draft: the state it was made from."""

    seen = Text(max=80, load_default="")


@blueprint.get("/categories/<category_id>/questions")
@policy(policies.may_edit_catalogue)
def questions(category_id: str) -> Any:
    """The questions in their order, beside them the form as a reporter meets it."""
    return _page(_category(category_id))


def _page(category: Category, status: int = 200, problem: str | None = None) -> Any:
    found = services.questions(category)
    context = {
        "category": category,
        "questions": found,
        "seen": services.mark(category),
        "kinds": [{"value": each.value, "label": _(label)} for each, label in KIND_LABELS.items()],
        "kind_labels": {each.value: _(label) for each, label in KIND_LABELS.items()},
        "full": len(found) >= rules.QUESTIONS_AT_MOST,
        "preview": _preview(category, found),
        "versions": queries.versions(category.id).items,
        "problem": problem,
    }
    return render_template("tickets/dispatch/questions.html", **context), status


def _preview(category: Category, asked: tuple[Question, ...]) -> Problem:
    """The category as the report form shows it."""
    return Problem(
        category.id,
        category.code,
        words.text(category.name, locale()),
        category.emergency,
        category.emergency_phone,
        words.text(category.hints, locale()),
        questions=asked,
    )


@blueprint.get("/categories/<category_id>/questions/new")
@policy(policies.may_edit_catalogue)
def new_question(category_id: str) -> Any:
    """The form for one more question of a `kind`."""
    category = _category(category_id)
    kind = next((each for each in Kind if each.value == request.args.get("kind")), Kind.CHOICE)
    return _form(category, Form(QuestionFields, {"kind": kind.value, "required": True}), kind)


@blueprint.post("/categories/<category_id>/questions/new")
@policy(policies.may_edit_catalogue)
def new_question_post(category_id: str) -> Any:
    """Add a question to the draft."""
    category = _category(category_id)
    return _put(category, services.new_code(category), None)


@blueprint.get("/categories/<category_id>/questions/<code>")
@policy(policies.may_edit_catalogue)
def question(category_id: str, code: str) -> Any:
    """The form that changes a question."""
    category = _category(category_id)
    found = _question(category, code)
    return _form(category, Form(QuestionFields, _values(found)), found.kind, found)


@blueprint.post("/categories/<category_id>/questions/<code>")
@policy(policies.may_edit_catalogue)
def question_post(category_id: str, code: str) -> Any:
    """Change a question of the draft; its code and kind stay."""
    category = _category(category_id)
    return _put(category, code, _question(category, code))


@blueprint.post("/categories/<category_id>/questions/<code>/move")
@policy(policies.may_edit_catalogue)
def move_question(category_id: str, code: str) -> Any:
    """One place up (`up`), or down."""
    up = request.form.get("up") == "1"
    return _act(category_id, lambda given: services.move_question(code=code, up=up, **given))


@blueprint.post("/categories/<category_id>/questions/<code>/remove")
@policy(policies.may_edit_catalogue)
def remove_question(category_id: str, code: str) -> Any:
    """Take it out of the draft."""
    return _act(category_id, lambda given: services.remove_question(code=code, **given))


@blueprint.post("/categories/<category_id>/questions/publish")
@policy(policies.may_edit_catalogue)
def publish(category_id: str) -> Any:
    """From now on reporters are asked what the draft says."""

    def work(given: dict[str, Any]) -> None:
        services.publish(**given)
        toast(_("Published. Whoever reports from now on is asked this."), "good")

    return _act(category_id, work)


@blueprint.post("/categories/<category_id>/questions/discard")
@policy(policies.may_edit_catalogue)
def discard(category_id: str) -> Any:
    """Forget the draft."""
    return _act(category_id, lambda given: services.discard(**given))


@blueprint.get("/categories/<category_id>/versions/<number>")
@policy(policies.may_edit_catalogue)
def version(category_id: str, number: str) -> Any:
    """A version as it was, for whoever looks at a request of that time."""
    category = category_of(category_id)
    found, _trade = queries.version(category.id, forms.number_in_address(number))
    then = Problem(
        category.id,
        category.code,
        words.text(found.name, locale()),
        found.emergency,
        found.emergency_phone,
        words.text(found.hints, locale()),
        questions=rules.read_all(found.questions),
    )
    return render_template("tickets/dispatch/version.html", category=category, version=found, preview=then)


def _category(category_id: str) -> Category:
    """The category of an address, where it can be reported and so ask something."""
    return queries.askable(forms.id_in_address(category_id))


def _question(category: Category, code: str) -> Question:
    found = next((each for each in services.questions(category) if each.code == code), None)
    if found is None:
        raise NotFound
    return found


def _act(category_id: str, work: Any) -> Any:
    category = _category(category_id)
    data = Form(Seen).load(request.form) or {"seen": ""}
    given = {"actor": current_actor(), "now": clock.now(), "category_id": category.id, "seen": data["seen"]}
    try:
        work(given)
    except (Stale, Conflict, Rejected) as refused:
        return _page(category, refused.status, i18n.sentences(refused.sentences))
    return redirect(url_for("catalogue.questions", category_id=category.id), 303)


def _put(category: Category, code: str, before: Question | None) -> Any:
    form = Form(QuestionFields)
    data = form.load(request.form)
    options = _options(form)
    kind = before.kind if before else Kind(data["kind"]) if data else _kind_sent()
    if data is None or form.errors:
        return _form(category, form, kind, before, 422)
    made = _made(code, kind, data, options)
    try:
        services.put_question(
            actor=current_actor(), now=clock.now(), category_id=category.id, seen=data["seen"], question=made
        )
    except (Stale, Rejected) as refused:
        form.beside.add("options")
        if isinstance(refused, Rejected):
            form.refuse(refused)
        else:
            form.problem = str(refused.message)
        return _form(category, form, kind, before, refused.status)
    return redirect(url_for("catalogue.questions", category_id=category.id), 303)


def _kind_sent() -> Kind:
    return next((each for each in Kind if each.value == request.form.get("kind")), Kind.CHOICE)


def _options(form: Form) -> tuple[Option, ...]:
    """The rows of answers; each needs its words in both languages, an empty row is none."""
    found: list[Option] = []
    for row in range(rules.OPTIONS_AT_MOST):
        try:
            zh, en = (_line(request.form.get(f"option_{tag}_{row}", "")) for tag in ("zh", "en"))
        except ValidationError as error:
            form.beside.add("options")
            form.refuse({"options": error.messages})
            continue
        if not zh and not en:
            continue
        if not zh or not en:
            form.beside.add("options")
            form.refuse({"options": [_("Give it in both languages.")]})
            continue
        sent = request.form.get(f"option_code_{row}", "")
        code = sent if sent.isascii() and sent.isalnum() and len(sent) <= 10 else ""
        found.append(Option(code, {"zh-CN": zh, "en": en}, bool(request.form.get(f"option_stops_{row}"))))
    return tuple(found)


def _line(said: str) -> str:
    if len(said) > OPTION_LIMIT:
        raise ValidationError(_("This is too long: at most %(max)s characters.", max=OPTION_LIMIT))
    return forms.clean(said)


def _made(code: str, kind: Kind, data: dict[str, Any], options: tuple[Option, ...]) -> Question:
    """The question of a sent form: of what was sent, what its kind has."""
    return Question(
        code=code,
        kind=kind,
        label=words.from_fields(data, "label"),
        hint=words.from_fields(data, "hint") or None,
        required=data["required"],
        options=options,
        stops_on=data["stops_on"],
        stop=words.from_fields(data, "stop") or None,
        phone=data["phone"],
        unit=words.from_fields(data, "unit") or None,
        low=data["low"],
        high=data["high"],
    ).as_its_kind()


def _values(found: Question) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": found.kind.value,
        "required": found.required,
        "stops_on": found.stops_on,
        "phone": found.phone,
        "low": None if found.low is None else rules.plain_number(found.low),
        "high": None if found.high is None else rules.plain_number(found.high),
    }
    for name, said in (("label", found.label), ("hint", found.hint), ("stop", found.stop), ("unit", found.unit)):
        values |= words.to_fields(said, name)
    for row, option in enumerate(found.options):
        values |= {
            f"option_code_{row}": option.code,
            f"option_zh_{row}": option.label.get("zh-CN", ""),
            f"option_en_{row}": option.label.get("en", ""),
            f"option_stops_{row}": option.stops,
        }
    return values


def _form(category: Category, form: Form, kind: Kind, before: Question | None = None, status: int = 200) -> Any:
    filled = max((row + 1 for row in range(rules.OPTIONS_AT_MOST) if form.values.get(f"option_zh_{row}")), default=0)
    context = {
        "category": category,
        "form": form,
        "kind": kind,
        "kind_label": _(KIND_LABELS[kind]),
        "question": before,
        "rows": range(min(max(ROWS, filled + 2), rules.OPTIONS_AT_MOST)),
        "seen": services.mark(category),
    }
    return render_template("tickets/dispatch/question.html", **context), status
