"""Imports over the API."""

import io

import pytest
from sqlalchemy import select

from app.core.db import db
from app.imports.models import ImportBatch
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import campus


@pytest.fixture
def bearer(database):
    return accounts.token(accounts.person("admin", "registry"))


def send(client, headers, data, kind="places", **query):
    return client.post(
        "/api/v1/imports",
        query_string={"kind": kind, **query},
        data={"file": (io.BytesIO(data), "list.csv")},
        content_type="multipart/form-data",
        headers={**headers, "Accept-Language": "en"},
    )


def planned(client, headers, data, kind="places"):
    made = send(client, headers, data, kind)
    assert made.status_code == 201, made.text
    stages.work_off()
    url = f"/api/v1/imports/{made.json['id']}"
    shown = client.get(url, headers=headers)
    assert shown.json["state"] == "mapping"
    header = (
        db.session.scalars(select(ImportBatch).where(ImportBatch.id == int(made.json["id"]))).one().layout["header"]
    )
    body = {"header": header, "columns": shown.json["columns"]}
    answer = client.post(f"{url}/columns", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    stages.work_off()
    return url


def test_rooms_are_sent_planned_applied_and_taken_back(client, bearer):
    rows, wrong = campus.places(rooms=100, bad=7)
    url = planned(client, bearer, campus.gb18030(rows))
    shown = client.get(url, headers=bearer)
    assert shown.json["state"] == "planned"
    assert shown.json["counts"]["refused"] == 7
    assert shown.headers["ETag"] == f'"v{shown.json["version"]}"'
    refused = client.get(f"{url}/rows?outcome=refused&limit=5", headers={**bearer, "Accept-Language": "en"}).json
    assert [row["row"] for row in refused["items"]] == wrong[:5]
    assert refused["items"][0]["reasons"][0]["message"] == "The place has no name"
    more = client.get(f"{url}/rows?outcome=refused&limit=5&cursor={refused['next']}", headers=bearer).json
    assert [row["row"] for row in more["items"]] == wrong[5:]
    stale = client.post(f"{url}/apply", headers={**bearer, "If-Match": '"v1"'})
    assert stale.status_code == 412
    assert stale.json["current"]["state"] == "planned"
    early = client.post(f"{url}/undo", headers={**bearer, "Accept-Language": "en"})
    assert (early.status_code, early.json["detail"]) == (
        409,
        "This import was not applied: there is nothing to take back.",
    )
    applied = client.post(f"{url}/apply", headers={**bearer, "If-Match": shown.headers["ETag"]})
    assert applied.json["state"] == "applying"
    stages.work_off()
    assert client.get(url, headers=bearer).json["state"] == "applied"
    client.post(f"{url}/undo", headers=bearer)
    stages.work_off()
    assert client.get(url, headers=bearer).json["state"] == "undone"
    listed = client.get("/api/v1/imports?kind=places", headers=bearer).json
    assert [each["state"] for each in listed["items"]] == ["undone"]


def test_people_wait_for_another_person(client, bearer):
    url = planned(
        client, bearer, campus.gb18030([campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]), "people"
    )
    assert client.get(url, headers=bearer).json["state"] == "waiting"
    own = client.post(f"{url}/approve", headers=bearer)
    assert own.status_code == 403
    assert own.json["type"].endswith("own-upload")
    other = accounts.token(accounts.person("registry"))
    assert client.post(f"{url}/approve", headers=other).json["state"] == "applying"
    stages.work_off()
    assert client.get(url, headers=other).json["state"] == "applied"
    assert client.post(f"{url}/approve", headers=other).status_code == 409


def test_names_that_change_are_looked_at_before_a_program_approves_either(client):
    """handbook/dorms-rules.md E, the same rule as on the page: the rows can be listed, and who approves says so."""
    uploader, head, people = stages.registered(3)
    sender, other = accounts.token(uploader), {**accounts.token(head), "Accept-Language": "en"}
    rows = [[*each[:5], "", ""] for each in (people[0], campus.person(1, 姓名="新名甲"), people[2])]
    url = planned(client, sender, campus.gb18030([campus.PEOPLE_HEADINGS, *rows]), "people")
    shown = client.get(url, headers=other).json
    assert (shown["state"], shown["to_look_at"], shown["counts"]["remarks"]) == ("waiting", 1, {"name_changes": 1})
    listed = client.get(f"{url}/rows?remark=name_changes", headers=other).json["items"]
    assert [each["diff"]["name"][1] for each in listed] == ["新名甲"]
    assert client.get(f"{url}/rows?remark=spaceship", headers=other).json["items"] == []
    for blind in ({}, {"json": {}}, {"json": {"looked_at": False}}):
        refused = client.post(f"{url}/approve", headers=other, **blind)
        assert refused.status_code == 422, refused.json
        assert refused.json["errors"] == [
            {"field": "looked_at", "message": "Look at these rows one by one first, then say so."}
        ]
    assert client.post(f"{url}/approve", headers=other, json={"looked_at": "x"}).status_code == 422
    assert client.get(url, headers=other).json["state"] == "waiting"
    assert client.post(f"{url}/approve", headers=other, json={"looked_at": True}).json["state"] == "applying"
    stages.work_off()
    done = client.get(url, headers=other).json
    assert (done["state"], done["counts"]["changed"]) == ("applied", 1)


def test_a_plan_is_returned_or_withdrawn(client, bearer):
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]
    url = planned(client, bearer, campus.gb18030(rows), "people")
    assert client.post(f"{url}/return", json={}, headers=bearer).status_code == 422
    assert client.post(f"{url}/return", json={"reason": "old list"}, headers=bearer).json["state"] == "returned"
    url = planned(client, bearer, campus.gb18030(rows), "people")
    assert client.post(f"{url}/withdraw", headers=bearer).json["state"] == "withdrawn"


def test_a_file_that_cannot_be_used_says_so(client, bearer):
    made = send(client, bearer, b"%PDF-1.7")
    stages.work_off()
    shown = client.get(f"/api/v1/imports/{made.json['id']}", headers={**bearer, "Accept-Language": "en"}).json
    assert shown["state"] == "failed"
    assert shown["problem"]["code"] == "not_a_table"
    assert shown["problem"]["remedy"] == "Upload a CSV or XLSX file."


def test_the_edge_refuses_what_it_cannot_take(client, bearer, database):
    assert send(client, bearer, b"a", kind="spaceships").status_code == 404
    assert send(client, {}, b"a").status_code == 401
    assert send(client, accounts.token(accounts.person("student")), b"a").status_code == 403
    assert client.post("/api/v1/imports?kind=places", json={}, headers=bearer).status_code == 422
    assert client.get(f"/api/v1/imports/{2**63}", headers=bearer).status_code == 404
    made = send(client, bearer, campus.gb18030([campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]))
    stages.work_off()
    url = f"/api/v1/imports/{made.json['id']}"
    for body in ({}, {"header": 1}, {"header": 1, "columns": {"code": -1}}, {"header": 1, "columns": {"x": 0}}):
        assert client.post(f"{url}/columns", json=body, headers=bearer).status_code == 422
    assert client.post(f"{url}/apply", headers=bearer).status_code == 409
    assert client.post(f"{url}/reading", json={"encoding": "klingon"}, headers=bearer).status_code == 422
