"""Webhooks from the event to the other system: signed, tried again, replayed, and never called where it must not be."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from app.audit.models import AuditEntry
from app.core import clock, deliveries, i18n
from app.core.actor import Actor
from app.core.errors import Conflict, Rejected
from app.core.outbox import OutboxDelivery, OutboxEvent
from app.core.transaction import transaction
from app.events.notifications import WebhookDue
from app.notifications.rules.webhooks import Allowed
from app.notifications.webhooks import calling, failures, services
from app.notifications.webhooks.models import WebhookEndpoint, WebhookMessage
from tests.factories import accounts
from tests.factories import tickets as factory

SYSTEM = Actor.system(1)
LOOPBACK = Allowed(plain=True, networks=calling.networks(["127.0.0.0/8"]))
ALL = ["ticket.filed", "ticket.status_changed", "order.queued"]


@dataclass
class Other:
    """Another system: what it was sent and what it answers."""

    port: int = 0
    status: int = 204
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=houqin"


@pytest.fixture
def other() -> Iterator[Other]:
    found = Other()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            if found.status == 302:
                self.send_header("Location", found.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        found.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield found
        server.shutdown()


@contextlib.contextmanager
def allowing(app: Flask, *networks: str) -> Iterator[None]:
    usual = app.config["HOUQIN"]
    app.config["HOUQIN"] = replace(usual, webhook_networks=networks)
    try:
        yield
    finally:
        app.config["HOUQIN"] = usual


def endpoint(url: str, events: list[str] | None = None) -> WebhookEndpoint:
    with transaction():
        return services.create(
            actor=SYSTEM, now=clock.now(), name="Duty telephone", url=url, events=events or ALL, allowed=LOOPBACK
        )


def work(kind: str) -> int:
    """Deliver what is due of one kind of event to its webhook handler; returns how many turns were taken."""
    from app.core.db import db

    found = db.session.scalars(
        select(OutboxDelivery.id)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(
            OutboxEvent.kind == kind, OutboxDelivery.handler.startswith("webhooks."), OutboxDelivery.done_at.is_(None)
        )
        .order_by(OutboxDelivery.id)
    ).all()
    return sum(deliveries.deliver(1, each) for each in found)


def filed(database: Session, ground: factory.Ground | None = None) -> Any:
    ground = ground or factory.Ground()
    with transaction():
        return ground, factory.filing.file_ticket(
            actor=accounts.actor(ground.student),
            now=clock.now(),
            category=ground.category.code,
            description="卫生间 410 的水龙头一直滴水",
            place_id=ground.room.id,
        )


def messages(database: Session) -> list[WebhookMessage]:
    database.expire_all()
    return list(database.scalars(select(WebhookMessage).order_by(WebhookMessage.id)))


def test_an_event_reaches_the_other_system_signed(app: Flask, database: Session, other: Other) -> None:
    made = endpoint(other.url)
    secret = made.secret
    ground, ticket = filed(database)
    with allowing(app, "127.0.0.0/8"):
        assert work("TicketFiled") == 1
        assert work("OrderQueued") == 1
        assert work("WebhookDue") == 2
    bodies = [json.loads(body) for _headers, body in other.taken]
    assert [each["type"] for each in bodies] == ["ticket.filed", "order.queued"]
    assert bodies[0]["data"] == {
        "ticket_id": str(ticket.id),
        "number": ticket.number,
        "status": "accepted",
        "priority": "normal",
    }
    for headers, body in other.taken:
        Webhook(secret).verify(body, headers)
    said = b"".join(body for _headers, body in other.taken).decode()
    assert ground.student.name not in said
    assert "水龙头" not in said
    assert [each.state for each in messages(database)] == ["sent", "sent"]


def test_nobody_listens_nothing_is_written(app: Flask, database: Session) -> None:
    ground, _ticket = filed(database)
    assert work("TicketFiled") == 0
    endpoint("https://example.edu/hook", ["order.done"])
    filed(database, ground)
    assert work("TicketFiled") == 1
    assert messages(database) == []


def test_a_private_address_is_never_called(app: Flask, database: Session, other: Other) -> None:
    endpoint(other.url)
    filed(database)
    work("TicketFiled")
    assert work("WebhookDue") == 1
    assert other.taken == []
    (message,) = messages(database)
    assert (message.state, message.attempts, message.error) == ("waiting", 1, "private")


def test_a_private_address_is_refused_as_it_is_typed(app: Flask, login: Any, database: Session) -> None:
    client = login(accounts.person("admin", locale="zh-CN"))
    bearer = accounts.token(accounts.person("admin"))
    sent = {"name": "Gate", "url": "https://2130706433/in", "events": ["ticket.filed"]}
    page = client.post("/webhooks/new", data=sent)
    assert page.status_code == 422
    assert "WEBHOOK_NETWORKS" in page.text
    refused = client.post("/api/v1/webhooks", json={**sent, "url": "https://[::ffff:10.0.0.1]/"}, headers=bearer)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "url")
    with allowing(app, "10.0.0.0/8"):
        made = client.post("/api/v1/webhooks", json={**sent, "url": "https://10.0.0.1/"}, headers=bearer)
    assert made.status_code == 201
    moved = client.patch(
        f"/api/v1/webhooks/{made.json['id']}",
        json={"url": "https://10.0.0.2/"},
        headers={**bearer, "If-Match": made.headers["ETag"]},
    )
    assert (moved.status_code, moved.json["errors"][0]["field"]) == (422, "url")


def test_every_failure_has_words_in_both_languages(app: Flask, database: Session, other: Other) -> None:
    made = endpoint(f"http://127.0.0.1:{other.port}/", ["ticket.filed"])
    filed(database)
    work("TicketFiled")
    met = set()
    work("WebhookDue")
    met.add(messages(database)[0].error)
    with allowing(app, "127.0.0.0/8"):
        for status in (302, 500):
            other.status = status
            work("WebhookDue")
            met.add(messages(database)[0].error)
        made.url = "http://127.0.0.1:1/"
        database.flush()
        work("WebhookDue")
        met.add(messages(database)[0].error)
    assert met == {"private", "redirect", "answer", "no-connection"}
    assert met <= set(failures.WORDS)
    for locale in ("en", "zh-CN"):
        with app.test_request_context(), i18n.speaking(locale):
            said = {failures.words(code) for code in failures.WORDS}
        assert len(said) == len(failures.WORDS)
        assert any("一" <= char <= "鿿" for text in said for char in text) is (locale == "zh-CN")


def test_what_fails_is_tried_again_later_and_fails_at_last(app: Flask, database: Session, other: Other) -> None:
    endpoint(other.url, ["ticket.filed"])
    filed(database)
    other.status = 500
    with allowing(app, "127.0.0.0/8"):
        work("TicketFiled")
        for attempt in range(1, len(services.RETRIES) + 2):
            assert work("WebhookDue") == 1
            (message,) = messages(database)
            assert (message.attempts, message.status) == (attempt, 500)
        assert message.state == "failed"
        assert work("WebhookDue") == 0
        assert len({headers["webhook-id"] for headers, _body in other.taken}) == 1  # the receiver knows repeats by it

        other.status = 200
        with transaction():
            services.replay(message.id, actor=SYSTEM, now=clock.now())
        assert work("WebhookDue") == 1
    (message,) = messages(database)
    assert (message.state, message.replays) == ("sent", 1)
    assert len({body for _headers, body in other.taken}) == 1


def test_tries_lie_apart(app: Flask, database: Session) -> None:
    endpoint("http://127.0.0.1:1/", ["ticket.filed"])
    filed(database)
    work("TicketFiled")
    work("WebhookDue")
    due = database.execute(
        select(OutboxDelivery.next_at, OutboxEvent.at)
        .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
        .where(OutboxEvent.kind == "WebhookDue", OutboxDelivery.done_at.is_(None))
    ).one()
    assert (due.next_at - due.at).total_seconds() == pytest.approx(services.RETRIES[0], abs=1)


def test_redirects_are_not_followed_and_gone_switches_off(app: Flask, database: Session, other: Other) -> None:
    made = endpoint(other.url, ["ticket.filed"])
    filed(database)
    with allowing(app, "127.0.0.0/8"):
        other.status = 302
        work("TicketFiled")
        work("WebhookDue")
        assert len(other.taken) == 1
        other.status = 410
        work("WebhookDue")
    (message,) = messages(database)
    assert (message.state, message.status) == ("failed", 410)
    assert database.get_one(WebhookEndpoint, (1, made.id)).enabled is False
    (entry,) = database.scalars(select(AuditEntry).where(AuditEntry.verb == "webhook.gone")).all()
    assert (entry.actor_kind, entry.object_kind, entry.object_id) == ("system", "webhook", made.id)
    assert (entry.before, entry.after) == ({"enabled": True}, {"enabled": False, "message_id": message.id})
    with pytest.raises(Conflict):
        services.replay(message.id, actor=SYSTEM, now=clock.now())


def test_a_try_that_something_else_has_overtaken_says_nothing(database: Session) -> None:
    made, now = endpoint("https://gate.example.edu/in"), clock.now()
    services.send_test(made.id, actor=SYSTEM, now=now)
    (message,) = messages(database)
    with pytest.raises(Conflict):  # still being sent
        services.replay(message.id, actor=SYSTEM, now=now)
    due = WebhookDue(message.id, 0, 0)
    services.settle(due, now, status=204, error=None)
    services.settle(due, now, status=500, error="answer")  # delivered twice
    database.refresh(message)
    assert (message.state, message.status, message.attempts) == ("sent", 204, 1)
    services.replay(message.id, actor=SYSTEM, now=now)
    off = {"actor": SYSTEM, "now": now, "allowed": LOOPBACK, "enabled": False}
    for seen in (1, 2):  # off already the second time: nothing changes
        assert services.change(made.id, seen=seen, **off).version == 2
    services.settle(WebhookDue(message.id, 1, 0), now, status=410, error="answer")
    database.refresh(message)
    assert (message.state, message.status) == ("failed", 410)
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.object_kind == "webhook").order_by(AuditEntry.id))
    assert verbs.all() == ["webhook.create", "webhook.test", "webhook.replay", "webhook.change"]


def test_two_secrets_sign_while_one_is_changed(app: Flask, database: Session, other: Other) -> None:
    made = endpoint(other.url, ["ticket.filed"])
    former = made.secret
    with transaction():
        renewed = services.renew_secret(made.id, actor=SYSTEM, now=clock.now())
    filed(database)
    with allowing(app, "127.0.0.0/8"):
        work("TicketFiled")
        work("WebhookDue")
        database.execute(update(WebhookEndpoint).values(former_until=datetime(2020, 1, 1, tzinfo=UTC)))
        with transaction():
            services.send_test(made.id, actor=SYSTEM, now=clock.now())
        work("WebhookDue")
    (headers, body), (later, test_body) = other.taken
    Webhook(former).verify(body, headers)
    Webhook(renewed.secret).verify(body, headers)
    assert len(later["webhook-signature"].split()) == 1
    assert json.loads(test_body)["type"] == "webhook.test"


def test_bad_addresses_and_events_are_refused(app: Flask, database: Session) -> None:
    for url in ("ftp://example.edu", "https://a b", "https://user@example.edu/"):
        with pytest.raises(Rejected) as refused:
            endpoint(url)
        assert list(refused.value.fields) == ["url"]
    with pytest.raises(Rejected) as refused:
        endpoint("https://example.edu/", ["ticket.unknown"])
    assert list(refused.value.fields) == ["events"]


def test_a_message_that_cannot_be_sent_again_says_so_on_the_page_of_its_endpoint(login: Any, database: Session) -> None:
    client, made = login(accounts.person("admin", locale="en")), endpoint("https://gate.example.edu/in")
    services.send_test(made.id, actor=SYSTEM, now=clock.now())
    (message,) = messages(database)
    at = f"/webhooks/messages/{message.id}/replay"
    refused = client.post(at, follow_redirects=True)
    assert refused.request.path == f"/webhooks/{made.id}"
    assert "This message is still being sent." in refused.text
    services.settle(WebhookDue(message.id, 0, 0), clock.now(), status=204, error=None)
    assert "The message is sent again." in client.post(at, follow_redirects=True).text
    assert messages(database)[0].replays == 1
    assert client.post("/webhooks/messages/123456/replay").status_code == 404


def test_messages_long_over_are_deleted(database: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    made, now = endpoint("https://gate.example.edu/in"), clock.now()
    ends = [now - services.KEPT_FOR - timedelta(days=1)] * 3 + [now - timedelta(days=89), None]
    for ended_at in ends:
        state = "waiting" if ended_at is None else "sent"
        database.add(
            WebhookMessage(
                endpoint_id=made.id, event="x", body="{}", state=state, at=now - timedelta(days=200), ended_at=ended_at
            )
        )
    database.flush()
    assert list(services.tidy(now)) == [2, 1]
    assert len(database.scalars(select(WebhookMessage.id)).all()) == 2
