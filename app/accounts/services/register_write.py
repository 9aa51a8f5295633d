"""Writing a planned list of people, and taking it back: a handful of statements, however long the list.

Members of a plan's `values` are those of `register_plan`. One audit entry names the batch; its rows keep who and what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import insert, select, text

from app.accounts.models import OrgMembership, Person, PersonIdentifier, Role, RoleGrant
from app.accounts.services import memberships_back, people, sessions
from app.accounts.services.register import FACTS, units_ended
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import current_institution, db, one_of, plan_anew
from app.core.importing import RowPlan

ROLE_OF = {"student_no": "student", "staff_no": "teacher"}

_UPDATE_PEOPLE = text(
    """
    UPDATE person SET
        name = coalesce(new.name, person.name), sex = coalesce(new.sex, person.sex),
        birth_date = coalesce(new.birth_date, person.birth_date), phone = coalesce(new.phone, person.phone),
        email = coalesce(new.email, person.email), username = new.username, sort_key = new.sort_key,
        search = new.search, missing_since = NULL,
        valid_to = CASE WHEN new.returns THEN NULL ELSE person.valid_to END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new
        (id bigint, name text, sex text, birth_date date, phone text, email text, username text, sort_key text,
         search text, returns boolean)
    WHERE person.institution_id = :institution AND person.id = new.id
    """
)
_RESTORE_PEOPLE = text(
    """
    UPDATE person SET
        name = old.name, sex = old.sex, birth_date = old.birth_date, phone = old.phone, email = old.email,
        username = old.username, sort_key = old.sort_key, search = old.search, missing_since = old.missing_since,
        valid_to = old.valid_to
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS old
        (id bigint, name text, sex text, birth_date date, phone text, email text, username text, sort_key text,
         search text, missing_since timestamptz, valid_to date)
    WHERE person.institution_id = :institution AND person.id = old.id
    """
)
_FREE_NAMES = text(
    "UPDATE person SET username = NULL WHERE institution_id = :institution AND id = ANY(CAST(:ids AS bigint[]))"
)
_END_NUMBERS = text(
    """
    UPDATE person_identifier SET valid_to = :today
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS ended (person_id bigint, kind text)
    WHERE person_identifier.institution_id = :institution AND person_identifier.person_id = ended.person_id
      AND person_identifier.kind = ended.kind AND person_identifier.valid_to IS NULL
    """
)
_ADD_NUMBERS = text(
    """
    INSERT INTO person_identifier (institution_id, person_id, kind, value, last_four, valid_from)
    SELECT :institution, person_id, kind, value, last_four, :today
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (person_id bigint, kind text, value text, last_four text)
    """
)
_END_MEMBERSHIPS = text(
    """
    UPDATE org_membership SET during =
        CASE WHEN lower(during) = :today THEN 'empty'::daterange ELSE daterange(lower(during), :today) END
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS ended (person_id bigint, unit_id bigint)
    WHERE org_membership.institution_id = :institution AND org_membership.person_id = ended.person_id
      AND org_membership.org_unit_id = ended.unit_id AND NOT isempty(during)
      AND (upper_inf(during) OR upper(during) > :today) AND (lower_inf(during) OR lower(during) <= :today)
    """
)
_ADD_MEMBERSHIPS = text(
    """
    WITH new AS MATERIALIZED (
        SELECT person_id, unit_id, kind, until, again
        FROM jsonb_to_recordset(CAST(:rows AS jsonb))
            AS said (person_id bigint, unit_id bigint, until date, again boolean)
        JOIN org_unit ON org_unit.institution_id = :institution AND org_unit.id = unit_id
    ), known AS MATERIALIZED (
        SELECT person_id, org_unit_id, kind, lower(during) AS starts
        FROM org_membership JOIN org_unit USING (institution_id)
        WHERE institution_id = :institution AND org_unit.id = org_unit_id
          AND NOT isempty(during) AND (upper_inf(during) OR upper(during) > :today)
          AND (lower(during) > :today AND person_id IN (SELECT person_id FROM new)
               OR (person_id, org_unit_id) IN (SELECT person_id, unit_id FROM new))
    )
    INSERT INTO org_membership (institution_id, person_id, org_unit_id, during)
    SELECT :institution, new.person_id, unit_id, daterange(:today, least(until, min(starts)))
    FROM new LEFT JOIN known ON known.person_id = new.person_id AND known.kind = new.kind AND starts > :today
        AND (again IS NOT TRUE OR org_unit_id = unit_id)
    WHERE (new.person_id, unit_id) NOT IN (
        SELECT person_id, org_unit_id FROM known WHERE starts IS NULL OR starts <= :today)
      AND (until IS NULL OR until > :today)
    GROUP BY new.person_id, unit_id, until
    """
)
"""From today until `until` or until what is planned for later begins, which stands; who is in the unit stays in it.
What was there before (`again`) was there beside what is planned for other units, and gives way to its own alone.

Read beforehand is only what can stand in the way: all units of all people, compared one by one, take minutes."""
_MARK_MISSING = text(
    """
    UPDATE person SET missing_since = CAST(:since AS timestamptz)
    WHERE institution_id = :institution AND id = ANY(CAST(:ids AS bigint[]))
    """
)
_HELD = text(
    """
    SELECT person_id, kind, value FROM person_identifier
    WHERE institution_id = :institution AND person_id = ANY(CAST(:ids AS bigint[]))
    UNION ALL
    SELECT person_id, 'unit', CAST(org_unit_id AS text) FROM org_membership
    WHERE institution_id = :institution AND person_id = ANY(CAST(:ids AS bigint[]))
    UNION ALL
    SELECT person_id, 'role', CASE WHEN scope_kind = 'own' THEN role.code ELSE scope_kind END
    FROM role_grant JOIN role ON role.institution_id = role_grant.institution_id AND role.id = role_id
    WHERE role_grant.institution_id = :institution AND person_id = ANY(CAST(:ids AS bigint[]))
    """
)
"""Everything ever given to people, ended or not, in the three tables an import writes."""
_FORGET = (
    "DELETE FROM role_grant WHERE institution_id = :institution AND person_id = ANY(CAST(:ids AS bigint[]))",
    "DELETE FROM org_membership WHERE institution_id = :institution AND person_id = ANY(CAST(:ids AS bigint[]))",
    "DELETE FROM person_identifier WHERE institution_id = :institution AND person_id = ANY(CAST(:ids AS bigint[]))",
    """
    UPDATE person SET name = '', sex = 'U', birth_date = NULL, phone = NULL, email = NULL, username = NULL,
        sort_key = '', search = '', valid_to = coalesce(valid_from, valid_to)
    WHERE institution_id = :institution AND id = ANY(CAST(:ids AS bigint[]))
    """,
)
"""What the import itself wrote of a new person. The row stays, empty, and nobody sees it (`queries.reach`): to delete
one, PostgreSQL looks for it in each of the many tables that name people, in the millions of events too."""


def _run(statement: Any, **values: Any) -> None:
    rows = values.pop("rows", None)
    if rows is not None:
        if not rows:
            return
        values["rows"] = orjson.dumps(rows).decode()
    db.session.execute(statement, {"institution": current_institution(), **values})


def write(plans: Sequence[RowPlan], batch_id: int, *, actor: Actor, now: datetime, today: date) -> dict[int, int]:
    """Write new, changed and missing people; returns row number → id of each new person."""
    changed = [plan for plan in plans if plan.outcome == "changed"]
    new = [plan for plan in plans if plan.outcome == "new"]
    missing = [plan.target for plan in plans if plan.outcome == "missing" and plan.target]
    _write_changed(changed, now, today)
    made = _write_new(new, today)
    if missing:
        _run(_MARK_MISSING, ids=missing, since=now)
    counts = {"batch": batch_id, "new": len(new), "changed": len(changed), "missing": len(missing)}
    audit.record(actor, "person.import", "import", batch_id, now=now, after=counts)
    return made


def _write_new(plans: Sequence[RowPlan], today: date) -> dict[int, int]:
    if not plans:
        return {}
    rows = [_new_person(plan.values, today) for plan in plans]
    ids = list(db.session.scalars(insert(Person).returning(Person.id, sort_by_parameter_order=True), rows))
    by_plan = list(zip(ids, plans, strict=True))
    plan_anew()
    _run(_ADD_NUMBERS, rows=[each for person_id, plan in by_plan for each in _numbers(person_id, plan)], today=today)
    _run(_ADD_MEMBERSHIPS, rows=_memberships(by_plan), today=today)
    _grant_roles(by_plan, today)
    return {plan.row: person_id for person_id, plan in by_plan if plan.row is not None}


def _new_person(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """There is no password until a door is opened."""
    number, username, facts = str(values["number"]), values["username"], values["facts"]
    sort_key, search = people.keys(facts["name"], numbers=[number], username=username)
    born = facts.get("birth_date")
    return {
        "name": facts["name"],
        "sex": facts.get("sex") or "U",
        "birth_date": date.fromisoformat(born) if born else None,
        "phone": facts.get("phone"),
        "email": facts.get("email"),
        "username": username,
        "sort_key": sort_key,
        "search": search,
        "valid_from": today,
    }


def _numbers(person_id: int, plan: RowPlan) -> list[dict[str, Any]]:
    """The identifiers a plan adds."""
    values, rows = plan.values, []
    if plan.outcome == "new" or "number" in plan.diff:
        rows.append({"person_id": person_id, "kind": values["kind"], "value": values["number"], "last_four": None})
    if "document" in values:
        document = {"kind": "identity_document", "value": values["document"], "last_four": values["last_four"]}
        rows.append({"person_id": person_id, **document})
    return rows


def _memberships(plans: Iterable[tuple[int, RowPlan]]) -> list[dict[str, int]]:
    units: list[dict[str, int]] = []
    for person_id, plan in plans:
        chosen: Any = plan.values["units"]
        units += [{"person_id": person_id, "unit_id": unit_id} for unit_id in chosen.values()]
    return units


def _grant_roles(plans: Sequence[tuple[int, RowPlan]], today: date) -> None:
    """Students and staff may file and follow their own reports from the first day."""
    found = db.session.execute(select(Role.code, Role.id).where(Role.code.in_(ROLE_OF.values())))
    roles = {row.code: row.id for row in found}
    rows = [
        {"person_id": person_id, "role_id": role_id, "scope_kind": "own", "valid_from": today}
        for person_id, plan in plans
        if (role_id := roles.get(ROLE_OF[str(plan.values["kind"])])) is not None
    ]
    if rows:
        db.session.execute(insert(RoleGrant), rows)


def _write_changed(plans: Sequence[RowPlan], now: datetime, today: date) -> None:
    if not plans:
        return
    by_plan = [(int(plan.target or 0), plan) for plan in plans]
    renumbered = [(person_id, plan) for person_id, plan in by_plan if "number" in plan.diff]
    _run(
        _END_NUMBERS, rows=[{"person_id": each, "kind": plan.values["kind"]} for each, plan in renumbered], today=today
    )
    _run(_ADD_NUMBERS, rows=[each for person_id, plan in by_plan for each in _numbers(person_id, plan)], today=today)
    _run(_END_MEMBERSHIPS, rows=_units_ended(by_plan), today=today)
    _run(_ADD_MEMBERSHIPS, rows=_memberships(by_plan), today=today)
    _rename(by_plan, now)


def _units_ended(plans: Iterable[tuple[int, RowPlan]]) -> list[dict[str, Any]]:
    """The memberships a plan ends, each with the day on which it would have ended by itself, to be there `again`."""
    rows: list[dict[str, Any]] = []
    for person_id, plan in plans:
        rows += [
            {"person_id": person_id, "unit_id": unit_id, "until": until, "again": True}
            for unit_id, until in units_ended(plan.values).items()
        ]
    return rows


def _rename(plans: Sequence[tuple[int, RowPlan]], now: datetime) -> None:
    """Facts, account name (where it was the old number) and search keys; a new account name ends the sessions."""
    following = [each for each, plan in plans if plan.values["username"] != plan.values["username_was"]]
    if following:  # freed first: in a swap the names cross
        _run(_FREE_NAMES, ids=following)
    rows = []
    for person_id, plan in plans:
        username, number = plan.values["username"], str(plan.values["number"])
        facts: Any = plan.values["facts"]
        sort_key, search = people.keys(str(plan.values["name"]), numbers=[number], username=_text(username))
        keys = {"username": username, "sort_key": sort_key, "search": search}
        rows.append({"id": person_id, **facts, **keys, "returns": "left" in plan.diff})
    _run(_UPDATE_PEOPLE, rows=rows)
    for person_id in following:
        sessions.close_sessions(person_id, now=now)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def take_back(plans: Sequence[RowPlan], batch_id: int, *, actor: Actor, now: datetime, today: date) -> None:
    """Undo a written list: new people are gone with all that was known of them, changed ones are as before, marks of
    absence go.

    Nothing points to the new ones (`blockers`), so nobody needs to remember who they were: what was known of somebody
    who was never meant to be here is gone.
    """
    new = [int(plan.target or 0) for plan in plans if plan.outcome == "new"]
    if new:
        for statement in _FORGET:
            _run(text(statement), ids=new)
    changed = [(int(plan.target or 0), plan) for plan in plans if plan.outcome == "changed"]
    if changed:
        _restore(changed, batch_id, today)
    missing = [int(plan.target or 0) for plan in plans if plan.outcome == "missing"]
    if missing:
        _run(_MARK_MISSING, ids=missing, since=None)
    audit.record(actor, "person.import_undo", "import", batch_id, now=now, after={"count": len(plans)})


def _restore(plans: Sequence[tuple[int, RowPlan]], batch_id: int, today: date) -> None:
    renumbered = [(person_id, plan) for person_id, plan in plans if "number" in plan.diff]
    documents = [person_id for person_id, plan in plans if "document" in plan.diff]
    ended = [{"person_id": each, "kind": plan.values["kind"]} for each, plan in renumbered]
    ended += [{"person_id": each, "kind": "identity_document"} for each in documents]
    _run(_END_NUMBERS, rows=ended, today=today)
    back = [
        {"person_id": each, "kind": plan.values["kind"], "value": plan.diff["number"][0], "last_four": None}
        for each, plan in renumbered
        if plan.diff["number"][0] is not None
    ]
    _run(_ADD_NUMBERS, rows=back, today=today)
    _run(_END_MEMBERSHIPS, rows=_memberships(plans), today=today)
    memberships_back.go_on(_units_ended(plans), batch_id)
    _run(_ADD_MEMBERSHIPS, rows=_units_ended(plans), today=today)
    _run(_FREE_NAMES, ids=[person_id for person_id, _plan in renumbered])
    found = {person.id: person for person in _people([person_id for person_id, _plan in plans])}
    _run(_RESTORE_PEOPLE, rows=[_before(found[person_id], plan) for person_id, plan in plans])


def _people(ids: Sequence[int]) -> Sequence[Person]:
    anew = select(Person).where(one_of(Person.id, ids)).execution_options(populate_existing=True)
    return list(db.session.scalars(anew))


def _before(person: Person, plan: RowPlan) -> dict[str, Any]:
    """The person as the plan found her."""
    facts: dict[str, Any] = {name: getattr(person, name) for name in FACTS}
    facts.update({name: was for name, (was, _becomes) in plan.diff.items() if name in FACTS})
    number = plan.diff["number"][0] if "number" in plan.diff else plan.values["number"]
    username = _text(plan.values["username_was"])
    sort_key, search = people.keys(facts["name"], numbers=[str(number)] if number else [], username=username)
    return {
        "id": person.id,
        **facts,
        "username": username,
        "sort_key": sort_key,
        "search": search,
        "missing_since": plan.values.get("missing_was"),
        "valid_to": plan.diff["left"][0] if "left" in plan.diff else person.valid_to,
    }


def present(plans: Sequence[RowPlan]) -> list[RowPlan]:
    """The plans whose people are no longer as the import left them."""
    ids = [int(plan.target or 0) for plan in plans]
    found = {person.id: person for person in _people(ids)}
    numbers = {
        (row.person_id, row.kind): row.value
        for row in db.session.execute(
            select(PersonIdentifier.person_id, PersonIdentifier.kind, PersonIdentifier.value).where(
                one_of(PersonIdentifier.person_id, ids), PersonIdentifier.valid_to.is_(None)
            )
        )
    }
    more = _given_since(plans)
    return [
        plan
        for plan in plans
        if plan.target in more or not _as_written(plan, found.get(int(plan.target or 0)), numbers)
    ]


def _given_since(plans: Sequence[RowPlan]) -> set[int]:
    """The new people who have numbers, units or roles other than those the import wrote: undo would delete them."""
    new = {plan.target: plan for plan in plans if plan.outcome == "new" and plan.target is not None}
    held: dict[int, set[tuple[str, str]]] = {}
    for person_id, kind, what in db.session.execute(_HELD, {"institution": current_institution(), "ids": list(new)}):
        held.setdefault(person_id, set()).add((kind, what))
    return {person_id for person_id, all_of in held.items() if not all_of <= _written_of(new[person_id])}


def _written_of(plan: RowPlan) -> set[tuple[str, str]]:
    """What `_HELD` finds of a new person nobody has touched."""
    units: Any = plan.values["units"]
    kind = str(plan.values["kind"])
    written = {(kind, str(plan.values["number"])), ("role", ROLE_OF[kind])}
    written |= {("unit", str(unit_id)) for unit_id in units.values()}
    return written | ({("identity_document", str(plan.values["document"]))} if "document" in plan.values else set())


def _as_written(plan: RowPlan, person: Person | None, numbers: Mapping[tuple[int, str], str]) -> bool:
    if person is None or person.merged_into_id is not None or person.disabled_at is not None:
        return False
    if plan.outcome == "missing":
        return person.missing_since is not None
    if plan.outcome == "new" and _has_become(person):
        return False
    facts: Any = plan.values["facts"]
    same = all(_plain(getattr(person, name)) == value for name, value in facts.items())
    numbered = plan.outcome == "new" or "number" in plan.diff
    return same and (not numbered or numbers.get((person.id, str(plan.values["kind"]))) == plan.values["number"])


def _has_become(person: Person) -> bool:
    """Whether a new person has been given a door, has left or is missed by a later list."""
    return person.password_hash is not None or person.valid_to is not None or person.missing_since is not None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


MEMBERSHIP_TABLES = (OrgMembership.__tablename__, PersonIdentifier.__tablename__, RoleGrant.__tablename__)
"""Tables the import itself writes: what stands there does not speak against taking a person back."""
