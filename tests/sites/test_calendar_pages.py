"""The pages of working calendars: a year at a glance, the draft, comparing, publishing (tickets-rules 13 to 15, 19)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.sites.calendars import queries, services
from app.sites.calendars.models import WorkingCalendar
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar, DayKind, OverrideKind
from tests.editing import press
from tests.factories import accounts, sites
from tests.sites.minutes import OFFICE_WEEK

SYSTEM = Actor.system(1)
Login = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def office(database: Session, now: datetime) -> int:
    services.ensure(now)
    found: int = next(row.id for row in queries.calendars() if row.code == "office")
    return found


@pytest.fixture
def desk(office: int, login: Login) -> FlaskClient:
    client = login(accounts.person("supervisor"))
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def drafted(calendar_id: int) -> Calendar:
    found = queries.draft(calendar_id)
    assert found is not None
    return calendar_data.read(found.content)


def week(**changed: Any) -> dict[str, Any]:
    usual = {f"hours_{day}": "08:00-12:00, 14:00-18:00" if day < 5 else "" for day in range(7)}
    return {"seen": "0", **usual, **changed}


class TestLooking:
    def test_rule_14_a_year_says_in_words_and_letters_what_each_day_is(self, desk: FlaskClient, office: int) -> None:
        text = page(desk, f"/calendars/{office}?year=2026")
        assert "Holiday · National Day" in text
        assert '<i class="day__sign" aria-hidden="true">H</i>' in text
        assert "Make-up day · Worked in exchange · 08:00–12:00, 14:00–18:00" in text
        assert "estimated" not in text
        ahead = page(desk, f"/calendars/{office}?year=2028")
        assert "Some days of this year are estimated" in ahead
        assert "H?" in ahead
        assert "What is not as usual in 2028" in ahead

    @pytest.mark.parametrize("year", ["0000", "9999", "x", "²0²6", "1"])
    def test_a_year_that_cannot_be(self, desk: FlaskClient, office: int, year: str) -> None:
        page(desk, f"/calendars/{office}?year={year}")

    def test_round_the_clock_needs_no_year(self, desk: FlaskClient, office: int) -> None:
        always = next(row.id for row in queries.calendars() if row.code == "always")
        assert "Every minute counts." in page(desk, f"/calendars/{always}")
        assert "Every minute counts." in page(desk, "/calendars")

    def test_versions(self, desk: FlaskClient, office: int, now: datetime) -> None:
        content = Calendar(zone="Asia/Shanghai", week=OFFICE_WEEK)
        services.publish(office, actor=SYSTEM, now=now, content=content, note="x")
        assert "no longer in force" in page(desk, f"/calendars/{office}/versions/1?year=2026")
        assert "no longer in force" not in page(desk, f"/calendars/{office}/versions/2")
        for number in ("3", "x", "9" * 15):
            page(desk, f"/calendars/{office}/versions/{number}", 404)

    def test_a_dispatcher_reads_only(self, office: int, login: Login) -> None:
        client = login(accounts.person("dispatcher"))
        assert "/edit" not in page(client, f"/calendars/{office}")
        assert "<select" not in page(client, "/calendars")
        page(client, f"/calendars/{office}/edit", 403)
        assert client.post(f"/calendars/{office}/publish", data={"seen": "0"}).status_code == 403

    def test_a_supervisor_of_one_campus_changes_no_calendar(self, office: int, login: Login) -> None:
        campus = sites.campus()
        client = login(accounts.person("supervisor", scope_kind="campus", scope_id=campus.id))
        page(client, f"/calendars/{office}")
        page(client, f"/calendars/{office}/edit", 403)

    def test_what_is_not_there(self, desk: FlaskClient, office: int) -> None:
        for given in ("0", "x", str(office + 1000), "9" * 30):
            page(desk, f"/calendars/{given}", 404)


class TestDraft:
    def post(self, client: FlaskClient, office: int, part: str, **data: Any) -> Any:
        return client.post(f"/calendars/{office}/edit/{part}", data=data)

    def test_rule_13_dates_are_closed_moved_and_taken_back(self, desk: FlaskClient, office: int) -> None:
        sent = {"seen": "0", "on": "2026-11-19", "until": "2026-11-20", "kind": "closed", "note": "校运会"}
        answer = self.post(desk, office, "dates", **sent)
        assert answer.status_code == 303
        assert answer.location.endswith("year=2026")
        assert drafted(office).hours(date(2026, 11, 20)) == ()
        assert queries.in_force(office).number == 1
        text = page(desk, f"/calendars/{office}/edit?year=2026&on=2026-11-19")
        assert "A draft, not in force" in text
        assert 'value="校运会"' in text
        sent = {"seen": "1", "on": "2026-11-21", "kind": "makeup", "weekday": "4", "name_zh": "补班", "estimated": "1"}
        assert self.post(desk, office, "dates", **sent).status_code == 303
        made = drafted(office).days[date(2026, 11, 21)]
        assert (made.kind, made.weekday, made.official) == (DayKind.MAKEUP, 4, False)
        sent = {"seen": "2", "on": "2026-11-19", "kind": "hours", "hours": "9:00~12:00"}
        assert self.post(desk, office, "dates", **sent).status_code == 303
        assert drafted(office).overrides[date(2026, 11, 19)].kind is OverrideKind.HOURS
        assert self.post(desk, office, "dates", seen="3", on="2026-11-19", kind="usual").status_code == 303
        assert date(2026, 11, 19) not in drafted(office).overrides

    @pytest.mark.parametrize(
        ("changed", "name"),
        [
            ({"on": "tomorrow"}, "on"),
            ({"until": "2026-11-01"}, "until"),
            ({"until": "2036-11-01"}, "until"),
            ({"kind": "party"}, "kind"),
            ({"kind": "hours", "hours": "8 to 12"}, "hours"),
            ({"kind": "hours", "hours": ""}, "hours"),
            ({"weekday": "7"}, "weekday"),
        ],
    )
    def test_errors_stand_beside_what_was_typed(
        self, desk: FlaskClient, office: int, changed: dict[str, str], name: str
    ) -> None:
        sent = {"seen": "0", "on": "2026-11-19", "kind": "closed", "note": "kept", **changed}
        answer = self.post(desk, office, "dates", **sent)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert f'id="f-{name}-e"' in text
        assert 'value="kept"' in text
        assert queries.draft(office) is None

    def test_a_date_of_another_age(self, desk: FlaskClient, office: int) -> None:
        answer = self.post(desk, office, "dates", seen="0", on="0001-01-01", kind="closed")
        assert answer.status_code == 422
        assert "from 1990 to 2100" in answer.get_data(as_text=True)

    def test_rule_9_the_week_its_zone_and_round_the_clock(self, desk: FlaskClient, office: int) -> None:
        sent = week(zone="Europe/London", hours_5="09:00-12:00", hours_0="08:00-12:00, 13:00-17:00, 18:00-20:00")
        assert self.post(desk, office, "week", **sent).status_code == 303
        found = drafted(office)
        assert (found.zone, len(found.week[0]), found.week[5]) == ("Europe/London", 3, ((540, 720),))
        wrong = self.post(desk, office, "week", **week(seen="1", zone="Mars", hours_1="12:00-08:00"))
        assert wrong.status_code == 422
        assert 'id="f-hours_1-e"' in wrong.get_data(as_text=True)
        wrong = self.post(desk, office, "week", **week(seen="1", zone="Mars"))
        assert 'id="f-zone-e"' in wrong.get_data(as_text=True)
        empty = {f"hours_{day}": "" for day in range(7)}
        wrong = self.post(desk, office, "week", **week(seen="1", zone="Asia/Shanghai", **empty))
        assert "at least one day of the week" in wrong.get_data(as_text=True)
        assert self.post(desk, office, "week", **week(seen="1", zone="Asia/Shanghai", always="1")).status_code == 303
        assert drafted(office).always
        assert 'value="Asia/Shanghai"' in page(desk, f"/calendars/{office}/edit/week")
        assert f'action="/calendars/{office}/edit/dates' not in page(desk, f"/calendars/{office}/edit")

    def test_rule_13_seasons_never_overlap(self, desk: FlaskClient, office: int) -> None:
        summer = week(first="2026-07-06", last="2026-08-30", name_zh="暑假", hours_3="", hours_4="")
        assert self.post(desk, office, "season", **summer).status_code == 303
        assert "暑假" in page(desk, f"/calendars/{office}/edit/seasons?season=1")
        again = {**summer, "seen": "1", "first": "2026-08-01", "last": "2026-09-01", "name_zh": "重"}
        refused = self.post(desk, office, "season", **again)
        assert refused.status_code == 422
        assert "Seasons must not overlap" in refused.get_data(as_text=True)
        assert 'value="重"' in refused.get_data(as_text=True)
        assert self.post(desk, office, "season", **{**again, "place": "0"}).status_code == 303
        assert [each.first.month for each in drafted(office).seasons] == [8]
        page(desk, f"/calendars/{office}/edit/seasons?season=99999")
        assert self.post(desk, office, "seasons/1/remove", seen="2").status_code == 303
        assert drafted(office).seasons == ()

    def test_rule_14_holidays_of_a_year_are_filled_in(self, desk: FlaskClient, office: int) -> None:
        assert self.post(desk, office, "holidays", seen="0", year="2030").status_code == 303
        assert not drafted(office).days[date(2030, 10, 1)].official
        assert self.post(desk, office, "holidays", seen="1", year="1066").status_code == 422

    def test_two_editors_at_once(self, desk: FlaskClient, office: int) -> None:
        sent = {"seen": "0", "on": "2026-11-19", "kind": "closed"}
        assert self.post(desk, office, "dates", **sent).status_code == 303
        answer = self.post(desk, office, "dates", **{**sent, "on": "2026-11-20", "note": "mine"})
        assert answer.status_code == 412
        assert 'value="mine"' in answer.get_data(as_text=True)
        assert date(2026, 11, 20) not in drafted(office).overrides
        assert self.post(desk, office, "dates", on="2026-11-20", kind="closed").status_code == 412  # says nothing


class TestPublishing:
    def test_rule_19_compared_then_published(self, desk: FlaskClient, office: int, database: Session) -> None:
        page(desk, f"/calendars/{office}/publish", 404)
        assert desk.post(f"/calendars/{office}/publish", data={"seen": "0"}).status_code == 409
        sent = {"seen": "0", "on": "2026-11-19", "until": "2026-11-20", "kind": "closed"}
        desk.post(f"/calendars/{office}/edit/dates", data=sent)
        text = page(desk, f"/calendars/{office}/publish")
        assert "-480" in text
        assert f"/service-levels/calendars/{office}/effect" in text
        assert desk.post(f"/calendars/{office}/publish", data={"seen": "7"}).status_code == 412
        assert desk.post(f"/calendars/{office}/publish", data={"seen": "1", "note": "校运会"}).status_code == 303
        assert (queries.in_force(office).number, queries.in_force(office).note) == (2, "校运会")
        assert database.scalar(select(AuditEntry.verb).order_by(AuditEntry.id.desc())) == "calendar.publish"
        assert queries.draft(office) is None

    def test_a_draft_that_says_the_same_is_no_version(self, desk: FlaskClient, office: int) -> None:
        """Closed and taken back again: the page says so, and whoever publishes all the same is told."""
        at = f"/calendars/{office}/edit/dates"
        desk.post(at, data={"seen": "0", "on": "2026-11-19", "kind": "closed"})
        desk.post(at, data={"seen": "1", "on": "2026-11-19", "kind": "usual"})
        text = page(desk, f"/calendars/{office}/publish")
        assert "Publishing it would change nothing" in text
        assert "Publish as version" not in text
        assert desk.post(f"/calendars/{office}/publish", data={"seen": "2"}).status_code == 303
        assert queries.in_force(office).number == 1
        assert queries.draft(office) is None
        assert "It says the same as before, so there is no new version." in page(desk, f"/calendars/{office}")

    def test_a_draft_that_was_outrun_is_not_published(self, desk: FlaskClient, office: int, now: datetime) -> None:
        desk.post(f"/calendars/{office}/edit/dates", data={"seen": "0", "on": "2026-11-19", "kind": "closed"})
        content = Calendar(zone="Asia/Shanghai", week=OFFICE_WEEK)
        services.publish(office, actor=SYSTEM, now=now, content=content)
        said = "Another version was published after this draft was begun"
        assert said in page(desk, f"/calendars/{office}/edit")
        assert said in page(desk, f"/calendars/{office}/publish")
        assert desk.post(f"/calendars/{office}/publish", data={"seen": "1"}).status_code == 412
        assert desk.post(f"/calendars/{office}/discard").status_code == 412
        assert press(desk, f"/calendars/{office}/edit", f"/calendars/{office}/discard").status_code == 303
        assert queries.draft(office) is None

    def test_a_draft_somebody_went_on_with_is_not_discarded(self, desk: FlaskClient, office: int) -> None:
        sent = {"seen": "0", "on": "2026-11-19", "kind": "closed"}
        desk.post(f"/calendars/{office}/edit/dates", data=sent)
        desk.post(f"/calendars/{office}/edit/dates", data={**sent, "seen": "1", "on": "2026-11-20"})
        answer = desk.post(f"/calendars/{office}/discard", data={"seen": "1"})
        assert answer.status_code == 412
        assert "Somebody else has published this calendar" in answer.get_data(as_text=True)
        assert desk.post(f"/calendars/{office}/discard", data={"seen": "2"}).status_code == 303


class TestWhoWorksByWhich:
    def test_rule_15_a_campus_is_given_a_calendar(self, desk: FlaskClient, office: int, database: Session) -> None:
        campus = sites.campus()
        like = {"code": "north", "name_zh": "北区", "like": office}
        assert desk.post("/calendars/new", data={**like, "code": "North!"}).status_code == 422
        assert desk.post("/calendars/new", data={"code": "x", "like": office}).status_code == 422
        assert desk.post("/calendars/new", data={**like, "like": office + 999}).status_code == 422
        assert desk.post("/calendars/new", data=like).status_code == 303
        assert desk.post("/calendars/new", data=like).status_code == 422
        made = database.scalars(select(WorkingCalendar).where(WorkingCalendar.code == "north")).one()
        cell = f"{campus.id}_office"
        sent = {f"was_{cell}": "", f"is_{cell}": str(made.id)}
        assert desk.post("/calendars/hours", data=sent).status_code == 303
        assert queries.version_of("office", campus.id) == queries.in_force(made.id).id
        stale = desk.post("/calendars/hours", data={f"was_{cell}": "", f"is_{cell}": str(office)})
        assert stale.status_code == 412
        assert "Somebody else has changed these hours" in stale.get_data(as_text=True)
        gone = desk.post("/calendars/hours", data={f"was_{cell}": str(made.id), f"is_{cell}": str(made.id + 999)})
        assert gone.status_code == 404
        assert desk.post(f"/calendars/{made.id}/close", data={"seen": "1"}).status_code == 409
        bare = {"was_0_office": str(office), "is_0_office": ""}
        assert desk.post("/calendars/hours", data=bare).status_code == 422
        assert desk.post("/calendars/hours", data={f"was_{cell}": str(made.id), f"is_{cell}": ""}).status_code == 303
        assert desk.post(f"/calendars/{made.id}/close", data={"seen": "9"}).status_code == 412
        assert desk.post(f"/calendars/{made.id}/close", data={"seen": "1"}).status_code == 303
        page(desk, f"/calendars/{made.id}", 404)


def test_closing_says_which_version_was_seen(login: Callable[..., FlaskClient], database: Session) -> None:
    client = login(accounts.person("admin"))
    office = next(row.id for row in queries.calendars() if row.code == "office")
    for seen in ("x", "0", "7"):
        assert client.post(f"/calendars/{office}/close", data={"seen": seen}).status_code == 412
