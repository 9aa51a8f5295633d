"""Open311 GeoReport v2, spoken by clients others have written, and what nobody may read through it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import pytest
import requests
from civicbot.http import HttpError, HttpTransport
from civicbot.open311 import Open311Client
from civicbot.registry import Endpoint
from flask.testing import FlaskClient
from georeport import GeoReport
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core import clock, settings
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Ticket, TicketEvent
from app.tickets.services import publishing
from tests.factories import accounts, attachments
from tests.factories import tickets as factory
from tests.tickets.test_catalogue_questions import DANGER, PHOTO, SIZE, WHICH, ask

ROOT = "http://127.0.0.1/open311/v2"


class Through(HttpTransport):
    """The client's transport over the test client instead of a socket."""

    def __init__(self, client: FlaskClient) -> None:
        super().__init__()
        self.client = client

    def get_json(self, url: str, params: Mapping[str, Any] | None = None, headers: Any = None) -> Any:
        return self._read(self.client.get(_path(self.build_url(url, params))), url)

    def post_form(self, url: str, data: Mapping[str, Any], headers: Any = None) -> Any:
        return self._read(self.client.post(_path(url), data=dict(data)), url)

    @staticmethod
    def _read(answer: Any, url: str) -> Any:
        if answer.status_code >= 400:
            raise HttpError(answer.status_code, url, answer.text)
        return answer.json


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@pytest.fixture
def ground(database: Session) -> factory.Ground:
    made = factory.Ground()
    made.floor.public = True
    database.flush()
    return made


@pytest.fixture
def city(client: FlaskClient) -> Open311Client:
    return Open311Client(Endpoint(id="campus", name="Campus", base_url=ROOT, write=True), transport=Through(client))


def key(person: Any) -> str:
    return accounts.token(person)["Authorization"].split()[1]


def test_a_client_of_others_files_and_reads(ground: factory.Ground, city: Open311Client) -> None:
    (service,) = city.list_services()
    assert service["service_code"] == "tap"
    done = city.create_request(
        "tap",
        dry_run=False,
        confirm="SEND",
        api_key=key(ground.student),
        validate_remote=True,
        address_id=ground.floor.code,
        description="走廊的水龙头关不上",
    )
    number = done.response[0]["service_request_id"]
    assert number.startswith("R26-")
    seen = city.get_request(number)
    assert seen is not None
    assert (seen["status"], seen["service_code"], seen["address_id"]) == ("open", "tap", ground.floor.code)
    assert seen["description"] is None  # the place is public, what somebody wrote is not
    assert city.get_token(number)[0]["service_request_id"] == number
    assert city.list_requests(status="closed") == []
    assert [each["service_request_id"] for each in city.list_requests(service_request_ids=[number])] == [number]


def test_questions_are_attributes(ground: factory.Ground, client: FlaskClient, frozen: datetime) -> None:
    ask(ground, frozen, DANGER, WHICH, SIZE, PHOTO)
    (service,) = client.get("/open311/v2/services.json").get_json()
    assert service["metadata"] is True
    found = client.get("/open311/v2/services/tap.json", headers={"Accept-Language": "en"}).get_json()
    assert [(each["code"], each["datatype"], each["required"], each["order"]) for each in found["attributes"]] == [
        ("danger", "singlevaluelist", True, 1),
        ("which", "singlevaluelist", False, 2),
        ("size", "number", False, 3),
    ]
    assert found["attributes"][1]["values"] == [{"key": "left", "name": "Left"}, {"key": "right", "name": "Right"}]
    assert found["attributes"][2]["datatype_description"] == "m"
    assert b"<value><key>left</key>" in client.get("/open311/v2/services/tap.xml").data
    sent = {"service_code": "tap", "address_id": ground.floor.code, "api_key": key(ground.student)}
    missing = client.post("/open311/v2/requests.json", data=sent)
    assert missing.status_code == 400
    assert "answers.danger" in missing.get_data(as_text=True)
    stopped = client.post("/open311/v2/requests.json", data=sent | {"attribute[danger]": "yes"})
    assert stopped.status_code == 400
    assert "8120 0000" in stopped.get_data(as_text=True)
    for wrong in ({"attribute[which]": "up"}, {"attribute[none]": "1"}, {"attribute[size]": "\x00"}):
        assert (
            client.post("/open311/v2/requests.json", data=sent | {"attribute[danger]": "no"} | wrong).status_code == 400
        )
    done = client.post(
        "/open311/v2/requests.json",
        data=sent | {"attribute[danger]": "no", "attribute[which]": "left", "attribute[size]": "2.5"},
    )
    assert done.status_code == 201
    ticket = db.session.scalars(select(Ticket).order_by(Ticket.id.desc())).first()
    assert ticket is not None
    assert ticket.answers == {"danger": False, "which": "left", "size": 2.5}


def test_another_client_reads_json_and_xml(
    ground: factory.Ground, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed = ground.file(place_id=ground.floor.id)

    def get(url: str, params: Mapping[str, Any] | None = None, **_more: Any) -> requests.Response:
        said = client.get(_path(url) + (f"?{urlencode(params)}" if params else ""))
        answer = requests.Response()
        answer.status_code, answer._content, answer.encoding = said.status_code, said.data, "utf-8"
        return answer

    monkeypatch.setattr(requests, "get", get)
    assert GeoReport(ROOT).get_service_requests()[0]["service_request_id"] == filed.number
    assert GeoReport(ROOT, output_format="xml").get_service_list()["service_code"] == "tap"
    tree = ElementTree.fromstring(client.get("/open311/v2/requests.xml").data)
    assert tree.tag == "service_requests"
    assert tree.findtext("request/service_request_id") == filed.number
    assert tree.findtext("request/status") == "open"


def test_a_group_is_no_service_what_stands_below_it_is(ground: factory.Ground, client: FlaskClient) -> None:
    group = factory.category("water", None, "水", "Water")
    ground.category.parent_id = group.id
    db.session.flush()
    (service,) = client.get("/open311/v2/services.json", headers={"Accept-Language": "en"}).get_json()
    assert (service["service_code"], service["group"]) == ("tap", "Water")


def test_without_a_key_rooms_are_not_shown(ground: factory.Ground, client: FlaskClient) -> None:
    room = ground.file()
    assert client.get("/open311/v2/requests.json").json == []
    assert client.get(f"/open311/v2/requests/{room.number}.json").status_code == 404
    own = client.get(f"/open311/v2/requests/{room.number}.json?api_key={key(ground.student)}").json
    assert own[0]["description"] == "水龙头漏水"
    stranger = accounts.person("student")
    assert client.get(f"/open311/v2/requests/{room.number}.json?api_key={key(stranger)}").status_code == 404


def test_text_and_photo_only_where_published(
    ground: factory.Ground, client: FlaskClient, login: Any, database: Session
) -> None:
    filed = ground.file(place_id=ground.floor.id)
    attachments.photo(owner_kind="ticket", owner_id=filed.id)
    where = f"/open311/v2/requests/{filed.number}.json"
    hidden = client.get(where).json[0]
    assert (hidden["description"], hidden["media_url"]) == (None, None)
    bearer = accounts.token(ground.dispatcher)
    answer = client.post(f"/api/v1/tickets/{filed.id}/publishing", json={"published": True}, headers=bearer)
    assert answer.status_code == 200
    again = client.post(f"/api/v1/tickets/{filed.id}/publishing", json={"published": True}, headers=bearer)
    assert again.status_code == 200
    said = select(TicketEvent.id).where(TicketEvent.ticket_id == filed.id, TicketEvent.kind == "publish")
    assert len(db.session.scalars(said).all()) == 1, "the same again is no change"
    shown = client.get(where).json[0]
    assert shown["description"] == "水龙头漏水"
    assert client.get(_path(shown["media_url"])).status_code == 200
    login(ground.dispatcher)
    assert client.post(f"/tickets/{filed.id}/publish", data={"published": "0"}).status_code == 303
    client.post("/logout")
    assert client.get(where).json[0]["description"] is None
    assert client.get(_path(shown["media_url"])).status_code == 302  # to the sign-in
    room = ground.file()
    refused = client.post(f"/api/v1/tickets/{room.id}/publishing", json={"published": True}, headers=bearer)
    assert refused.status_code == 409
    own = client.post(
        f"/api/v1/tickets/{filed.id}/publishing", json={"published": True}, headers=accounts.token(ground.student)
    )
    assert own.status_code == 403


def test_nothing_published_in_a_room_that_was_public(
    ground: factory.Ground, client: FlaskClient, database: Session
) -> None:
    filed = ground.file(place_id=ground.floor.id)
    publishing.publish(actor=accounts.actor(ground.dispatcher), now=clock.now(), ticket_id=filed.id, published=True)
    database.execute(update(Place).values(public=False))
    assert client.get(f"/open311/v2/requests/{filed.number}.json").status_code == 404


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        ("resolved", None, "closed"),
        ("closed", None, "closed"),
        ("rejected", "no_fault", "closed"),
        ("duplicate", None, "closed"),
        ("withdrawn", None, "closed"),
        ("needs_info", None, "open"),
        ("in_service", None, "open"),
    ],
)
def test_what_is_closed(
    ground: factory.Ground, client: FlaskClient, database: Session, status: str, reason: str | None, said: str
) -> None:
    filed = ground.file(place_id=ground.floor.id)
    original = ground.file(place_id=ground.floor.id).id if status == "duplicate" else None
    changed = {"status": status, "duplicate_of_id": original}
    database.execute(update(Ticket).where(Ticket.id == filed.id).values(**changed))
    shown = client.get(f"/open311/v2/requests/{filed.number}.json").json[0]
    assert shown["status"] == said
    assert shown["status_notes"]
    assert "confirm" not in shown["status_notes"], "who reads here is not asked"


def test_refusals_are_open311s(ground: factory.Ground, client: FlaskClient) -> None:
    asked = {"service_code": "tap", "address_id": ground.floor.code}
    without = client.post("/open311/v2/requests.json", data=asked)
    assert (without.status_code, without.json[0]["code"]) == (403, 403)
    wrong = client.post("/open311/v2/requests.json", data={**asked, "api_key": "nonsense"})
    assert wrong.status_code == 403
    good = {"api_key": key(ground.student)}
    for sent, field in (
        ({"service_code": "nothing", "address_id": ground.floor.code}, "category"),
        ({"service_code": "tap", "address_id": "nowhere"}, "address_id"),
        ({"service_code": "tap"}, "address_id"),
        ({"address_id": ground.floor.code}, "service_code"),
        ({**asked, "description": "x" * 4001}, "description"),
        ({**asked, "description": "a\x00b"}, "description"),
    ):
        refused = client.post("/open311/v2/requests.json", data={**sent, **good})
        assert refused.status_code == 400, sent
        assert field in refused.json[0]["description"] or field == "category"
    xml = client.post("/open311/v2/requests.xml", data=good)
    assert ElementTree.fromstring(xml.data).findtext("error/code") == "400"
    assert client.get("/open311/v2/requests.csv").status_code == 404
    assert client.get("/open311/v2/services/none.json").status_code == 404
    for query in ("start_date=yesterday", "status=half", "start_date=2020-01-01&end_date=2026-01-01"):
        assert client.get(f"/open311/v2/requests.json?{query}").status_code == 400, query
    assert client.get("/open311/v2/requests.json?service_request_id=%00").status_code == 400


def test_the_days_asked_for(ground: factory.Ground, client: FlaskClient) -> None:
    now = clock.now()
    old = ground.file(place_id=ground.floor.id, at=now - timedelta(days=100))
    new = ground.file(place_id=ground.floor.id, at=now - timedelta(days=1))
    listed = client.get("/open311/v2/requests.json").json
    assert [each["service_request_id"] for each in listed] == [new.number]
    start = (now - timedelta(days=120)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (now - timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = client.get(f"/open311/v2/requests.json?start_date={start}&end_date={end}").json
    assert [each["service_request_id"] for each in before] == [old.number]


def test_it_can_be_switched_off(ground: factory.Ground, client: FlaskClient) -> None:
    filed = ground.file(place_id=ground.floor.id)
    settings.put("tickets.open311", False, actor_id=None, now=clock.now())
    assert client.get("/open311/v2/requests.json").status_code == 403
    own = client.get(f"/open311/v2/requests.json?api_key={key(ground.student)}").json
    assert [each["service_request_id"] for each in own] == [filed.number]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("name", ["start_date", "end_date"])
def test_days_nobody_can_mean_are_refused(ground: factory.Ground, client: FlaskClient, moment: str, name: str) -> None:
    found = client.get("/open311/v2/requests.json", query_string={name: moment})
    assert (found.status_code, name in found.text) == (400, True)
