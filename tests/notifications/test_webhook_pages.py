"""The pages and the API of webhooks: made, changed, their secret shown once, removed; a stale page changes nothing."""

from __future__ import annotations

import json
import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.notifications.webhooks.models import WebhookEndpoint
from tests.editing import fields_of
from tests.factories import accounts


def page_version(client: FlaskClient, endpoint_id: int) -> str:
    """The version every form of the page says."""
    (version,) = set(re.findall(r'name="version" value="(\d+)"', client.get(f"/webhooks/{endpoint_id}").text))
    return str(version)


def test_the_pages(client: FlaskClient, login: Any, database: Session) -> None:
    login(accounts.person("admin", locale="en"))
    assert "No other system is told anything yet" in client.get("/webhooks").text
    refused = client.post("/webhooks/new", data={"name": "Gate", "url": "http//x", "events": ["ticket.filed"]})
    assert refused.status_code == 422
    assert "Gate" in refused.text
    made = client.post(
        "/webhooks/new", data={"name": "Gate", "url": "https://gate.example.edu/in", "events": ["ticket.filed"]}
    )
    assert made.status_code == 201
    assert "whsec_" in made.text
    (found,) = database.scalars(select(WebhookEndpoint)).all()
    page = client.get(f"/webhooks/{found.id}")
    assert "whsec_" not in page.text
    assert "Nothing was sent there yet." in page.text
    settings = f"/webhooks/{found.id}/settings"
    stale = client.post(settings, data={"name": "Door", "events": ["order.done"], "version": "7"})
    assert stale.status_code == 412
    shown = fields_of(stale.text, settings)
    assert (shown["name"], shown["events"]) == (["Door"], ["order.done"]), "what was typed stays"
    saved = client.post(settings, data={**shown, "url": "https://gate.example.edu/in"})
    assert saved.status_code == 302
    assert "Off" in client.get("/webhooks").text
    switched_off = client.post(f"/webhooks/{found.id}/test", follow_redirects=True)
    assert "Switch it on first" in switched_off.text
    version = page_version(client, found.id)
    for act in ("secret", "remove"):
        for unseen in ({}, {"version": "1"}):
            late = client.post(f"/webhooks/{found.id}/{act}", data=unseen)
            assert late.status_code == 412
            assert "whsec_" not in late.text
            assert "last by yourself in another window" in late.text
    assert "whsec_" in client.post(f"/webhooks/{found.id}/secret", data={"version": version}).text
    client.post(f"/webhooks/{found.id}/remove", data={"version": page_version(client, found.id)})
    assert client.get(f"/webhooks/{found.id}").status_code == 404
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.object_kind == "webhook")).all()
    assert set(verbs) == {"webhook.create", "webhook.change", "webhook.secret", "webhook.remove"}
    assert not [each for each in database.scalars(select(AuditEntry.after)) if each and "whsec_" in json.dumps(each)]


def test_the_api(client: FlaskClient, database: Session) -> None:
    bearer = accounts.token(accounts.person("admin"))
    made = client.post(
        "/api/v1/webhooks",
        json={"name": "Gate", "url": "https://gate.example.edu/in", "events": ["ticket.filed"]},
        headers=bearer,
    )
    assert made.status_code == 201
    assert made.json["secret"].startswith("whsec_")
    where = f"/api/v1/webhooks/{made.json['id']}"
    assert "secret" not in client.get(where, headers=bearer).json
    assert client.patch(where, json={"enabled": False}, headers=bearer).status_code == 428
    changed = client.patch(where, json={"enabled": False}, headers={**bearer, "If-Match": made.headers["ETag"]})
    assert (changed.status_code, changed.json["enabled"]) == (200, False)
    stale = client.patch(where, json={"enabled": True}, headers={**bearer, "If-Match": made.headers["ETag"]})
    assert (stale.status_code, stale.json["current"]["version"]) == (412, 2)
    assert client.get("/api/v1/webhooks", headers=bearer).json["items"][0]["id"] == made.json["id"]
    assert client.get(f"{where}/messages", headers=bearer).json == {"items": [], "next": None}
    old = {**bearer, "If-Match": made.headers["ETag"]}
    assert client.post(f"{where}/secret", headers=old).status_code == 412
    assert client.post(f"{where}/secret", headers=bearer).json["secret"] != made.json["secret"]
    assert client.delete(where, headers=old).status_code == 412
    assert client.delete(where, headers={**bearer, "If-Match": "x"}).status_code == 412
    assert client.delete(where, headers={**bearer, "If-Match": '"v3"'}).status_code == 204
    assert client.get(where, headers=bearer).status_code == 404
    refused = client.post(
        "/api/v1/webhooks", json={"name": "x", "url": "https://x.example/", "events": []}, headers=bearer
    )
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "events")


def test_a_page_that_says_no_version_changes_nothing(login: Any, database: Session) -> None:
    client = login(accounts.person("admin"))
    sent = {"name": "Gate", "url": "https://gate.example.edu/in", "events": ["ticket.filed"]}
    client.post("/webhooks/new", data=sent)
    found = database.scalars(select(WebhookEndpoint)).one()
    for version in ("x", "", "9"):
        changed = client.post(f"/webhooks/{found.id}/settings", data={**sent, "name": "Other", "version": version})
        assert changed.status_code == 412
    database.refresh(found)
    assert (found.name, found.version) == ("Gate", 1)
