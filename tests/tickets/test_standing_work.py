"""What stands now, over weeks of the demo campus: the map, the backlog and its ages (tickets-rules 33)."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.core.db import bind_institution, db
from app.tickets.queries import figures
from app.tickets.rules.figures import By, Figure
from tests.counting import counted
from tests.factories import accounts
from tests.tickets import second_count
from tests.tickets.reading_reports import (
    DAYS,
    LATER,
    asked,
    fetched,
    person,
    query_of,
    read_csv,
    signed_in,
    table_of,
)

pytestmark = pytest.mark.race


def test_the_map_adds_up_and_leads_to_its_requests(campus: Flask) -> None:
    """Building × weekday of the campus: sums are those of the figure, a cell's rows are its number."""
    client = signed_in(campus, "leader")
    lines = read_csv(fetched(client, "/reports/heat.csv"))
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert sum(int(line["Sum"]) for line in lines) == figures.report(asked(), None).total[Figure.FILED].rows
    second = db.session.execute(
        text(
            """
            SELECT coalesce(b.name, 'without one') AS building,
                extract(isodow FROM t.filed_at AT TIME ZONE 'Asia/Shanghai') AS day, count(*) AS requests
            FROM ticket t LEFT JOIN place b ON b.id = t.building_id GROUP BY 1, 2
            """
        )
    )
    counted_again = {(row.building, days[int(row.day) - 1]): row.requests for row in second}
    assert {
        (line["Building"], day): int(line[day]) for line in lines for day in days if line[day] != "0"
    } == counted_again
    page = fetched(client, "/reports/heat").decode()
    cells = re.findall(r'<a href="([^"]+)" aria-label="[^"]*: (\d+)"', page)
    assert len(cells) == len(counted_again)
    for address, count in cells[:5]:
        rows = read_csv(fetched(client, address.split("?")[0] + ".csv", **query_of(address)))
        assert len(rows) == int(count)


@pytest.mark.parametrize("by", [By.CREW, By.TRADE, By.BUILDING, By.CATEGORY])
def test_backlog_and_ageing_equal_a_second_computation(campus: Flask, by: By) -> None:
    """33: planned minutes of open orders ÷ weekly shift minutes of the crew; ages in working dates after filing."""
    client = signed_in(campus, "leader")
    first, *lines = read_csv(fetched(client, "/reports/backlog.csv", by=by.value))
    planned, open_orders = db.session.execute(
        text("SELECT sum(planned_minutes), count(*) FROM work_order WHERE done_at IS NULL AND state <> 'cancelled'")
    ).one()
    requests = db.session.scalar(
        text("SELECT count(*) FROM ticket WHERE status IN ('submitted', 'needs_info', 'accepted', 'in_service')")
    )
    assert (int(first["Open orders"]), int(first["Planned minutes"])) == (open_orders, planned)
    assert int(first["Open requests"]) == requests > 4
    for column in ("Open orders", "Planned minutes", "Open requests"):
        assert sum(int(line[column]) for line in lines) == int(first[column])
    if by is By.CREW:
        shifts = db.session.execute(
            text(
                """
                SELECT m.crew_id, sum(
                    extract(
                        epoch FROM (s.ends - s.starts) + CASE WHEN s.ends <= s.starts THEN interval '24 h' ELSE '0' END
                    )
                ) / 60 AS minutes
                FROM generate_series(0, 6) AS weekday
                JOIN shift s ON s.weekday = weekday.weekday AND s.kind = 'duty'
                    AND coalesce(s.valid_from <= CAST(:monday AS date) + weekday.weekday, true)
                    AND coalesce(s.valid_to > CAST(:monday AS date) + weekday.weekday, true)
                JOIN crew_member m ON m.person_id = s.person_id GROUP BY 1
                """
            ),
            {"monday": LATER.date() - timedelta(days=LATER.weekday())},
        )
        minutes = sorted(int(row.minutes) for row in shifts)
        assert sorted(int(line["Shift minutes a week"]) for line in lines if line["Shift minutes a week"]) == minutes
        for line in lines:
            if line["Shift minutes a week"]:
                weeks = int(line["Planned minutes"]) / int(line["Shift minutes a week"])
                assert float(line["Crew weeks"]) == pytest.approx(weeks, abs=0.006)
            else:
                assert line["Crew weeks"] == "", "no figure instead of a division by nothing"
    for statement in second_count.TABLES:
        db.session.execute(text(statement))
    aged = dict(db.session.execute(text(second_count.AGES)).all())
    assert {age: int(first[age]) for age in list(first)[-4:]} == {
        label: aged.get(place, 0) for place, label in enumerate(list(first)[-4:])
    }
    db.session.rollback()
    page = fetched(client, "/reports/backlog", by=by.value).decode()
    for address, count in re.findall(r'<a href="(/reports/backlog/[^"]+)" aria-label="[^"]* (\d+)"', page):
        rows = read_csv(fetched(client, address.partition("?")[0] + ".csv", **query_of(address)))
        assert len(rows) == int(count), address


def test_the_eldest_come_first_page_by_page(campus: Flask) -> None:
    client = signed_in(campus, "leader")
    whole = [line["Request"] for line in read_csv(fetched(client, "/reports/backlog/requests.csv"))]
    address, seen = "/reports/backlog/requests?limit=4", list[str]()
    while address:
        page = client.get(address).get_data(as_text=True)
        seen += [line[0] for line in table_of(page, "Open requests")]
        following = re.search(r'<a class="btn btn--s" href="([^"]+)" rel="next"', page)
        address = html.unescape(following[1]) + "&limit=4" if following else ""
    assert seen == whole
    assert client.get("/reports/backlog/nothing").status_code == 404
    for query in ("by=month", "age=old", "building=x"):
        assert client.get(f"/reports/backlog?{query}").status_code == 422, query
    assert client.get("/reports/backlog/orders?cursor=x").status_code == 422


@pytest.mark.parametrize(
    ("address", "most"), [("heat", 11), ("backlog", 14), ("backlog/requests", 10), ("backlog/orders", 10)]
)
def test_map_and_backlog_over_the_api_are_few_statements_however_much_is_open(
    campus: Flask, address: str, most: int
) -> None:
    headers = accounts.token(person("leader"))
    db.session.commit()
    client = campus.test_client()

    def statements(**query: str) -> list[str]:
        with counted() as sent:
            answer = client.get(f"/api/v1/reports/{address}", query_string=query, headers=headers)
        bind_institution(1)
        assert answer.status_code == 200, answer.text
        return sent

    whole = DAYS if address == "heat" else {}
    statements(**whole)
    few, many = statements(building="none", trade="none", **whole), statements(**whole)
    assert len(many) <= len(few) + 1, "the names of groups, where there are any"
    assert len(many) <= most, many


def test_the_api_gives_map_and_backlog_as_the_files_do(campus: Flask) -> None:
    client = signed_in(campus, "leader")
    headers = {**accounts.token(person("leader")), "Accept-Language": "en"}
    db.session.commit()

    def answered(address: str, **query: str) -> Any:
        answer = campus.test_client().get(f"/api/v1/reports/{address}", query_string=query, headers=headers)
        bind_institution(1)
        assert answer.status_code == 200, answer.text
        return answer.json

    heat = answered("heat", **DAYS)
    assert (heat["first"], heat["last"]) == (DAYS["first"], DAYS["last"])
    lines = read_csv(fetched(client, "/reports/heat.csv"))
    assert [[one["name"], *map(str, [*one["weekdays"], one["sum"]])] for one in heat["items"]] == [
        list(line.values()) for line in lines
    ]
    backlog = answered("backlog", by="crew")
    first, *rest = read_csv(fetched(client, "/reports/backlog.csv", by="crew"))
    for one, line in zip([backlog["total"], *backlog["groups"]], [first, *rest], strict=True):
        assert one.get("name", "all") == line["Crew"]
        assert (one["orders"], one["planned_minutes"], one["requests"]) == (
            int(line["Open orders"]),
            int(line["Planned minutes"]),
            int(line["Open requests"]),
        )
        assert list(one["ages"].values()) == [int(line[age]) for age in list(line)[-4:]]
        weekly = line["Shift minutes a week"]
        assert one["weekly_shift_minutes"] == (int(weekly) if weekly else None)
    whole = [line["Request"] for line in read_csv(fetched(client, "/reports/backlog/requests.csv"))]
    seen, cursor = list[str](), None
    while True:
        page = answered("backlog/requests", limit="4", **({"cursor": cursor} if cursor else {}))
        seen += [each["number"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == whole
    orders = answered("backlog/orders", limit="100")["items"]
    assert orders
    assert all(each["order_id"] and each["state"] and each["age"] is None for each in orders)
    client = campus.test_client()
    for address, status in (("backlog/nothing", 404), ("backlog?by=month", 422), ("heat?building=x", 422)):
        assert client.get(f"/api/v1/reports/{address}", headers=headers).status_code == status
