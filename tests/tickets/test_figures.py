"""Reports over weeks of the demo campus: pages, files and lists say the same (tickets-rules 30 to 36)."""

from __future__ import annotations

import csv
import html
import io
import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.db import bind_institution, db, institution_bound
from app.core.transaction import transaction
from app.portal.demo import command
from app.sites.models import Place
from app.tickets.queries import figure_list, figure_rows, figures
from app.tickets.queries.figure_rows import Wanted
from app.tickets.reports import asked as addresses
from app.tickets.reports import made
from app.tickets.rules.figures import KINDS as KIND_OF
from app.tickets.rules.figures import By, Figure, Kind, Sums
from app.tickets.services import settling
from tests import ground
from tests.counting import counted
from tests.factories import accounts
from tests.tickets import second_count
from tests.tickets.made_of import made_of
from tests.tickets.seldom import seldom

pytestmark = pytest.mark.race

MOMENT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 on the campus
LATER = MOMENT + timedelta(hours=5)
ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 9, 1), date(2026, 11, 30)
DAYS = {"first": FIRST.isoformat(), "last": LAST.isoformat()}


@pytest.fixture(scope="module")
def history(app: Flask, servers: ground.Ground) -> Iterator[Flask]:
    """Weeks of the demo campus."""
    with app.app_context(), institution_bound(1), clock.frozen(MOMENT):
        command.fill(1, random.Random(3), "demo-pass-2026", MOMENT, 40)  # noqa: S311 - a play, no secret
        seldom(MOMENT)
    yield app
    ground.empty(app, servers)


@pytest.fixture
def campus(history: Flask) -> Iterator[Flask]:
    with history.app_context(), institution_bound(1), clock.frozen(LATER):
        yield history
        db.session.rollback()


def signed_in(app: Flask, username: str) -> FlaskClient:
    """A browser of one of the demo logins, in English."""
    client = app.test_client()
    accounts.sign_in(client, person(username))
    db.session.commit()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    bind_institution(1)
    return client


def fetched(client: FlaskClient, address: str, **query: str) -> bytes:
    """What an address answers."""
    with client.get(address, query_string={**DAYS, **query}) as answer:
        assert answer.status_code == 200
        body: bytes = answer.get_data()
    bind_institution(1)
    return body


def person(username: str) -> Person:
    bind_institution(1)
    found = db.session.scalars(select(Person).where(Person.username == username)).one()
    found.locale = "en"
    return found


def asked(**more: Any) -> figure_rows.Asked:
    return figure_rows.ask(Actor.system(1), Wanted(first=FIRST, last=LAST, **more), LATER, ZONE)


def listed(figure: Figure, **more: Any) -> list[Any]:
    """All rows behind a figure, page after page."""
    found: list[Any] = []
    cursor = None
    while True:
        page = figure_list.page(figure, asked(**more), None, cursor, 7)
        found += page.items
        if page.next is None:
            return found
        cursor = page.next


def test_the_rows_behind_each_figure_add_up_to_it(campus: Flask) -> None:
    total = figures.report(asked(), None).total
    for figure in Figure:
        rows = listed(figure)
        sums = total[figure]
        assert len({row.row_id for row in rows}) == len(rows) == sums.rows, figure
        assert (sum(row.part for row in rows), sum(row.whole for row in rows)) == (sums.part, sums.whole), figure
        assert sum(row.provisional for row in rows) == sums.provisional
        assert [row.row_id for row in figure_list.stream(figure, asked(), None)] == [row.row_id for row in rows]
        lengths = [row.raw for row in rows if row.raw is not None]
        assert sums.raw.mean == (pytest.approx(sum(lengths) / len(lengths)) if lengths else None)
        assert [row.ended for row in rows] == sorted((row.ended for row in rows), reverse=True)


@pytest.mark.parametrize("by", list(By))
def test_groups_are_the_whole_and_each_is_its_own_report(campus: Flask, by: By) -> None:
    """The sums of the groups are the sums of the report; a group's filter gives the group."""
    report = figures.report(asked(), by)
    assert len(report.groups) > 1
    query = {"first": FIRST, "last": LAST, "alone": False, **dict.fromkeys(addresses.FILTERS)}
    for figure in Figure:
        of_groups = [sums.get(figure, Sums()) for sums in report.groups.values()]
        assert sum(sums.rows for sums in of_groups) == report.total[figure].rows
        assert sum(sums.part for sums in of_groups) == report.total[figure].part
    for key in list(report.groups)[:4]:
        narrowed = addresses.wanted(addresses.of_group(query, by, key))
        alone = figures.report(figure_rows.ask(Actor.system(1), narrowed, LATER, ZONE), None)
        for figure, sums in alone.total.items():
            assert sums == report.groups[key].get(figure, Sums()), (by, key, figure)


def test_a_report_is_few_statements_however_long_it_is(campus: Flask) -> None:
    client = signed_in(campus, "leader")
    client.get("/reports?by=crew")
    with counted() as short:
        assert client.get("/reports?first=2026-11-17&last=2026-11-17&by=crew").status_code == 200
    with counted() as long:
        assert client.get("/reports", query_string={**DAYS, "by": "crew"}).status_code == 200
    assert len(long) <= len(short) + 1, "the names of groups, where there are any"


def table_of(page: str, caption: str) -> list[list[str]]:
    """The cells of a table by its caption, tags taken away."""
    found = re.search(rf"<caption[^>]*>{re.escape(caption)}</caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert found is not None, caption
    lines = re.findall(r"<tr[^>]*>(.*?)</tr>", found[1], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL) for line in lines]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in line] for line in cells]


def span(minutes: str) -> str:
    """Minutes of a file as the page writes them."""
    if minutes == "":
        return "–"
    days, rest = divmod(int(minutes), 1440)
    parts = [(days, "d"), (rest // 60, "h"), (rest % 60, "min")]
    shown = [(count, unit) for count, unit in parts if count][:2] or parts[-1:]
    return " ".join(f"{count} {unit}" for count, unit in shown)


def read_csv(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


@pytest.mark.parametrize("by", [By.MONTH, By.CREW])
def test_every_exported_figure_equals_the_page(campus: Flask, by: By) -> None:
    client = signed_in(campus, "leader")
    exported = read_csv(fetched(client, "/reports/figures.csv", by=by.value))
    assert exported
    group = {By.MONTH: "Month", By.CREW: "Crew"}[by]
    by_key = {(line[group], line["Figure"]): line for line in exported}
    assert len(by_key) == len(exported)
    compared = 0
    for figure in Figure:
        page = fetched(client, "/reports", by=by.value, figure=figure.value).decode()
        name = exported[list(Figure).index(figure)]["Figure"]
        shown = [("all", line) for line in table_of(page, "Times") + table_of(page, "Quality and load")]
        shown = [(key, line) for key, line in shown if line[0].startswith(name + " ")]
        assert len(shown) == 1, (figure, name)
        shown += [(line[0], line) for line in table_of(page, f"{name} by {group}")]
        for key, line in shown:
            equal(by_key[key, name], line, figure)
            compared += 1
    assert compared > 3 * len(Figure) / 2


def equal(exported: dict[str, str], shown: list[str], figure: Figure) -> None:
    """A line of the file says what a line of the page says."""
    kind = KIND_OF[figure]
    part_of = f"{exported['Counted']} of {exported['Of']}" if exported["Of"] not in ("", "0") else "–"
    if kind is Kind.TIME:
        lengths = [
            span(exported[f"{which} minutes, {what}"])
            for which in ("Working", "Raw")
            for what in ("mean", "median", "90th percentile")
        ]
        assert shown[1:] == [exported["Rows"], part_of, *lengths]
        return
    value = exported["Percent or rate"]
    if kind is Kind.SHARE:
        assert shown[1] == ("–" if value == "" else f"{float(value):.1f}%")
    elif kind is Kind.RATE:
        assert shown[1] == ("–" if value == "" else f"{float(value):.2f}")
    else:
        assert shown[1] == exported["Rows"]
    assert shown[2] == part_of
    if exported["Provisional"] not in ("", "0"):
        assert f"provisional: {exported['Provisional']}" in shown[3], "rule 32: marked until 30 days old"


def test_the_sheet_says_what_the_csv_says(campus: Flask) -> None:
    client = signed_in(campus, "leader")
    for address in ("/reports/figures", "/reports/rows/restore", "/reports/rows/first_time"):
        exported = list(csv.reader(io.StringIO(fetched(client, f"{address}.csv").decode("utf-8-sig"))))
        sheet = io.BytesIO(fetched(client, f"{address}.xlsx"))
        lines = CalamineWorkbook.from_filelike(sheet).get_sheet_by_index(0).to_python(skip_empty_area=False)
        cells = [[str(cell) for cell in line] for line in lines]
        assert len(cells) == len(exported) > 3
        numbers = re.compile(r"^-?[\d.]+$")
        for ours, theirs in zip(cells, exported, strict=True):
            for one, other in zip(ours, theirs, strict=True):
                assert one == other or (numbers.match(one) and float(one) == float(other))


def test_the_rows_file_has_the_rows_of_the_figure(campus: Flask) -> None:
    client = signed_in(campus, "leader")
    exported = read_csv(fetched(client, "/reports/rows/mttr.csv"))
    rows = listed(Figure.MTTR)
    assert [line["Request"] for line in exported] == [row.number for row in rows]
    assert [int(line["Raw minutes"]) for line in exported] == [row.raw for row in rows]
    page = fetched(client, "/reports/rows/mttr", limit="10").decode()
    assert rows[0].number in page
    missed = fetched(client, "/reports/rows/first_time", hit="no").decode()
    kept = fetched(client, "/reports/rows/first_time", hit="yes").decode()
    both = [row for row in listed(Figure.FIRST_TIME) if row.part == 0]
    assert both
    assert all(row.order_number in missed and row.order_number not in kept for row in both[:20])


def test_the_api_gives_the_same_report(campus: Flask) -> None:
    headers = accounts.token(person("leader"))
    db.session.commit()
    client = campus.test_client()
    answer = client.get("/api/v1/reports/figures", query_string={**DAYS, "by": "trade"}, headers=headers)
    assert answer.status_code == 200
    bind_institution(1)
    report = figures.report(asked(), By.TRADE)
    total = {each["figure"]: each for each in answer.json["total"]}
    for figure, sums in report.total.items():
        said = total[figure.value]
        assert (said["rows"], said["part"], said["whole"], said["ratio"]) == (
            sums.rows,
            sums.part,
            sums.whole,
            sums.ratio,
        )
        assert said["working_minutes"]["median"] == sums.work.median
    assert {each["key"] for each in answer.json["groups"]} == set(report.groups)
    rows = client.get("/api/v1/reports/figures/restore/rows", query_string={**DAYS, "limit": 5}, headers=headers).json
    assert len(rows["items"]) == 5
    following = client.get(
        "/api/v1/reports/figures/restore/rows",
        query_string={**DAYS, "limit": 100, "cursor": rows["next"]},
        headers=headers,
    ).json
    assert len(following["items"]) == report.total[Figure.RESTORE].rows - 5


def test_whoever_reads_some_buildings_counts_those_alone(campus: Flask) -> None:
    """The dorm manager's figures are those of his two buildings; so is every list and file."""
    ids = [scope.id for scope in accounts.actor(person("dormmanager")).scopes("reports.read")]
    buildings = db.session.scalars(select(Place).where(Place.id.in_(ids))).all()
    names = {each.name for each in buildings}
    assert len(names) == 2
    alone = [figures.report(asked(building=each.id), None).total for each in buildings]
    client = signed_in(campus, "dormmanager")
    exported = read_csv(fetched(client, "/reports/figures.csv", by="building"))
    assert {line["Building"] for line in exported} == {"all", *names}
    assert [int(line["Rows"]) for line in exported if line["Building"] == "all"] == [
        sum(each[figure].rows for each in alone) for figure in Figure
    ]
    filed = sum(each[Figure.FILED].rows for each in alone)
    assert 0 < filed < figures.report(asked(), None).total[Figure.FILED].rows
    rows = read_csv(fetched(client, "/reports/rows/filed.csv"))
    assert len(rows) == filed
    assert all(any(name in line["Place"] for name in names) for line in rows)
    assert read_csv(fetched(client, "/reports/rows/filed.csv", building="none")) == []
    elsewhere = next(iter(set(figures.report(asked(), By.BUILDING).groups) - {str(each) for each in ids} - {None}))
    assert read_csv(fetched(client, "/reports/rows/filed.csv", building=elsewhere)) == []


@pytest.mark.parametrize(
    "query",
    [
        "first=never",
        "first=2026-13",
        "first=2026-11-02&last=2026-11-01",
        "first=2000-01&last=2026-01",
        "by=x",
        "building=x",
        "building=-1",
        "figure=x",
        "category=none",
        "alone=maybe",
        "first=%00",
        "crew=99999999999999999999",
    ],
)
def test_what_makes_no_sense_is_refused(campus: Flask, query: str) -> None:
    assert signed_in(campus, "leader").get(f"/reports?{query}").status_code == 422


def test_rows_that_cannot_be_asked_for(campus: Flask) -> None:
    client = signed_in(campus, "leader")
    for address in (
        "/reports/rows/nothing",
        "/reports/rows/nothing.csv",
        "/reports/rows/restore.exe",
        "/reports/figures.doc",
    ):
        assert client.get(address).status_code == 404
    for query in ("cursor=x", "cursor=WyJ4IiwgMV0", "cursor=WzEsIDFd", "hit=maybe", "weekday=7", "limit=0"):
        assert client.get(f"/reports/rows/restore?{query}").status_code == 422
    assert client.get("/reports/rows/restore?first=1990-01-01&last=1990-01-01").status_code == 200
    assert "Nothing ended in these days" in client.get("/reports?first=1990-01&last=1990-01").get_data(as_text=True)


def test_every_figure_equals_a_second_computation(campus: Flask) -> None:
    """Must show 6: plain SQL over events, calendars and crews gives the same sums, by every breakdown."""
    assert db.session.scalar(text("SELECT count(*) FROM ticket_event WHERE kind IN ('reclassify', 'calendar')")) == 0
    for statement in second_count.made():
        db.session.execute(text(statement))
    compared = 0
    for settled_at in (None, MOMENT - timedelta(days=9), LATER):
        if settled_at is not None:
            list(settling.settle(settled_at))
        narrowed = asked()
        assert narrowed.settled is (settled_at is not None), "from the history alone, from both, from kept rows alone"
        assert settled_at is None or bool(narrowed.values["unsettled"]) is (settled_at is not LATER)
        for by in (None, *By):
            report = figures.report(narrowed, by)
            groups = report.groups if by else {None: report.total}
            for figure in Figure:
                rows = db.session.execute(text(second_count.counted(figure.value, by.value if by else None))).all()
                second = {row.key: row for row in rows}
                ours = {key: sums[figure] for key, sums in groups.items() if figure in sums and sums[figure].rows}
                assert set(second) == set(ours), (figure, by, settled_at)
                for key, row in second.items():
                    same(figure, ours[key], row)
                    compared += 1
    assert compared > 3 * len(Figure) * len(By)


def same(figure: Figure, sums: Sums, row: Any) -> None:
    """The sums are those of the second computation, to the last digit of a float."""
    assert sums.rows == row.rows, (figure, row)
    if KIND_OF[figure] is Kind.TIME:
        for name in ("work", "raw"):
            lengths = getattr(sums, name)
            for what in ("mean", "median", "p90"):
                one, other = getattr(lengths, what), getattr(row, f"{name}_{what}")
                assert (one is None) == (other is None), (figure, name, what)
                assert one is None or one == pytest.approx(float(other)), (figure, name, what, row)
    else:
        assert (sums.part, sums.whole) == (row.part, row.whole), (figure, row)
    assert (sums.score is None) == (row.score is None)
    assert sums.score is None or sums.score == pytest.approx(float(row.score))


def test_the_history_holds_what_the_figures_tell_apart(campus: Flask) -> None:
    """Else the comparison would prove little."""
    total = figures.report(asked(), None).total
    for figure in (Figure.FIRST_TIME, Figure.PROMISES, Figure.SATISFACTION, Figure.REOPENED, Figure.BY_DEFAULT):
        assert 0 < total[figure].part < total[figure].whole, figure
    assert total[Figure.IN_VAIN].part == 1
    assert total[Figure.REASSIGNED].part == 2
    assert total[Figure.DUPLICATES].part >= 2
    assert total[Figure.OFFERS].part > total[Figure.OFFERS].whole
    assert total[Figure.RESTORE].rows > total[Figure.TOTAL].rows, "more cycles than requests"
    work, raw = total[Figure.RESTORE].work.mean, total[Figure.RESTORE].raw.mean
    assert work is not None
    assert raw is not None
    assert 0 < work < raw


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


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(html.unescape(address).partition("?")[2]))


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
                FROM crew_member m JOIN shift s ON s.person_id = m.person_id AND s.kind = 'duty' GROUP BY 1
                """
            )
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
    for query in ("by=month", "age=old", "cursor=x", "building=x"):
        assert client.get(f"/reports/backlog?{query}").status_code == 422 or "cursor" in query
    assert client.get("/reports/backlog/orders?cursor=x").status_code == 422


def test_an_operator_compares_and_makes_anew_what_is_kept(history: Flask) -> None:
    """`flask figures`: nothing kept, then all of it, then one wrong row."""
    runner = history.test_cli_runner()
    with clock.frozen(LATER):
        nothing = runner.invoke(args=["figures", "check"])
        assert nothing.exit_code == 1
        assert "read from the history" in nothing.output
        made = runner.invoke(args=["figures", "rebuild"])
        assert made.exit_code == 0, made.output
        assert "settled up to 2026-11-18" in made.output
        same_rows = runner.invoke(args=["figures", "check", "--days", "80"])
        assert same_rows.exit_code == 0, same_rows.output
        assert same_rows.output.count("the same") == 3
        with history.app_context(), institution_bound(1), transaction():
            spoilt = "UPDATE figure_row SET work = work + 1 WHERE id = (SELECT max(id) FROM figure_row WHERE work > 0)"
            db.session.execute(text(spoilt))
        wrong = runner.invoke(args=["figures", "check", "--days", "80"])
        assert wrong.exit_code == 1
        assert "2 rows differ" in wrong.output
        assert runner.invoke(args=["figures", "rebuild", "--institution", "x"]).exit_code == 1
        assert runner.invoke(args=["figures", "rebuild"]).exit_code == 0
        assert runner.invoke(args=["figures", "check"]).exit_code == 0


@pytest.mark.parametrize("figure", list(Figure))
def test_a_row_shows_what_its_figure_is_made_of(campus: Flask, figure: Figure) -> None:
    """Nobody has to look into a request to see why it counts: the file, and the list, have it all."""
    client = signed_in(campus, "leader")
    lines = read_csv(fetched(client, f"/reports/rows/{figure.value}.csv"))
    assert lines
    for line in lines:
        made_of(figure, line)
    page = fetched(client, f"/reports/rows/{figure.value}", limit="5").decode()
    for column in made.COLUMNS[figure]:
        assert f">{column.heading}</th>" in page
    headers = accounts.token(person("leader"))
    db.session.commit()
    answer = campus.test_client().get(
        f"/api/v1/reports/figures/{figure.value}/rows", query_string=DAYS, headers=headers
    )
    assert set(answer.json["items"][0]["details"]) == {column.name for column in made.COLUMNS[figure]}


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
