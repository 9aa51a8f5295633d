"""The audit log on a page and as a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask import Blueprint, render_template, request, send_file
from flask_babel import lazy_gettext as _l

from app.audit import labels, policies, queries, reading, reports, schemas, services
from app.core import clock, forms, frame, i18n, pinyin
from app.core.db import db
from app.core.errors import Rejected
from app.core.http import current_actor, policy
from app.core.transaction import apart

blueprint = Blueprint("audit", __name__)

labels.declare(values={"endpoint": lambda endpoint: frame.called(endpoint, labels.CALLS)})


def _asked() -> dict[str, Any]:
    """The filters of the address; an empty field of the form is no filter."""
    return forms.load(schemas.AuditQuery(), {name: value for name, value in request.args.items() if value})


def _filters(asked: dict[str, Any]) -> queries.Filters:
    meant = _meant(asked["object"], asked["object_kind"]) if asked["object"] else None
    return schemas.filters(
        asked, meant, labels.meant(asked["actor"], "person").get("person", ()) if asked["actor"] else ()
    )


def _meant(typed: str, kind: str | None) -> queries.Meant:
    """The things somebody means by a number: by what people see of them, and whatever has it as its id."""
    found: list[tuple[str | None, Collection[int]]] = [*labels.meant(typed, kind).items()]
    return [*found, (None, [int(typed)])] if queries.is_id(typed) else found


def _words(asked: dict[str, Any]) -> dict[str, Any]:
    """The filters that are on, as they stand in addresses."""
    left_out = ("cursor", "limit")
    return {
        name: "1" if value is True else str(value) for name, value in asked.items() if value and name not in left_out
    }


@blueprint.get("/audit")
@policy(policies.read)
def entries() -> Any:
    """Who did what to which object, newest first."""
    asked = _asked()
    found = queries.entries(_filters(asked), asked["cursor"], asked["limit"])
    return render_template(
        "audit/entries.html",
        found=found,
        lines=reading.read(found.items),
        asked=asked,
        words=_words(asked),
        verbs=_choices(labels.VERBS, asked["verb"]),
        kinds=_choices(labels.OBJECTS, asked["object_kind"]),
        histories=labels.histories(asked["object"]) if asked["object"] else [],
        name_of=labels.actor,
    )


def _choices(known: Mapping[str, Any], chosen: str | None) -> list[dict[str, str]]:
    """In the order of their words; what is chosen stays so, though nothing declares it any more."""
    named = {slug: str(words) for slug, words in known.items()} | (
        {chosen: str(known.get(chosen, chosen))} if chosen else {}
    )
    return [
        {"value": slug, "label": label}
        for slug, label in sorted(named.items(), key=lambda each: pinyin.sort_key(each[1]))
    ]


@blueprint.get("/audit.csv")
@policy(policies.read)
def export() -> Any:
    """The same as CSV, at most 20,000 entries; the export is itself an entry."""
    asked = _asked()
    filters = _filters(asked)
    count = queries.count(filters, reports.MOST)
    if count > reports.MOST:
        raise Rejected(_l("These are more than 20,000 entries. Choose a shorter period."), code="too-many-rows")
    moment = clock.now()
    with apart() as kept:
        services.record(
            current_actor(),
            "audit.export",
            "audit",
            None,
            now=moment,
            after={"entries": count, **_words(asked)},
            address=request.remote_addr,
            session=kept,
        )
    file = reports.written(queries.every(filters, reports.MOST))
    db.session.rollback()  # the transaction ends before a slow reader begins
    day = moment.astimezone(i18n.zone()).date()
    return send_file(file, mimetype="text/csv", as_attachment=True, download_name=f"audit-{day}.csv")
