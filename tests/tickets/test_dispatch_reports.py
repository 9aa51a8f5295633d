"""The dry run and the fairness report: the same figures as the database says, nothing written."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.errors import Rejected
from app.core.outbox import OutboxEvent
from app.tickets.models import Absence, Offer, Shift, Ticket, TicketEvent
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import catalogue, dispatching, dry_run
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, filed, offered
from tests.tickets.calling import Caller

pytestmark = pytest.mark.usefixtures("frozen")


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def rows(database: Session) -> list[int]:
    tables = (Ticket, TicketEvent, Offer, OutboxEvent)
    return [database.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


class TestDryRun:
    def test_it_says_whom_the_ranking_would_choose_and_writes_nothing(
        self, ground: make.Ground, desk: FlaskClient, database: Session, now: datetime
    ) -> None:
        master, helper = ground.technician(level=3), ground.technician(level=1)
        away = ground.technician(on_shift=False)
        before = rows(database)
        asked = f"/dispatch/whom?place_id={ground.room.id}&category={ground.category.id}&urgency=high"
        page = text(desk, asked)
        assert page.index(f"<b>{master.name}</b>") < page.index(f"<b>{helper.name}</b>")
        assert f"<b>{away.name}</b>" in page
        assert "not on shift" in page
        assert "Priority High" in page
        assert rows(database) == before
        order_id = offered(ground, now, urgency="high")
        live = database.scalars(select(Offer).where(Offer.order_id == order_id)).one()
        assert live.person_id == master.id, "the real choice is the same"
        answer = desk.get(
            "/api/v1/dispatch/whom",
            headers=accounts.token(ground.dispatcher),
            query_string={"place_id": ground.room.id, "category": ground.category.code},
        )
        assert answer.status_code == 200
        assert [each["person"]["id"] for each in answer.json["why"]] == [str(master.id), str(helper.id)]
        assert [each["person"]["id"] for each in answer.json["excluded"]] == [str(away.id)]

    def test_the_reach_of_a_fault_is_that_of_the_place(self, ground: make.Ground, now: datetime) -> None:
        """43: the priority is the one filing gives, with the impact of the kind of place."""
        editor = make.actor(accounts.person("supervisor"))
        catalogue.change_category(
            actor=editor, now=now, category_id=ground.category.id, impacts={"floor": "campus", "room": "building"}
        )
        for place in (ground.floor, ground.room):
            foreseen = dry_run.whom(
                actor=make.actor(ground.dispatcher),
                at=now,
                place_id=place.id,
                category=ground.category.id,
                urgency="normal",
            )
            assert foreseen.priority == ground.file(place_id=place.id).priority

    def test_another_instant_has_other_shifts(
        self, ground: make.Ground, desk: FlaskClient, database: Session, now: datetime
    ) -> None:
        person = ground.technician()
        database.add(Absence(person_id=person.id, starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2)))
        asked = f"/dispatch/whom?place_id={ground.room.id}&category={ground.category.id}"
        assert "1 candidate" in text(desk, asked)
        assert "0 candidates" in text(desk, f"{asked}&at=2026-11-19T12:00")

    @pytest.mark.parametrize("query", ["category=x", "category=1", "place_id=999999&category=1", "at=never&category=1"])
    def test_what_cannot_be_asked_is_said(self, query: str, ground: make.Ground, desk: FlaskClient) -> None:
        assert "Please look at these again:" in text(desk, f"/dispatch/whom?{query}", 422)

    def test_what_nobody_repairs_has_no_ranking(self, ground: make.Ground, now: datetime) -> None:
        group = make.category("water", None, "水", "Water")
        for category in ("none", group.id):
            with pytest.raises(Rejected) as refused:
                dry_run.whom(
                    actor=make.actor(ground.dispatcher),
                    at=now,
                    place_id=ground.room.id,
                    category=category,
                    urgency="low",
                )
            assert set(refused.value.fields) == {"category"}

    def test_the_empty_form(self, ground: make.Ground, desk: FlaskClient) -> None:
        assert "Choose a place and what is broken." in text(desk, "/dispatch/whom")


class TestFairness:
    def fill(self, ground: make.Ground, now: datetime) -> tuple[int, int]:
        """One who does the work, one who declines and lets pass."""
        worker, idler = ground.technician(level=3), ground.technician(level=1)
        for _ in range(2):
            order_id = offered(ground, now)
            do(worker, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
            do(worker, order_id, OrderAct.DONE, now=now, note="ok")
        for reason in ("busy", "my own words"):
            order_id = filed(ground)
            dispatching.assign(
                actor=make.actor(ground.dispatcher), now=now, order_id=order_id, assignee_id=idler.id, seen=None
            )
            do(idler, order_id, OrderAct.DECLINE, now=now, reason=reason)
        order_id = filed(ground)
        dispatching.assign(
            actor=make.actor(ground.dispatcher), now=now, order_id=order_id, assignee_id=idler.id, seen=None
        )
        return worker.id, idler.id

    def test_the_file_says_what_the_database_says(
        self, ground: make.Ground, desk: FlaskClient, database: Session, now: datetime
    ) -> None:
        worker, idler = self.fill(ground, now)
        with desk.get("/crews/technicians/fairness.csv?since=2026-11-16&weeks=1") as answer:
            raw = answer.get_data().decode("utf-8-sig")
        head, *lines = list(csv.reader(io.StringIO(raw)))
        assert len(lines) == 2
        said = [dict(zip(head, line, strict=True)) for line in lines]
        names = {person.id: person.name for person in database.query(Person)}
        by_name = {line["Technician"]: line for line in said}
        busy, lazy = by_name[names[worker]], by_name[names[idler]]
        assert (busy["Offers"], busy["Offers taken"], busy["Finished orders"]) == ("2", "2", "2")
        assert busy["Planned minutes of them"] == "60"
        assert (lazy["Offers"], lazy["Declined"], lazy["Finished orders"]) == ("3", "2", "0")
        assert lazy["Reasons"] == "Too much to do 1, Another reason 1"
        assert (busy["Week from"], busy["Shift hours"]) == ("2026-11-16", "58.0"), "Monday to Wednesday, 10:00"

    def test_the_page_shows_the_same_with_a_chart(self, ground: make.Ground, desk: FlaskClient, now: datetime) -> None:
        self.fill(ground, now)
        page = text(desk, "/crews/technicians/fairness?since=2026-11-18&weeks=1")
        assert "Share of the work against share of the shift hours" in page
        assert "<svg" in page
        assert ">2.00</td>" in page
        assert "From 16 Nov 2026 to 22 Nov 2026" in page
        other = text(desk, "/crews/technicians/fairness?since=2026-10-05&weeks=1")
        assert ">2.00</td>" not in other
        to_come = "Hours still to come do not count yet."
        assert to_come in page
        assert to_come not in other

    def test_on_call_stands_apart_and_is_not_shared(
        self, ground: make.Ground, desk: FlaskClient, database: Session, now: datetime
    ) -> None:
        """37: on call is for emergencies; hours of duty that overlap it are duty, and absences are neither."""
        worker, _idler = self.fill(ground, now)
        waiting = ground.technician(on_shift=False)
        database.add_all(
            [
                Shift(person_id=waiting.id, weekday=0, starts=time(8), ends=time(16)),
                Shift(person_id=waiting.id, weekday=0, starts=time(12), ends=time(20), kind="on_call"),
                Shift(person_id=waiting.id, weekday=1, starts=time(0), ends=time(0), kind="on_call"),
            ]
        )
        gone = datetime(2026, 11, 16, 16, tzinfo=UTC)  # Tuesday 00:00 to 06:00 in Shanghai
        database.add(Absence(person_id=waiting.id, starts_at=gone, ends_at=gone + timedelta(hours=6)))
        database.flush()
        asked = "since=2026-11-16&weeks=1"
        items = desk.get(f"/api/v1/reports/fairness?{asked}", headers=accounts.token(ground.dispatcher)).json["items"]
        hours = {each["person_id"]: (each["shift_minutes"] / 60, each["on_call_minutes"] / 60) for each in items}
        assert hours[str(waiting.id)] == (8, 4 + 18)
        assert hours[str(worker)] == (58, 0)
        shares = {each["person_id"]: each["share"] for each in items}
        assert shares[str(worker)] == round((58 + 58 + 8) / 58, 2), "on call weighs nothing"
        page = text(desk, f"/crews/technicians/fairness?{asked}")
        assert "On-call hours" in page
        assert 'data-label="Shift hours" class="num">8.0</td>' in page
        assert 'data-label="On-call hours" class="num">22.0</td>' in page
        assert "on duty round the clock has 168 hours" in page

    def test_by_person_and_week_the_page_the_file_and_the_api_agree(
        self, ground: make.Ground, desk: FlaskClient, database: Session, now: datetime
    ) -> None:
        """A line for each person and week in which there was anything; its share is that of the week."""
        worker, idler = self.fill(ground, now)
        asked = "since=2026-11-09&weeks=2"
        page = text(desk, f"/crews/technicians/fairness?{asked}&by=week")
        answer = desk.get(f"/api/v1/reports/fairness?{asked}", headers=accounts.token(ground.dispatcher))
        assert answer.status_code == 200
        items = answer.json["items"]
        assert sorted((each["person_id"], each["week"]) for each in items) == sorted(
            (str(person), week) for person in (worker, idler) for week in ("2026-11-09", "2026-11-16")
        )
        busy = next(each for each in items if each["person_id"] == str(worker) and each["week"] == "2026-11-16")
        assert (busy["done"], busy["minutes_done"], busy["share"], busy["shift_minutes"]) == (2, 60, 2.0, 58 * 60)
        idle, before = (
            next(each for each in items if each["person_id"] == str(idler) and each["week"] == week)
            for week in ("2026-11-16", "2026-11-09")
        )
        assert (idle["shift_minutes"], before["shift_minutes"]) == (58 * 60, 168 * 60), "hours so far, of either week"
        assert (idle["declined"], idle["share"]) == ({"busy": 1, "other": 1}, 0.0)
        assert page.count(">9 Nov 2026</td>") == page.count(">16 Nov 2026</td>") == 2
        with desk.get(f"/crews/technicians/fairness.csv?{asked}") as file:
            lines = list(csv.DictReader(io.StringIO(file.get_data().decode("utf-8-sig"))))
        assert [(line["Week from"], line["Share"]) for line in lines] == [
            (each["week"], "" if each["share"] is None else str(each["share"])) for each in items
        ]
        assert desk.get("/crews/technicians/fairness?by=year").status_code == 422

    def test_it_is_narrowed_to_a_crew(self, ground: make.Ground, desk: FlaskClient, now: datetime) -> None:
        inside, outside = ground.technician(), ground.technician()
        crew = accounts.crew(inside)
        page = text(desk, f"/crews/technicians/fairness?crew={crew.id}")
        assert inside.name in page
        assert outside.name not in page

    def test_a_few_statements_however_many_people(self, ground: make.Ground, desk: FlaskClient) -> None:
        ground.technician()
        text(desk, "/crews/technicians/fairness")
        with counted() as few:
            text(desk, "/crews/technicians/fairness?weeks=2")
        for _ in range(6):
            ground.technician()
        with counted() as many:
            text(desk, "/crews/technicians/fairness?weeks=12")
        assert len(few) == len(many)

    @pytest.mark.parametrize("query", ["weeks=0", "weeks=27", "weeks=x", "since=never", "crew=x"])
    def test_what_makes_no_sense_is_refused(self, query: str, desk: FlaskClient) -> None:
        assert desk.get(f"/crews/technicians/fairness?{query}").status_code == 422

    def test_another_kind_of_file_is_not_there(self, desk: FlaskClient) -> None:
        assert desk.get("/crews/technicians/fairness.exe").status_code == 404
        with desk.get("/crews/technicians/fairness.xlsx") as sheet:
            assert sheet.status_code == 200
            assert sheet.get_data()[:2] == b"PK"


def test_the_system_may_ask_too(ground: make.Ground, now: datetime) -> None:
    assert dispatching.who_could(actor=Actor.system(1), now=now, order_id=filed(ground)) == []


class TestStoredRanking:
    """43: what was known when an offer was made stays with it; page and API show it, whatever has changed since."""

    def test_page_and_api_show_candidates_scores_and_who_was_left_out(
        self, ground: make.Ground, desk: FlaskClient, database: Session, now: datetime
    ) -> None:
        master, helper = ground.technician(level=3), ground.technician(level=1)
        away = ground.technician(on_shift=False)
        order_id = offered(ground, now)
        row = database.scalars(select(Offer).where(Offer.order_id == order_id)).one()
        before = text(desk, f"/dispatch/{order_id}/offers/{row.id}")
        do(master, order_id, OrderAct.ACCEPT, now=now)
        assert f"/dispatch/{order_id}/offers/{row.id}" in text(desk, f"/dispatch/{order_id}")
        page = text(desk, f"/dispatch/{order_id}/offers/{row.id}")
        assert page.index(f"<b>{master.name}</b>") < page.index(f"<b>{helper.name}</b>")
        assert f"<b>{away.name}</b>" in page
        assert page.count('class="cand') == before.count('class="cand')
        token = accounts.token(ground.dispatcher)
        answer = desk.get(f"/api/v1/work-orders/{order_id}/offers", headers=token)
        (told,) = answer.json["items"]
        assert (told["version"], told["outcome"], told["made_by"]) == (row.why["version"], "accepted", None)
        assert [each["person"]["id"] for each in told["why"]] == [str(master.id), str(helper.id)]
        assert [each["score"] for each in told["why"]] == [each["score"] for each in row.why["candidates"]]
        assert [each["parts"] for each in told["why"]] == [each["parts"] for each in row.why["candidates"]]
        assert [each["person"]["name"] for each in told["excluded"]] == [away.name]

    def test_offers_come_by_pages_newest_first(
        self, ground: make.Ground, client: FlaskClient, database: Session, now: datetime, login: Any
    ) -> None:
        master = ground.technician()
        order_id = offered(ground, now)
        first = database.scalars(select(Offer).where(Offer.order_id == order_id)).one()
        first.outcome, first.ended_at = "expired", now
        database.add_all(
            Offer(
                order_id=order_id,
                ticket_id=first.ticket_id,
                person_id=first.person_id,
                round=turn + 2,
                offered_at=now,
                until=now,
                outcome=None if turn == 101 else "expired",
                ended_at=None if turn == 101 else now,
                why=first.why,
            )
            for turn in range(102)
        )
        database.flush()
        desk = Caller(client, ground.dispatcher)
        pages = [desk.get(f"/work-orders/{order_id}/offers", limit=60).json]
        with counted() as few:
            pages.append(desk.get(f"/work-orders/{order_id}/offers", limit=3, cursor=pages[0]["next"]).json)
        with counted() as many:
            pages.append(desk.get(f"/work-orders/{order_id}/offers", limit=60, cursor=pages[1]["next"]).json)
        assert [len(page["items"]) for page in pages] == [60, 3, 40]
        assert [each["round"] for page in pages for each in page["items"]] == list(range(103, 0, -1))
        assert pages[2]["next"] is None
        assert len(few) == len(many)
        assert desk.get(f"/work-orders/{order_id}/offers", cursor="nonsense").status_code == 422
        assert desk.get(f"/work-orders/{order_id}/offers", limit=101).status_code == 422
        browser = login(ground.dispatcher)
        assert '<span class="small dim">100+</span>' in text(browser, f"/dispatch/{order_id}")
        assert master.name in text(browser, f"/dispatch/{order_id}/offers/{first.id}"), "the oldest can be read, too"

    def test_it_is_the_desks(self, ground: make.Ground, desk: FlaskClient, now: datetime) -> None:
        master = ground.technician()
        order_id = offered(ground, now)
        text(desk, f"/dispatch/{order_id}/offers/{2**62}", 404)
        text(desk, f"/dispatch/{order_id}/offers/x", 404)
        answer = desk.get(f"/api/v1/work-orders/{order_id}/offers", headers=accounts.token(master))
        assert answer.status_code == 403
