"""Reports over weeks of the demo campus: pages, files and lists say the same (tickets-rules 30 to 36)."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from app.core import clock
from app.core.actor import Actor
from app.core.db import bind_institution, db, institution_bound
from app.core.transaction import transaction
from app.sites.models import Place
from app.tickets.queries import figure_list, figure_rows, figures
from app.tickets.reports import asked as addresses
from app.tickets.reports import made
from app.tickets.rules.figures import KINDS, By, Figure, Kind, Sums
from app.tickets.services import settling
from tests.counting import counted
from tests.factories import accounts
from tests.tickets import second_count
from tests.tickets.made_of import made_of
from tests.tickets.reading_reports import (
    DAYS,
    FIRST,
    LAST,
    LATER,
    MOMENT,
    ZONE,
    asked,
    equal,
    fetched,
    listed,
    person,
    read_csv,
    same,
    signed_in,
    table_of,
)

pytestmark = pytest.mark.race


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


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/reports", {"by": "crew"}),
        ("/reports/figures.csv", {"by": "crew"}),
        ("/reports", {"crew": "none"}),
        ("/reports/rows/restore", {"crew": "none"}),
    ],
)
def test_who_was_of_which_crew_is_looked_up_once(campus: Flask, address: str, query: dict[str, str]) -> None:
    """34: for the whole report, not for each of its rows."""
    client = signed_in(campus, "leader")
    with counted() as sent:
        fetched(client, address, **query)
    assert sum(statement.startswith("SELECT crew_member.person_id") for statement in sent) == 1
    rows = [statement for statement in sent if "row_id" in statement]
    assert rows
    assert not any("crew_member" in statement for statement in rows)


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


def test_what_is_a_part_of_a_whole_is_in_percent(campus: Flask) -> None:
    """Times too: how many were kept. What a request had of something is a rate, and a bare count has neither."""
    exported = read_csv(fetched(signed_in(campus, "leader"), "/reports/figures.csv"))
    for kind, line in zip((KINDS[figure] for figure in Figure), exported[: len(Figure)], strict=True):  # of all
        if kind is Kind.COUNT:
            assert line["Percent or rate"] == ""
        elif line["Of"] not in ("", "0"):
            times = 1 if kind is Kind.RATE else 100
            assert abs(float(line["Percent or rate"]) - times * int(line["Counted"]) / int(line["Of"])) <= 0.051


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
    assert [int(line["Cases"]) for line in exported if line["Building"] == "all"] == [
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
        assert runner.invoke(args=["figures", "rebuild", "--institution", "x"]).exit_code == 2
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
