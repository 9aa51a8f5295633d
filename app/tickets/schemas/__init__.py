"""What the API of tickets takes and gives. Answers are dumped by `core.http.dumping` from these very fields."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from app.core import forms
from app.core.http.dumping import InWords, Named
from app.tickets.rules import priority, questions, ratings, reasons, workflow
from app.tickets.rules.dispatching import Criterion
from app.tickets.rules.workflow import OrderState, TicketStatus
from app.tickets.schemas.answers import Answers

DESCRIPTION_LIMIT = 2000
PLACE_LIMIT = 200
NOTE_LIMIT = 2000
MAX_MINUTES = 10_080

_STARS = validate.Range(ratings.LOWEST, ratings.HIGHEST, error=_l("Choose one to five stars."))


def _one_of(values: Any) -> validate.OneOf:
    return validate.OneOf([str(value) for value in values], error=_l("Choose one of the offered values."))


class Choices(fields.Field[tuple[str, ...]]):
    """One or several codes of a fixed list, separated by commas."""

    def __init__(self, known: Any, **options: Any) -> None:
        super().__init__(load_default=(), metadata={"type": "string"}, **options)
        self.known = frozenset(str(value) for value in known)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> tuple[str, ...]:
        given = tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else ("?",)
        if not set(given) <= self.known:
            raise ValidationError(_l("Choose one of the offered values."))
        return given


class VisitWindow(forms.Schema):
    """When somebody may come: from the beginning of one offered slot to the end of one of the same day."""

    from_ = forms.Moment(required=True, data_key="from")
    to = forms.Moment(required=True)


class SlotList(forms.Schema):
    items = fields.List(fields.Nested(VisitWindow))


class NewTicket(forms.Schema):
    """`POST /tickets`. `answers` are judged by the category's questions, `visit_window` by the institution's hours.

    On behalf of another (a right of its own): `reporter_id`, or `contact_name` and `contact_phone` of somebody without
    an account.
    """

    place_id = forms.Id(load_default=None, allow_none=True)
    place_text = forms.Text(max=PLACE_LIMIT, load_default=None, allow_none=True)
    category = forms.Text(max=100, required=True)
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, required=True)
    urgency = fields.String(load_default="normal", validate=_one_of(priority.URGENCIES))
    may_enter = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    answers = Answers(load_default=None, allow_none=True)
    recurs_of = forms.Id(load_default=None, allow_none=True)
    visit_window = fields.Nested(VisitWindow, load_default=None, allow_none=True)
    reporter_id = forms.Id(load_default=None, allow_none=True)
    contact_name = forms.Text(max=100, load_default=None, allow_none=True)
    contact_phone = forms.Text(max=40, load_default=None, allow_none=True)


class FiledOut(forms.Schema):
    id = forms.Id()
    number = fields.String()
    status = fields.String()
    priority = fields.String()
    promised_at = forms.Moment(allow_none=True)
    version = fields.Integer()


class TicketOut(FiledOut):
    """A ticket as its readers see it; every key is always there. `urged`: reminders by the reporter in this cycle."""

    urgency = fields.String()
    impact = fields.String()
    category = fields.String()
    category_name = InWords()
    place_id = forms.Id(allow_none=True)
    place = fields.String()
    description = fields.String()
    may_enter = fields.Boolean()
    reporter = Named("reporter", allow_none=True)
    origin = fields.String()
    cycle = fields.Integer()
    urged = fields.Integer()
    urged_at = forms.Moment(allow_none=True)
    filed_at = forms.Moment()
    resolved_at = forms.Moment(allow_none=True)
    closed_at = forms.Moment(allow_none=True)


class AnswerOut(forms.Schema):
    """An answer to a question of the category, with the question as it was asked."""

    code = fields.String()
    question = fields.String()
    text = fields.String()
    value = fields.Raw(metadata={"type": ["string", "number", "boolean", "array"]})


class CompletionCode(forms.Schema):
    """Four digits the technician asks for once the work of an order is done."""

    order_id = forms.Id()
    order_number = fields.String()
    code = fields.String()


class TicketDetail(TicketOut):
    """One ticket with what was answered. `urge_from`: from when its reporter, who reads it, may remind; else null.

    `completion_codes`: for its reporter alone, while somebody holds an order whose category asks for a code.
    `third_party`: another office accepts the work; the reporter’s confirm is recorded and does not close it.
    """

    answers = fields.List(fields.Nested(AnswerOut))
    visit_window = fields.Nested(VisitWindow, allow_none=True)
    urge_from = forms.Moment(allow_none=True)
    third_party = fields.Boolean()
    recurs_of = forms.Id(allow_none=True)
    duplicate_of = forms.Id(allow_none=True)
    split_from = forms.Id(allow_none=True)
    completion_codes = fields.List(fields.Nested(CompletionCode))


class TicketPage(forms.Schema):
    items = fields.List(fields.Nested(TicketOut))
    next = fields.String(allow_none=True)


class TicketQuery(forms.QuerySchema):
    status = Choices(TicketStatus)
    place = forms.Id(load_default=None)
    category = forms.Text(max=100, load_default=None)
    q = forms.Text(max=100, load_default=None)
    mine = fields.Boolean(load_default=False)


class EventActor(fields.Field[Any]):
    """`{"kind", "id", "name"}`; the system has neither id nor name."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return _actor(obj.actor_kind, obj.actor_id, obj.actor_name)

    def reader(self, positions: Any) -> Any:
        kind, number, name = (positions[each] for each in ("actor_kind", "actor_id", "actor_name"))
        return lambda columns: [
            _actor(*each) for each in zip(columns[kind], columns[number], columns[name], strict=True)
        ]


def _actor(kind: str, number: int | None, name: str | None) -> dict[str, Any]:
    # a token acts for its person: readers see the person
    return {"kind": "person" if kind == "token" else kind, "id": None if number is None else str(number), "name": name}


class EventPhotos(fields.List[Any]):
    """The ids of the photos that went with a message, as `GET /attachments/{id}` takes them; empty for other events."""

    def __init__(self) -> None:
        super().__init__(fields.String(), attribute="data", dump_only=True)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return _photos_of(value)

    def reader(self, positions: Any) -> Any:
        at = positions["data"]
        return lambda columns: [_photos_of(each) for each in columns[at]]


def _photos_of(data: Any) -> list[str]:
    return [str(each) for each in (data or {}).get("photos", ())]


class EventCorrected(fields.Boolean):
    """Whether the clock of the sender's device said another time than counts (11)."""

    def __init__(self) -> None:
        super().__init__(attribute="data", dump_only=True)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return _is_corrected(value)

    def reader(self, positions: Any) -> Any:
        at = positions["data"]
        return lambda columns: [_is_corrected(each) for each in columns[at]]


def _is_corrected(data: Any) -> bool:
    return bool((data or {}).get("corrected"))


class EventOut(forms.Schema):
    """One event meant for the reader; every key is always there. `corrected`: its device's clock was wrong."""

    id = forms.Id()
    at = forms.Moment()
    effective_at = forms.Moment(allow_none=True)
    actor = EventActor(attribute="actor_kind")
    kind = fields.String()
    order_id = forms.Id(allow_none=True)
    order_number = fields.String(allow_none=True)
    from_ = fields.String(data_key="from", attribute="from_state", allow_none=True)
    to = fields.String(attribute="to_state", allow_none=True)
    person = Named("person", allow_none=True)
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    photos = EventPhotos()
    corrected = EventCorrected()
    cycle = fields.Integer()


class EventQuery(forms.QuerySchema):
    """Pages of events."""


class EventPage(forms.Schema):
    items = fields.List(fields.Nested(EventOut))
    next = fields.String(allow_none=True)


class TicketAct(forms.Schema):
    """`POST /tickets/{id}/transitions`."""

    act = fields.String(required=True, validate=_one_of(workflow.TICKET_API_ACTS))
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)


class Noted(forms.Schema):
    """Withdraw and confirm: a note at most."""

    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)


class NotFixed(forms.Schema):
    """What is still wrong; `order_id` names the order that failed."""

    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)
    order_id = forms.Id(load_default=None, allow_none=True)


class RatingIn(forms.Schema):
    quality = fields.Integer(required=True, strict=True, validate=_STARS)
    speed = fields.Integer(required=True, strict=True, validate=_STARS)
    manner = fields.Integer(required=True, strict=True, validate=_STARS)
    comment = forms.Text(max=ratings.COMMENT_LIMIT, multiline=True, load_default=None, allow_none=True)


class RatingOut(forms.Schema):
    ticket_id = forms.Id()
    cycle = fields.Integer()
    quality = fields.Integer()
    speed = fields.Integer()
    manner = fields.Integer()
    comment = fields.String(allow_none=True)
    at = forms.Moment()


class OrderOut(forms.Schema):
    """A work order; `assignee` is whom it is offered to or who holds it, else null."""

    id = forms.Id()
    number = fields.String()
    ticket_id = forms.Id()
    ticket_number = fields.String()
    trade = fields.String()
    trade_name = InWords()
    kind = fields.String()
    state = fields.String()
    priority = fields.String()
    assignee = Named("assignee", allow_none=True)
    offered_until = forms.Moment(allow_none=True)
    due_at = forms.Moment(allow_none=True)
    due_clock = fields.String(allow_none=True)
    planned_minutes = fields.Integer()
    hold_reason = fields.String(allow_none=True)
    hold_until = forms.Moment(allow_none=True)
    waiting = fields.String(allow_none=True)
    pooled = fields.Boolean()
    urged = fields.Integer()
    rework_of_id = forms.Id(allow_none=True)
    category = fields.String()
    category_name = InWords()
    place_id = forms.Id(allow_none=True)
    place = fields.String()
    description = fields.String()
    may_enter = fields.Boolean()
    version = fields.Integer()


class MissingPart(forms.Schema):
    name = fields.String()
    quantity = fields.Integer()


class OrderDetail(OrderOut):
    """One order: which one it waits for, who proposed it and is not approved yet, the parts its hold waits for."""

    after_id = forms.Id(allow_none=True)
    proposed_by = forms.Id(allow_none=True)
    help_asked_at = forms.Moment(allow_none=True)
    parts = fields.List(fields.Nested(MissingPart))


class OrderPage(forms.Schema):
    items = fields.List(fields.Nested(OrderOut))
    next = fields.String(allow_none=True)


class OrderQuery(forms.QuerySchema):
    state = Choices(OrderState)
    ticket = forms.Id(load_default=None)
    mine = fields.Boolean(load_default=False)


class NewOrder(forms.Schema):
    """`POST /tickets/{id}/work-orders`."""

    trade = forms.Text(max=100, required=True)
    minutes = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, MAX_MINUTES))
    after = forms.Id(load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, required=True)


class Assignment(forms.Schema):
    """`POST /work-orders/{id}/assignment`: a person, or `{"auto": true}`.

    `note`: what else the person is told, beside the reason; it stands in the history.
    """

    assignee = forms.Id(load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    auto = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class PersonOut(forms.Schema):
    id = fields.String()
    name = fields.String()


class PartOut(forms.Schema):
    """One figure of a score: `n` from 0 to 1, and what it weighed."""

    criterion = fields.String(validate=_one_of(Criterion))
    n = fields.Float()
    weight = fields.Integer()


class WhyOut(forms.Schema):
    person = fields.Nested(PersonOut)
    score = fields.Float()
    reasons = fields.List(fields.String())
    parts = fields.List(fields.Nested(PartOut))


class ExcludedOut(forms.Schema):
    person = fields.Nested(PersonOut)
    reason = fields.String()


class AssignedOut(OrderDetail):
    """The order after an assignment with the ranking behind it."""

    why = fields.List(fields.Nested(WhyOut))
    excluded = fields.List(fields.Nested(ExcludedOut))


class OptionOut(forms.Schema):
    code = fields.String()
    label = fields.String()
    stops = fields.Boolean()


class QuestionOut(forms.Schema):
    """One question; an answer that `stops` (or a yes or no that is `stops_on`) is refused: call `phone` instead."""

    code = fields.String()
    kind = fields.String(validate=_one_of(questions.Kind))
    label = fields.String()
    hint = fields.String(allow_none=True)
    required = fields.Boolean()
    options = fields.List(fields.Nested(OptionOut))
    stops_on = fields.String(allow_none=True)
    stop = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)


class CategoryOut(forms.Schema):
    """One category with those below it."""

    code = fields.String()
    name = fields.String()
    icon = fields.String()
    trade = fields.String(allow_none=True)
    questions = fields.List(fields.Nested(QuestionOut))
    emergency = fields.Boolean()
    emergency_phone = fields.String(allow_none=True)
    hints = fields.String(allow_none=True)
    children = fields.List(fields.Nested("CategoryOut"))


class CategoryTree(forms.Schema):
    items = fields.List(fields.Nested(CategoryOut))
