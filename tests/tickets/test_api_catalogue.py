"""Trades, categories, their versions and questions over the API: what the pages do, by the same services."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.tickets.rules.demands import DEMAND_LABELS
from app.tickets.rules.sla_policy import DEFAULT
from app.tickets.services import sla_policies
from tests.calling_api import Caller
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make

pytestmark = pytest.mark.usefixtures("frozen")

LOCK = {"zh-CN": "门锁", "en": "Lock"}
TRADES, CATEGORIES = "/catalogue/trades", "/catalogue/categories"
WHICH = {
    "kind": "choice",
    "label": {"zh-CN": "哪一个？", "en": "Which one?"},
    "required": True,
    "options": [
        {"label": {"zh-CN": "左", "en": "Left"}},
        {"label": {"zh-CN": "燃气", "en": "Gas"}, "stops": True},
    ],
    "stop": {"zh-CN": "关阀", "en": "Shut the valve."},
    "phone": "119",
}
HOW_MANY = {"kind": "number", "label": {"zh-CN": "几个？", "en": "How many?"}, "low": 1, "high": 9.5}


@pytest.fixture
def api(ground: make.Ground, client: FlaskClient) -> Caller:
    return Caller(client, accounts.person("supervisor"))


def fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.json
    return [each["field"] for each in answer.json["errors"]]


def verbs(database: Session, kind: str) -> list[str]:
    query = select(AuditEntry.verb).where(AuditEntry.object_kind == kind).order_by(AuditEntry.id)
    return list(database.scalars(query))


def test_trades_are_added_renamed_and_closed(ground: make.Ground, api: Caller, database: Session) -> None:
    made = api.post(TRADES, {"code": "locks", "name": LOCK}, key="once")
    assert (made.status_code, made.json["name"], made.json["closed_on"]) == (201, LOCK, None)
    assert api.post(TRADES, {"code": "locks", "name": LOCK}, key="once").json == made.json
    assert fields(api.post(TRADES, {"code": "locks", "name": LOCK})) == ["code"]
    assert fields(api.post(TRADES, {"code": "x", "name": {}})) == ["name"]
    at = f"{TRADES}/{made.json['id']}"
    seen = api.get(at).headers["ETag"]
    assert made.headers["ETag"] == seen
    assert api.patch(at, {"name": {"en": "Locks"}}).status_code == 428
    assert fields(api.patch(at, {"name": LOCK, "code": "x"}, seen)) == ["code"]
    renamed = api.patch(at, {"name": {"en": "Locks"}}, seen)
    assert renamed.json["name"] == {"en": "Locks"}
    late = api.patch(at, {"name": LOCK}, seen)
    assert (late.status_code, late.json["current"]) == (412, {"changed": ["name"]})
    assert api.delete(at, seen).status_code == 412
    assert api.delete(f"{TRADES}/{ground.trade.id}").status_code == 422, "a category has it"
    assert api.delete(at, renamed.headers["ETag"]).status_code == 204
    assert [each["code"] for each in api.get(TRADES).json["items"]] == ["water"]
    first = api.get(f"{TRADES}?closed=1&limit=1").json
    second = api.get(f"{TRADES}?closed=1&limit=1&cursor={first['next']}").json
    assert [each["code"] for each in (*first["items"], *second["items"])] == ["locks", "water"]
    assert api.get(at).json["closed_on"] == "2026-11-18"
    assert api.patch(at, {"name": LOCK}, "*").status_code == 404
    assert verbs(database, "trade") == ["trade.add", "trade.change", "trade.close"]


def test_an_icon_is_one_the_editor_offers(ground: make.Ground, api: Caller, client: FlaskClient) -> None:
    at = f"{CATEGORIES}/{ground.category.id}"
    refused = api.patch(at, {"icon": "nonsense"}, "*")
    assert (refused.status_code, [each["field"] for each in refused.json["errors"]]) == (422, ["icon"])
    assert api.patch(at, {"icon": "lock"}, "*").json["icon"] == "lock"
    described = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    page = accounts.sign_in(client, accounts.person("admin")).get(f"/catalogue/categories/{ground.category.id}").text
    offered = set(re.findall(r'name="icon" value="([a-z]+)"', page))
    for shape in ("CategoryChange", "NewCategory"):
        assert set(described[shape]["properties"]["icon"]["enum"]) == offered > {"lock"}


def test_a_category_with_all_that_can_be_said_of_it(
    ground: make.Ground, api: Caller, database: Session, now: datetime
) -> None:
    sla_policies.create(actor=Actor.system(1), now=now, code="quick", name={"en": "Quick"}, content=DEFAULT)
    heading = api.post(CATEGORIES, {"code": "doors", "name": LOCK})
    assert (heading.status_code, heading.json["trade"]) == (201, None)
    sent = {
        "code": "lock",
        "name": LOCK,
        "parent_id": heading.json["id"],
        "trade": "water",
        "icon": "lock",
        "position": 3,
        "planned_minutes": 45,
        "impact": "room",
        "impacts": {"floor": "floor"},
        "emergency": True,
        "emergency_phone": "110",
        "auto_dispatch": False,
        "hints": {"en": "Try the key."},
        "sla_policy": "quick",
        "price_class": "charged",
        "reply": LOCK,
        "demands": {
            "codes": ["photo_after"],
            "checklist": [{"zh-CN": "试", "en": "Try"}, {"zh-CN": "锁", "en": "Lock"}],
        },
    }
    made = api.post(CATEGORIES, sent)
    assert made.status_code == 201
    assert {name: made.json[name] for name in sent} == sent
    assert (made.json["version"], made.json["drafted"], made.json["closed_on"]) == (1, False, None)
    at = f"{CATEGORIES}/{made.json['id']}"
    seen = api.get(at).headers["ETag"]
    assert made.headers["ETag"] == seen
    assert api.patch(at, {"planned_minutes": 60}).status_code == 428
    changed = api.patch(at, {"planned_minutes": 60, "hints": None}, seen)
    assert (changed.json["version"], changed.json["planned_minutes"], changed.json["hints"]) == (2, 60, None)
    assert changed.json["reply"] == LOCK, "what is not given stays"
    same = api.patch(at, {"planned_minutes": 60}, changed.headers["ETag"])
    assert (same.json["version"], same.headers["ETag"]) == (2, changed.headers["ETag"])
    late = api.patch(at, {"position": 9}, seen)
    assert (late.status_code, late.json["current"]) == (412, {"changed": ["planned_minutes", "hints"]})
    checklist = list(reversed(sent["demands"]["checklist"]))
    again = api.patch(at, {"demands": {"checklist": checklist}}, changed.headers["ETag"])
    assert again.json["demands"] == {"codes": [], "checklist": checklist}
    assert again.headers["ETag"] != changed.headers["ETag"]
    versions = api.get(f"{at}/versions?limit=2").json
    assert [each["version"] for each in versions["items"]] == [3, 2]
    older = api.get(f"{at}/versions?limit=2&cursor={versions['next']}").json["items"]
    assert [(each["version"], each["published_by_name"]) for each in older] == [(1, api.person.name)]
    first = api.get(f"{at}/versions/1").json
    assert (first["planned_minutes"], first["trade"], first["questions"]) == (45, "water", [])
    assert first["demands"] == sent["demands"]
    assert api.get(f"{at}/versions/9").status_code == api.get(f"{at}/versions/0").status_code == 404
    assert [each["code"] for each in api.get(f"{CATEGORIES}?parent={heading.json['id']}").json["items"]] == ["lock"]
    assert api.delete(f"{CATEGORIES}/{heading.json['id']}").status_code == 422, "something stands below it"
    assert api.delete(at, seen).status_code == 412
    assert api.delete(at).status_code == 204
    assert "lock" not in {each["code"] for each in api.get(CATEGORIES).json["items"]}
    assert "lock" in {each["code"] for each in api.get(f"{CATEGORIES}?closed=1").json["items"]}
    assert api.get(at).json["closed_on"] == "2026-11-18"
    assert api.patch(at, {"position": 1}, "*").status_code == 404
    assert verbs(database, "category") == ["category.add"] * 2 + ["category.change"] * 2 + ["category.close"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"trade": "nothing"}, "trade"),
        ({"parent_id": "999999"}, "parent_id"),
        ({"planned_minutes": 0}, "planned_minutes"),
        ({"impact": "world"}, "impact"),
        ({"impacts": {"garden": "room"}}, "impacts.garden"),
        ({"emergency": True}, "emergency_phone"),
        ({"emergency": "yes"}, "emergency"),
        ({"emergency_phone": "call me"}, "emergency_phone"),
        ({"sla_policy": "nothing"}, "sla_policy"),
        ({"price_class": "dear"}, "price_class"),
        ({"demands": {"codes": ["dance"]}}, "demands.codes.0"),
        ({"demands": {"checklist": [{"en": "Try"}]}}, "demands.checklist"),
        ({"name": {}}, "name"),
        ({"version": 7}, "version"),
    ],
)
def test_what_no_category_can_be_names_its_field(
    ground: make.Ground, api: Caller, sent: dict[str, Any], field: str
) -> None:
    assert fields(api.patch(f"{CATEGORIES}/{ground.category.id}", sent, "*")) == [field]
    assert fields(api.post(CATEGORIES, {"code": "x", "name": LOCK, "trade": "water", **sent})) == [field]


def test_the_code_of_an_answer_says_what_it_takes(ground: make.Ground, api: Caller) -> None:
    sent = {"questions": [{**WHICH, "options": [{"label": LOCK, "code": "a.b"}, {"label": LOCK}]}]}
    (told,) = api.put(f"{CATEGORIES}/{ground.category.id}/questions", sent, "*").json["errors"]
    assert told["message"] == "Use letters and digits only."


def test_every_demand_there_is_can_be_made(ground: make.Ground, api: Caller, client: FlaskClient) -> None:
    codes = sorted(DEMAND_LABELS)
    changed = api.patch(f"{CATEGORIES}/{ground.category.id}", {"demands": {"codes": codes}}, "*")
    assert sorted(changed.json["demands"]["codes"]) == codes
    document = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    assert document["CategoryDemands"]["properties"]["codes"]["maxItems"] == len(codes)


def test_a_category_is_read_once_for_its_answer(ground: make.Ground, api: Caller) -> None:
    at = f"{CATEGORIES}/{ground.category.id}"
    api.get(at)
    with counted() as statements:
        assert api.get(at).status_code == 200
    assert sum("category_version" in each for each in statements) == 1


def test_an_emergency_keeps_its_number(ground: make.Ground, api: Caller) -> None:
    at = f"{CATEGORIES}/{ground.category.id}"
    assert api.patch(at, {"emergency": True, "emergency_phone": "119"}, "*").status_code == 200
    assert fields(api.patch(at, {"emergency_phone": None}, "*")) == ["emergency_phone"]


def test_questions_are_drafted_published_and_keep_their_codes(
    ground: make.Ground, api: Caller, database: Session
) -> None:
    at = f"{CATEGORIES}/{ground.category.id}/questions"
    empty = api.get(at)
    assert empty.json == {"version": 0, "drafted": False, "questions": []}
    wanted = {"questions": [WHICH, {**HOW_MANY, "options": WHICH["options"]}]}
    assert api.put(at, wanted).status_code == 428
    drafted = api.put(at, wanted, empty.headers["ETag"])
    assert drafted.status_code == 200, drafted.json
    which, how_many = drafted.json["questions"]
    assert (which["code"], [each["code"] for each in which["options"]]) == ("q1", ["o1", "o2"])
    assert (how_many["code"], how_many["options"], how_many["high"]) == ("q2", [], 9.5)
    assert drafted.json["drafted"] is True
    assert api.get(f"{CATEGORIES}/{ground.category.id}").json["drafted"] is True
    asked = next(each for each in api.get("/categories").json["items"] if each["code"] == "tap")
    assert asked["questions"] == [], "a draft is asked of nobody"
    assert api.post(f"{at}/publish").status_code == 428
    late = api.post(f"{at}/publish", seen=empty.headers["ETag"])
    assert (late.status_code, f'"{late.json["current"]["version"]}"') == (412, drafted.headers["ETag"])
    published = api.post(f"{at}/publish", seen=drafted.headers["ETag"])
    assert (published.json["version"], published.json["drafted"]) == (1, False)
    assert api.post(f"{at}/publish", seen=published.headers["ETag"]).status_code == 409
    asked = next(each for each in api.get("/categories").json["items"] if each["code"] == "tap")
    assert [each["label"] for each in asked["questions"]] == ["Which one?", "How many?"]
    assert api.get(f"{CATEGORIES}/{ground.category.id}/versions/1").json["questions"] == [which, how_many]
    seen = published.headers["ETag"]
    fewer = api.put(at, {"questions": [how_many]}, seen)
    assert [each["code"] for each in fewer.json["questions"]] == ["q2"]
    assert api.put(at, {"questions": [which]}, seen).status_code == 412
    other = api.put(at, {"questions": [WHICH, how_many]}, fewer.headers["ETag"])
    assert [each["code"] for each in other.json["questions"]] == ["q3", "q2"], (
        "the code of what was asked is not reused"
    )
    assert api.delete(at, seen).status_code == 412
    assert api.delete(at, other.headers["ETag"]).status_code == 204
    assert api.get(at).json["questions"] == [which, how_many]
    same = api.put(at, {"questions": [which, how_many]}, "*")
    assert (same.json["drafted"], same.headers["ETag"]) == (False, seen), "what says the same is no draft"
    assert "category.publish" in verbs(database, "category")


def test_the_code_of_an_answer_that_is_gone_means_nothing_else(ground: make.Ground, api: Caller) -> None:
    """Whoever opened the form before it was published sends the code of what he chose."""
    at = f"{CATEGORIES}/{ground.category.id}/questions"
    (which,) = api.put(at, {"questions": [WHICH]}, "*").json["questions"]
    assert api.post(f"{at}/publish", seen="*").status_code == 200
    _left, gas = which["options"]
    sent = {**which, "options": [gas, {"label": {"zh-CN": "右", "en": "Right"}}]}
    (changed,) = api.put(at, {"questions": [sent]}, "*").json["questions"]
    assert [each["code"] for each in changed["options"]] == [gas["code"], "o3"]
    assert api.post(f"{at}/publish", seen="*").status_code == 200
    sent = {**which, "options": [{"label": LOCK}, {"label": {"zh-CN": "上", "en": "Above"}}]}
    (changed,) = api.put(at, {"questions": [sent]}, "*").json["questions"]
    assert [each["code"] for each in changed["options"]] == ["o4", "o5"], "nor that of an earlier version"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ([{**WHICH, "code": "q9"}], "questions.0.code"),
        ([{**HOW_MANY, "code": "q1"}, {**HOW_MANY, "code": "q1"}], "questions.1.code"),
        ([{**HOW_MANY, "code": "q1", "kind": "text"}], "questions.0.kind"),
        ([{**HOW_MANY, "label": {"en": "How many?"}}], "questions.0.label"),
        ([{**HOW_MANY, "low": "1"}], "questions.0.low"),
        ([{**HOW_MANY, "low": 10}], "questions.0.high"),
        ([{**WHICH, "options": WHICH["options"][:1]}], "questions.0.options"),
        ([{**WHICH, "options": [{"label": LOCK, "code": "a"}, {"label": LOCK, "code": "a"}]}], "questions.0.options"),
        ([{**WHICH, "options": [{"label": LOCK}, {"label": {"en": "Gas"}}]}], "questions.0.options"),
        ([{**WHICH, "options": [{"label": LOCK, "code": "a-b"}, {"label": LOCK}]}], "questions.0.options.0.code"),
        ([{**WHICH, "stop": None}], "questions.0.stop"),
        ([{**WHICH, "phone": None}], "questions.0.phone"),
        ([{**WHICH, "kind": "riddle"}], "questions.0.kind"),
        ([{**WHICH, "answer": 1}], "questions.0.answer"),
        ([HOW_MANY] * 13, "questions"),
    ],
)
def test_what_cannot_be_asked_names_its_field(ground: make.Ground, api: Caller, wrong: Any, field: str) -> None:
    at = f"{CATEGORIES}/{ground.category.id}/questions"
    assert api.put(at, {"questions": [HOW_MANY]}, "*").status_code == 200
    assert fields(api.put(at, {"questions": wrong}, "*")) == [field]


def test_headings_and_closed_categories_ask_nothing(ground: make.Ground, api: Caller) -> None:
    heading = api.post(CATEGORIES, {"code": "doors", "name": LOCK}).json["id"]
    assert api.get(f"{CATEGORIES}/{heading}/questions").status_code == 404
    assert api.put(f"{CATEGORIES}/{heading}/questions", {"questions": [HOW_MANY]}, "*").status_code == 404
    assert api.delete(f"{CATEGORIES}/{ground.category.id}").status_code == 204
    assert api.post(f"{CATEGORIES}/{ground.category.id}/questions/publish", seen="*").status_code == 404


def test_who_may_read_the_catalogue_changes_nothing(ground: make.Ground, client: FlaskClient) -> None:
    reader = Caller(client, ground.dispatcher)
    at = f"{CATEGORIES}/{ground.category.id}"
    assert reader.get(at).status_code == reader.get(TRADES).status_code == 200
    answers = [
        reader.patch(at, {"position": 1}, "*"),
        reader.delete(at),
        reader.get(f"{at}/questions"),
        reader.post(TRADES, {"code": "x", "name": LOCK}),
    ]
    assert [each.status_code for each in answers] == [403] * 4
    assert Caller(client, ground.student).get(at).status_code == 403
