"""Working calendars: the first ones, publishing, hours of campuses, the API (tickets-rules 13 to 15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import reading
from app.audit.models import AuditEntry
from app.core import i18n
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.outbox import OutboxEvent
from app.sites.calendars import holidays, queries, services
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar, DayKind, Override, OverrideKind
from tests.factories import accounts, sites
from tests.sites.minutes import OFFICE_WEEK

SYSTEM = Actor.system(1)
SHORT = ((540, 720),)


def office() -> int:
    return next(row.id for row in queries.calendars() if row.code == "office")


def content(calendar_id: int) -> Calendar:
    return calendar_data.read(queries.in_force(calendar_id).content)


class TestHolidays:
    """14."""

    def test_china_2026(self) -> None:
        found = holidays.days("CN", [2026])
        assert found[date(2026, 10, 1)].kind is DayKind.HOLIDAY
        assert found[date(2026, 10, 1)].name["zh-CN"] == "国庆节"
        assert found[date(2026, 9, 20)].kind is DayKind.MAKEUP
        assert found[date(2026, 10, 7)].name == holidays.EXCHANGED
        assert found[date(2026, 10, 4)].name == holidays.BESIDE  # a Sunday between days off
        assert date(2026, 1, 4) in found
        assert found[date(2026, 1, 4)].kind is DayKind.MAKEUP
        assert all(day.official for day in found.values())

    def test_a_year_not_announced_is_estimated(self) -> None:
        found = holidays.days("CN", [2027])
        assert found
        assert not any(day.official for day in found.values())

    def test_another_country(self) -> None:
        found = holidays.days("GB", [2026])
        assert found[date(2026, 4, 3)].official
        assert found[date(2026, 4, 4)].name == holidays.BESIDE


class TestBeginning:
    def test_an_institution_has_calendars(self, database: Session, frozen: datetime) -> None:
        assert [row.code for row in queries.calendars()] == ["office", "always"]
        assert set(queries.in_force_by_class(None)) == {"office", "always"}
        assert queries.version_of("extended", None) == queries.version_of("office", None)
        found = content(office())
        assert found.hours(date(2026, 11, 18)) == OFFICE_WEEK[0]
        assert found.hours(date(2026, 10, 1)) == ()
        assert not found.days[date(2028, 10, 1)].official

    def test_again_changes_nothing(self, database: Session, frozen: datetime) -> None:
        before = [row.version_id for row in queries.calendars()]
        services.ensure(frozen)
        assert [row.version_id for row in queries.calendars()] == before


class TestPublishing:
    def test_a_draft_becomes_the_next_version(self, database: Session, frozen: datetime) -> None:
        calendar_id = office()
        changed = replace(content(calendar_id), overrides={date(2026, 11, 19): Override(kind=OverrideKind.CLOSED)})
        draft = services.save_draft(calendar_id, actor=SYSTEM, now=frozen, content=changed, seen=0)
        assert content(calendar_id).hours(date(2026, 11, 19)) != ()  # nothing is in force before it is published
        made = services.publish_draft(calendar_id, actor=SYSTEM, now=frozen, seen=draft.version, note="校运会")
        assert made.number == 2
        assert content(calendar_id).hours(date(2026, 11, 19)) == ()
        assert queries.draft(calendar_id) is None
        assert queries.work(made.id).calendar.hours(date(2026, 11, 19)) == ()
        assert queries.calendar_of(made.id) == calendar_id
        told = db.session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "CalendarPublished")).one()
        assert told.payload == {"calendar_id": calendar_id, "version_id": made.id}
        assert db.session.scalar(select(AuditEntry.verb).order_by(AuditEntry.id.desc())) == "calendar.publish"

    def test_whoever_edits_at_the_same_time_is_told(self, database: Session, frozen: datetime) -> None:
        calendar_id = office()
        changed = replace(content(calendar_id), overrides={date(2026, 11, 19): Override(kind=OverrideKind.CLOSED)})
        services.save_draft(calendar_id, actor=SYSTEM, now=frozen, content=changed, seen=0)
        with pytest.raises(Stale):
            services.save_draft(calendar_id, actor=SYSTEM, now=frozen, content=changed, seen=0)
        services.publish(calendar_id, actor=SYSTEM, now=frozen, content=changed, seen=1)
        with pytest.raises(Stale):
            services.publish(calendar_id, actor=SYSTEM, now=frozen, content=changed, seen=1)
        with pytest.raises(Stale):
            services.publish_draft(calendar_id, actor=SYSTEM, now=frozen, seen=1)  # made from version 1

    def test_a_draft_that_says_the_same_makes_no_version(self, database: Session, frozen: datetime) -> None:
        """Else every open clock would be judged anew, and its trail would name a version that changed nothing."""
        calendar_id = office()
        services.save_draft(calendar_id, actor=SYSTEM, now=frozen, content=content(calendar_id), seen=0)
        assert queries.desk(calendar_id).unchanged
        made = services.publish_draft(calendar_id, actor=SYSTEM, now=frozen, seen=1, note="again")
        assert (made.number, made.note) == (1, None)
        assert queries.draft(calendar_id) is None
        assert db.session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "CalendarPublished")).all() == []
        assert db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "calendar.publish")).all() == []

    def test_nothing_to_publish(self, database: Session, frozen: datetime) -> None:
        with pytest.raises(Conflict):
            services.publish_draft(office(), actor=SYSTEM, now=frozen)

    def test_a_calendar_without_hours_is_refused(self, database: Session, frozen: datetime) -> None:
        with pytest.raises(Rejected) as refused:
            services.publish(office(), actor=SYSTEM, now=frozen, content=Calendar(zone="Nowhere"))
        assert set(refused.value.fields) == {"zone", "week"}


class TestCampuses:
    """15."""

    def test_a_campus_may_work_by_another_calendar(self, database: Session, frozen: datetime) -> None:
        campus = sites.campus(zone_name="Europe/London")
        made = services.create(
            actor=SYSTEM,
            now=frozen,
            code="london",
            name={"en": "London"},
            content=Calendar(zone="Europe/London", week=OFFICE_WEEK),
        )
        services.set_hours(actor=SYSTEM, now=frozen, campus_id=campus.id, hours="office", calendar_id=made.id)
        assert queries.version_of("office", campus.id) == queries.in_force(made.id).id
        assert queries.version_of("office", None) == queries.in_force(office()).id
        assert queries.version_of("always", campus.id) == queries.version_of("always", None)
        with pytest.raises(Conflict):
            services.close(made.id, actor=SYSTEM, now=frozen)
        entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "calendar.hours")).one()
        with i18n.speaking("en"):
            ((member, _before, after),) = reading.read([entry])[0].changes
        assert (member, after) == ("Office hours", made.name["en"])
        services.set_hours(actor=SYSTEM, now=frozen, campus_id=campus.id, hours="office", calendar_id=None)
        services.close(made.id, actor=SYSTEM, now=frozen)
        with pytest.raises(NotFound):
            queries.calendar(made.id)

    def test_what_cannot_be(self, database: Session, frozen: datetime) -> None:
        room = sites.room()
        for wrong in (
            {"campus_id": room.id, "hours": "office", "calendar_id": office()},
            {"campus_id": None, "hours": "night", "calendar_id": office()},
            {"campus_id": None, "hours": "office", "calendar_id": None},
        ):
            with pytest.raises(Rejected):
                services.set_hours(actor=SYSTEM, now=frozen, **wrong)


class TestApi:
    def put(self, client: FlaskClient, me: dict[str, str], calendar_id: str, version: int, **changed: Any) -> Any:
        body = {"content": {"zone": "Asia/Shanghai", "week": ["08:00-12:00"] * 5 + ["", ""], **changed}}
        headers = {**me, "If-Match": f'"v{version}"'}
        return client.put(f"/api/v1/calendars/{calendar_id}", json=body, headers=headers)

    def test_published_and_read(self, database: Session, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("supervisor"))
        shown = client.get("/api/v1/calendars", headers=me).json["items"][0]
        season = {
            "from": "2026-07-06",
            "to": "2026-08-30",
            "week": ["09:00-12:00"] * 5 + ["", ""],
            "name": {"en": "Break"},
        }
        answer = self.put(
            client,
            me,
            shown["id"],
            shown["version"],
            seasons=[season],
            days=[{"on": "2026-10-10", "kind": "makeup"}],
            overrides=[{"on": "2026-10-11", "kind": "hours", "hours": "10:00-11:00"}],
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.headers["ETag"] == '"v2"'
        asked = f"/api/v1/calendars/{shown['id']}/days?from=2026-10-09&to=2026-10-11"
        found = client.get(asked, headers=me).json["items"]
        assert found == [
            {"on": "2026-10-09", "hours": "08:00-12:00", "because": "week"},
            {"on": "2026-10-10", "hours": "08:00-12:00", "because": "makeup"},
            {"on": "2026-10-11", "hours": "10:00-11:00", "because": "override"},
        ]
        assert self.put(client, me, shown["id"], 1).status_code == 412

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"week": ["08:00-12:00"]}, "content.week"),
            ({"week": ["8 to 12"] * 7}, "content.week.0"),
            ({"zone": "Mars"}, "zone"),
            ({"colour": "red"}, "content.colour"),
            ({"overrides": [{"on": "2026-13-01", "kind": "closed"}]}, "content.overrides.0.on"),
            ({"days": [{"on": "2026-10-01", "kind": "party"}]}, "content.days.0.kind"),
        ],
    )
    def test_refused_by_field(
        self, database: Session, client: FlaskClient, changed: dict[str, Any], field: str
    ) -> None:
        me = accounts.token(accounts.person("admin"))
        answer = self.put(client, me, str(office()), 1, **changed)
        assert answer.status_code == 422
        assert field in {each["field"] for each in answer.json["errors"]}

    def test_a_code_is_one_for_machines(self, database: Session, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("admin"))
        body = {"name": {"en": "North"}, "content": {"zone": "Asia/Shanghai", "always": True}}
        for code in ("North!", "-n", "北"):
            refused = client.post("/api/v1/calendars", json={**body, "code": code}, headers=me)
            assert refused.status_code == 422

    def test_made_and_given_to_a_campus(self, database: Session, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("admin"))
        campus = sites.campus()
        body = {"code": "north", "name": {"zh-CN": "北区"}, "content": {"zone": "Asia/Shanghai", "always": True}}
        made = client.post("/api/v1/calendars", json=body, headers=me)
        assert made.status_code == 201, made.get_data(as_text=True)
        given = {"campus_id": str(campus.id), "hours": "extended", "calendar_id": made.json["id"]}
        where = "/api/v1/calendars/hours"
        assert client.put(where, json=given, headers=me).status_code == 428
        done = client.put(where, json=given, headers={**me, "If-Match": '"v1"'})
        assert (done.status_code, done.json) == (200, given)
        assert client.put(where, json=given, headers={**me, "If-Match": '"v1"'}).status_code == 412
        listed = client.get(where, headers=me).json["items"][-1]
        assert done.headers["ETag"] == f'"v{listed.pop("version")}"'
        assert listed == given
        back = {**given, "calendar_id": None}
        taken = client.put(where, json=back, headers={**me, "If-Match": done.headers["ETag"]})
        assert (taken.status_code, taken.headers["ETag"]) == (200, '"v1"')
        assert client.post("/api/v1/calendars", json=body, headers=me).status_code == 422  # the code is taken

    def test_every_version_and_closed(self, database: Session, client: FlaskClient, frozen: datetime) -> None:
        me = accounts.token(accounts.person("admin"))
        content = Calendar(zone="Asia/Shanghai", week=OFFICE_WEEK)
        made = services.create(actor=SYSTEM, now=frozen, code="north", name={"en": "North"}, content=content)
        address = f"/api/v1/calendars/{made.id}"
        assert self.put(client, me, str(made.id), 1).status_code == 200
        found = client.get(f"{address}/versions", headers=me).json["items"]
        assert [each["version"] for each in found] == [2, 1]
        assert found[1]["content"] == calendar_data.written(content)
        assert client.delete(address, headers={**me, "If-Match": '"v1"'}).status_code == 412
        assert client.delete(address, headers={**me, "If-Match": '"v2"'}).status_code == 204
        assert client.get(f"{address}/versions", headers=me).status_code == 404
        assert client.delete(f"/api/v1/calendars/{office()}", headers=me).status_code == 409

    def test_rule_19_drafted_compared_and_published(self, database: Session, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("supervisor"))
        address = f"/api/v1/calendars/{office()}"

        def ask(how: str, part: str, version: int | None = None, **sent: Any) -> Any:
            match = {} if version is None else {"If-Match": f'"v{version}"'}
            return client.open(f"{address}/draft{part}", method=how, headers={**me, **match}, **sent)

        for part in ("", "/changes", "/effect"):
            assert ask("GET", part).status_code == 404
        now_so: Any = client.get(address, headers=me).json
        body = now_so["content"]
        body["overrides"] = [{"on": f"2026-11-{day}", "kind": "closed"} for day in (19, 20)]
        assert ask("PUT", "", json={"content": body}).status_code == 428
        made = ask("PUT", "", 0, json={"content": body})
        assert (made.status_code, made.headers["ETag"]) == (200, '"v1"'), made.get_data(as_text=True)
        shown = {name: made.json[name] for name in ("version", "based_on", "outrun")}
        assert shown == {"version": 1, "based_on": now_so["version"], "outrun": False}
        assert ask("PUT", "", 0, json={"content": body}).status_code == 412
        assert client.get(address, headers=me).json["version"] == now_so["version"]
        changes = ask("GET", "/changes").json
        assert (changes["from"], changes["to"], changes["left_out"]) == ("2026-01-01", "2028-12-31", 0)
        assert changes["items"] == [
            {
                "from": "2026-11-19",
                "to": "2026-11-20",
                "before": "08:00-12:00, 14:00-18:00",
                "after": "",
                "minutes": -480,
            }
        ]
        assert set(ask("GET", "/effect").json) >= {"tickets", "clocks", "earlier", "later", "late", "healed"}
        assert ask("POST", "/publish", json={}).status_code == 428
        assert ask("POST", "/publish", 7, json={}).status_code == 412
        done = ask("POST", "/publish", 1, json={"note": "校运会"})
        assert (done.status_code, done.json["version"], done.json["note"]) == (200, now_so["version"] + 1, "校运会")
        assert ask("POST", "/publish", 1, json={}).status_code == 409
        assert ask("GET", "").status_code == 404

    def test_a_draft_that_was_outrun_says_so_and_goes(self, database: Session, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("admin"))
        address = f"/api/v1/calendars/{office()}"
        body = {"content": {"zone": "Asia/Shanghai", "week": ["08:00-12:00"] * 7}}
        begun: Any = client.put(f"{address}/draft", json=body, headers={**me, "If-Match": '"v0"'})
        assert self.put(client, me, str(office()), 1).status_code == 200
        found: Any = client.get(f"{address}/draft", headers=me)
        assert (found.json["outrun"], found.json["based_on"]) == (True, 1)
        match = {**me, "If-Match": begun.headers["ETag"]}
        assert client.post(f"{address}/draft/publish", json={}, headers=match).status_code == 412
        assert client.delete(f"{address}/draft", headers={**me, "If-Match": '"v9"'}).status_code == 412
        assert client.delete(f"{address}/draft", headers=match).status_code == 204
        wrong: Any = client.put(f"{address}/draft", json={"content": {"zone": "Mars"}}, headers={**me, "If-Match": "*"})
        assert {each["field"] for each in wrong.json["errors"]} == {"zone", "week"}

    def test_a_long_span_is_refused(self, database: Session, client: FlaskClient) -> None:
        me = accounts.token(accounts.person("dispatcher"))
        address = f"/api/v1/calendars/{office()}/days"
        assert client.get(f"{address}?from=2026-01-01&to=2036-01-01", headers=me).status_code == 422
        assert client.get(f"{address}?from=2026-01-02&to=2026-01-01", headers=me).status_code == 422


@pytest.mark.parametrize("asked", ["from=9999-12-15", "from=0001-01-01&to=0001-01-02", "to=9999-12-31"])
def test_days_nobody_can_mean_are_refused(client: FlaskClient, database: Session, asked: str) -> None:
    headers = accounts.token(accounts.person("supervisor"))
    found = client.get(f"/api/v1/calendars/{office()}/days?{asked}", headers=headers)
    assert found.status_code == 422
    assert found.json["errors"]
