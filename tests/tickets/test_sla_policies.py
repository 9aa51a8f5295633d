"""Service levels: published as versions, by service, API and page (tickets-rules 5, 6, 7, 12, 17, 20, 21, 28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected, Stale
from app.core.outbox import OutboxEvent
from app.sites.rules.worktime import Days
from app.tickets.models import Clock
from app.tickets.queries import sla as book
from app.tickets.queries import sla_policies as queries
from app.tickets.rules import sla_policy
from app.tickets.rules.escalation import Do, Step, Whom
from app.tickets.rules.sla import Kind
from app.tickets.rules.sla_policy import DEFAULT
from app.tickets.services import catalogue, clocks
from app.tickets.services import sla_policies as services
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.policies_made import quicker, usual

SYSTEM = Actor.system(1)
Login = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def ground(database: Session, now: datetime) -> make.Ground:
    clocks.ensure(now)
    return make.Ground()


class TestRules:
    """What can be a policy."""

    def test_rule_28_what_institutions_begin_with_is_without_fault(self) -> None:
        assert sla_policy.faults(DEFAULT) == []

    @pytest.mark.parametrize(
        ("kind", "target", "code"),
        [(Kind.ARRIVE, 0, "minutes"), (Kind.RESTORE, Days(366), "days"), (Kind.RESPOND, 525_601, "minutes")],
    )
    def test_rule_12_targets_have_bounds(self, kind: Kind, target: Any, code: str) -> None:
        assert sla_policy.faults(quicker(target, kind)) == [(f"lines.high.{kind}", code)]

    def test_rule_21_a_promise_follows_the_target_of_the_repair(self) -> None:
        line = DEFAULT.lines["low"]
        open_end = replace(line, targets={Kind.RESPOND: 30})
        lines = MappingProxyType({**DEFAULT.lines, "low": open_end})
        assert sla_policy.faults(replace(DEFAULT, lines=lines)) == [("lines.low.promise", "promise")]
        silent = MappingProxyType({**lines, "low": replace(open_end, promise=False)})
        assert sla_policy.faults(replace(DEFAULT, lines=silent)) == []

    def test_rule_20_a_step_is_there_once_and_calls_are_for_orders(self) -> None:
        tell = Step(after=0, do=Do.NOTIFY, whom=Whom.DUTY_LEAD)
        again = replace(tell, clocks=frozenset({Kind.ARRIVE}))
        call = Step(after=5, do=Do.CALL, whom=Whom.DUTY_LEAD, clocks=frozenset({Kind.RESPOND, Kind.ARRIVE}))
        found = sla_policy.faults(replace(DEFAULT, steps=(tell, again, call)))
        assert found == [("steps.1.after", "twice"), ("steps.2.do", "call")]
        far = replace(tell, after=-sla_policy.MOST_MINUTES - 1)
        assert sla_policy.faults(replace(DEFAULT, steps=(far,))) == [("steps.0.after", "after")]
        many = tuple(replace(tell, after=n) for n in range(sla_policy.MOST_STEPS + 1))
        assert sla_policy.faults(replace(DEFAULT, steps=many)) == [("steps", "many")]


class TestService:
    def test_rule_7_what_runs_keeps_its_version(self, ground: make.Ground, database: Session, now: datetime) -> None:
        filed = ground.file()
        first = usual()
        made = services.publish(first.id, actor=SYSTEM, now=now, content=quicker(), seen=1, note="夜班")
        assert (made.number, made.note) == (2, "夜班")
        held = set(database.scalars(select(Clock.policy_version_id).where(Clock.ticket_id == filed.id)))
        assert held == {first.version_id}
        assert book.version_for(ground.category.id) == made.id
        told = database.scalars(select(OutboxEvent).where(OutboxEvent.kind == "SlaPolicyPublished")).one()
        assert told.payload == {"policy_id": first.id, "version_id": made.id}
        entry = database.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
        assert entry.verb == "sla_policy.publish"
        assert entry.after == {"number": 2, "note": "夜班", "high.respond": 15}

    def test_whoever_publishes_at_the_same_time_is_told(self, ground: make.Ground, now: datetime) -> None:
        given = {"actor": SYSTEM, "now": now, "seen": 1}
        services.publish(usual().id, content=quicker(), **given)
        with pytest.raises(Stale):
            services.publish(usual().id, content=quicker(20), **given)

    def test_the_same_again_is_no_version(self, ground: make.Ground, now: datetime) -> None:
        same = services.publish(usual().id, actor=SYSTEM, now=now, content=DEFAULT, seen=1)
        assert same.number == 1
        assert len(queries.versions(usual().id)) == 1

    def test_rule_6_a_category_names_its_policy_and_the_usual_one_stays(
        self, ground: make.Ground, now: datetime
    ) -> None:
        made = services.create(actor=SYSTEM, now=now, code="quick", name={"en": "Quick"}, content=quicker())
        with pytest.raises(Rejected):
            services.create(actor=SYSTEM, now=now, code="quick", name={"en": "Again"}, content=DEFAULT)
        change = {"actor": SYSTEM, "now": now, "category_id": ground.category.id}
        with pytest.raises(Rejected) as refused:
            catalogue.change_category(sla_policy="gone", **change)
        assert set(refused.value.fields) == {"sla_policy"}
        catalogue.change_category(sla_policy="quick", **change)
        assert book.version_for(ground.category.id) == queries.in_force(made.id).id
        assert queries.used() == {"quick": 1}
        with pytest.raises(Conflict):
            services.close(made.id, actor=SYSTEM, now=now)
        catalogue.change_category(sla_policy=None, **change)
        services.close(made.id, actor=SYSTEM, now=now)
        with pytest.raises(NotFound):
            queries.policy(made.id)
        with pytest.raises(Conflict):
            services.close(usual().id, actor=SYSTEM, now=now)

    def test_what_cannot_be_is_refused_by_its_path(self, ground: make.Ground, now: datetime) -> None:
        line = replace(DEFAULT.lines["low"], hours="night", floor=-1)
        wrong = replace(DEFAULT, lines=MappingProxyType({**DEFAULT.lines, "low": line}))
        with pytest.raises(Rejected) as refused:
            services.publish(usual().id, actor=SYSTEM, now=now, content=wrong, seen=1)
        assert set(refused.value.fields) == {"lines.low.hours", "lines.low.floor"}

    def test_who_may(self, ground: make.Ground, now: datetime) -> None:
        campus = accounts.person("supervisor", scope_kind="campus", scope_id=ground.campus.id)
        for person in (accounts.person("dispatcher"), campus):
            with pytest.raises(NotAllowed):
                services.publish(usual().id, actor=make.actor(person), now=now, content=quicker(), seen=1)


class TestApi:
    def test_read_made_published_closed(self, ground: make.Ground, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("supervisor"))
        page: Any = client.get("/api/v1/sla-policies", headers=me).json
        shown = page["items"][0]
        assert (shown["usual"], shown["version"]) == (True, 1)
        assert shown["content"] == sla_policy.written(DEFAULT)
        address = f"/api/v1/sla-policies/{shown['id']}"
        content = sla_policy.written(quicker())
        body = {"content": content, "note": "night"}
        assert client.put(address, json=body, headers=me).status_code == 428
        answer = client.put(address, json=body, headers={**me, "If-Match": '"v1"'})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.headers["ETag"] == '"v2"'
        assert client.put(address, json=body, headers={**me, "If-Match": '"v1"'}).status_code == 412
        assert client.get(address, headers=me).json["content"] == content
        found: Any = client.get(f"{address}/versions", headers=me).json
        assert [(each["version"], each["note"]) for each in found["items"]] == [(2, "night"), (1, None)]
        assert client.delete(address, headers=me).status_code == 409
        new = {"code": "slow", "name": {"zh-CN": "缓"}, "content": content}
        made: Any = client.post("/api/v1/sla-policies", json=new, headers=me)
        assert made.status_code == 201, made.get_data(as_text=True)
        stale = {**me, "If-Match": '"v7"'}
        assert client.delete(f"/api/v1/sla-policies/{made.json['id']}", headers=stale).status_code == 412
        assert client.delete(f"/api/v1/sla-policies/{made.json['id']}", headers=me).status_code == 204
        assert client.get(f"/api/v1/sla-policies/{made.json['id']}", headers=me).status_code == 404

    def test_rule_7_drafted_compared_and_published(self, ground: make.Ground, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("supervisor"))
        address = f"/api/v1/sla-policies/{usual().id}"

        def ask(how: str, part: str, version: int | None = None, **sent: Any) -> Any:
            match = {} if version is None else {"If-Match": f'"v{version}"'}
            return client.open(f"{address}/draft{part}", method=how, headers={**me, **match}, **sent)

        assert ask("GET", "").status_code == ask("GET", "/changes").status_code == 404
        body = {"content": sla_policy.written(quicker()), "name": {"en": "Quick"}}
        assert ask("PUT", "", json=body).status_code == 428
        made = ask("PUT", "", 0, json=body)
        assert (made.status_code, made.headers["ETag"]) == (200, '"v1"'), made.get_data(as_text=True)
        assert (made.json["based_on"], made.json["outrun"], made.json["name"]) == (1, False, {"en": "Quick"})
        assert ask("PUT", "", 0, json=body).status_code == 412
        changes = ask("GET", "/changes").json["items"]
        assert changes == [{"field": "high.respond", "before": 30, "after": 15}]
        assert usual().number == 1
        assert ask("DELETE", "", 7).status_code == 412
        assert ask("POST", "/publish", json={}).status_code == 428
        done = ask("POST", "/publish", 1, json={"note": "night"})
        assert (done.status_code, done.headers["ETag"], done.json["note"]) == (200, '"v2"', "night")
        assert done.json["name"] == {"en": "Quick"}
        assert ask("POST", "/publish", 1, json={}).status_code == 409
        ask("PUT", "", 0, json=body)
        assert ask("DELETE", "", 1).status_code == 204
        wrong = sla_policy.written(DEFAULT) | {"steps": [{"after": 5, "do": "call", "clocks": []}]}
        assert ask("PUT", "", 0, json={"content": wrong}).status_code == 422

    @pytest.mark.parametrize(
        ("path", "value", "field"),
        [
            (("lines", "high", "respond"), "soon", "content.lines.high.respond"),
            (("lines", "high", "respond"), {"days": True}, "content.lines.high.respond"),
            (("lines", "high", "hours"), "night", "content.lines.high.hours"),
            (("lines", "low"), None, "content.lines.low"),
            (("stops", "parts"), ["respond"], "content.stops.parts.0"),
            (("steps",), [{"after": 1.5, "do": "notify"}], "content.steps.0.after"),
            (("steps",), [{"after": 5, "do": "shout"}], "content.steps.0.do"),
            (("steps",), [{"after": 5, "do": "call"}], "steps.0.do"),
            (("lines", "high", "restore"), {"days": 999}, "lines.high.restore"),
            (("lines", "high", "floor"), 10**30, "lines.high.floor"),
        ],
    )
    def test_refused_by_field(
        self, ground: make.Ground, client: FlaskClient, path: tuple[str, ...], value: Any, field: str
    ) -> None:
        me = {**accounts.token(accounts.person("admin")), "If-Match": '"v1"'}
        content: Any = sla_policy.written(DEFAULT)
        inner = content
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = value
        answer: Any = client.put(f"/api/v1/sla-policies/{usual().id}", json={"content": content}, headers=me)
        assert answer.status_code == 422
        assert field in {each["field"] for each in answer.json["errors"]}

    def test_another_institutions_policy_is_none(self, ground: make.Ground, client: FlaskClient) -> None:
        me = {**accounts.token(accounts.person("admin")), "If-Match": "*"}
        for given in ("0", "x", str(usual().id + 1000), "9" * 30):
            assert client.get(f"/api/v1/sla-policies/{given}", headers=me).status_code == 404


def test_rule_17_another_version_holds_for_what_is_reclassified_later(ground: make.Ground, now: datetime) -> None:
    """A policy published meanwhile is the one that counts when the priority changes."""
    from app.tickets.services import priorities

    filed = ground.file()
    made = services.publish(usual().id, actor=SYSTEM, now=now, content=quicker(), seen=1)
    later = now + timedelta(minutes=5)
    priorities.override(actor=make.actor(ground.dispatcher), now=later, ticket_id=filed.id, priority="high", reason="x")
    assert {row.policy_version_id for row in book.of_ticket(filed.id)} == {made.id}
