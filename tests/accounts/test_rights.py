"""Roles are given within one's own rights and scope, never to oneself, and take effect at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import queries, services
from app.accounts.models import LoginSession, Role, RoleGrant
from app.accounts.rules.roles import SEEDS
from app.accounts.services import rights
from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from tests.editing import press, save
from tests.factories import accounts, sites


def give(
    giver: Actor, to: object, code: str, kind: str = "institution", scope_id: int | None = None, **dates: date | None
) -> RoleGrant:
    return rights.grant(
        giver,
        to,
        role_id=accounts.role(code).id,
        scope_kind=kind,
        scope_id=scope_id,
        start=dates.get("start"),
        end=dates.get("end"),
        now=datetime.fromisoformat("2026-11-18T02:00:00Z"),
    )


def test_nobody_grants_himself(database: Session, frozen: datetime) -> None:
    admin = accounts.person("admin")
    with pytest.raises(NotAllowed):
        give(accounts.actor(admin), admin, "dispatcher")
    held = database.scalars(select(RoleGrant).where(RoleGrant.person_id == admin.id)).one()
    with pytest.raises(NotAllowed):
        rights.revoke(accounts.actor(admin), admin, held.id, frozen)


def test_nobody_gives_what_he_does_not_hold(database: Session, frozen: datetime) -> None:
    """A manager of crews may hand out work, but nothing that opens the data of others."""
    limited = Role(code="lead", name={"en": "Lead"}, permissions=["roles.grant", "people.read"])
    database.add(limited)
    giver = accounts.person()
    accounts.grant(giver, "lead")
    actor, target = accounts.actor(giver), accounts.person()
    assert give(actor, target, "technician").id
    with pytest.raises(NotAllowed):
        give(actor, target, "dispatcher")
    with pytest.raises(NotAllowed):
        give(actor, target, "admin")


def test_rights_are_given_within_the_own_scope(database: Session, frozen: datetime) -> None:
    south, north = sites.campus("南校区"), sites.campus("北校区")
    inside, outside = sites.building(south), sites.building(north, "北苑1号楼")
    giver = accounts.person("admin", scope_kind="campus", scope_id=south.id)
    actor, target = accounts.actor(giver), accounts.person()
    assert give(actor, target, "dormmanager", "building", inside.id).scope_id == inside.id
    assert give(actor, target, "dormmanager", "campus", south.id).scope_id == south.id
    for kind, scope_id in (("building", outside.id), ("campus", north.id), ("institution", None)):
        with pytest.raises(NotAllowed):
            give(actor, target, "dormmanager", kind, scope_id)


def test_what_a_role_does_not_carry_in_a_part_is_not_asked_of_who_gives_it_there(
    database: Session, client: FlaskClient, frozen: datetime
) -> None:
    """A local administrator has less than the role says, and so has whoever he gives it to."""
    south = sites.campus("南校区")
    local = accounts.person("admin", scope_kind="campus", scope_id=south.id, locale="en")
    actor, target = accounts.actor(local), accounts.person()
    for role in ("dutylead", "supervisor", "admin"):
        given = give(actor, target, role, "campus", south.id)
        rights.require_power_over(actor, target, frozen)
        with pytest.raises(NotAllowed):
            give(actor, accounts.person(), role)
        rights.revoke(actor, target, given.id, frozen)
    accounts.home(target, sites.building(south).id)
    accounts.sign_in(client, local)
    page = client.get(f"/people/{target.id}/roles").text
    assert all(f">{name}</option>" in page for name in ("Duty lead", "Supervisor", "Administrator"))


def test_org_scopes_reach_down_the_tree(database: Session, frozen: datetime) -> None:
    college = accounts.org_unit()
    group = accounts.org_unit(
        "软件2601", kind="class", parent=accounts.org_unit("软件工程", kind="major", parent=college)
    )
    giver = accounts.person("admin", scope_kind="org", scope_id=college.id)
    assert give(accounts.actor(giver), accounts.person(), "counsellor", "org", group.id)
    below = accounts.person("admin", scope_kind="org", scope_id=group.id)
    with pytest.raises(NotAllowed):
        give(accounts.actor(below), accounts.person(), "counsellor", "org", college.id)


@pytest.mark.parametrize(("kind", "scope_id"), [("building", None), ("institution", 5), ("campus", 999), ("org", 999)])
def test_a_scope_must_exist_and_fit(database: Session, frozen: datetime, kind: str, scope_id: int | None) -> None:
    actor = accounts.actor(accounts.person("admin"))
    with pytest.raises(Rejected):
        give(actor, accounts.person(), "dormmanager", kind, scope_id)


def test_a_building_is_no_campus(database: Session, frozen: datetime) -> None:
    building = sites.building()
    with pytest.raises(Rejected):
        give(accounts.actor(accounts.person("admin")), accounts.person(), "dormmanager", "campus", building.id)


def test_giving_and_taking_ends_sessions_and_is_logged(database: Session, frozen: datetime) -> None:
    admin, target = accounts.person("admin"), accounts.person()
    services.open_session(target, address=None, device=None, now=frozen)
    held = give(accounts.actor(admin), target, "dispatcher")
    assert database.scalars(select(LoginSession.revoked_at)).one() == frozen
    assert accounts.actor(target).can("tickets.dispatch")
    rights.revoke(accounts.actor(admin), target, held.id, frozen)
    assert not accounts.actor(target).can("tickets.dispatch")  # at once, not tomorrow
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.object_id == target.id).order_by(AuditEntry.id))
    assert [verb for verb in verbs if verb.startswith("role")] == ["role.grant", "role.revoke"]


def test_dates_of_a_grant_are_local_days(database: Session) -> None:
    """A role given at 07:00 in Shanghai holds at once, though it is still yesterday in UTC."""
    early = datetime.fromisoformat("2026-11-17T23:00:00Z")
    target = accounts.person()
    rights.grant(
        Actor.system(1),
        target,
        role_id=accounts.role("dispatcher").id,
        scope_kind="institution",
        scope_id=None,
        start=date(2026, 11, 18),
        end=date(2026, 11, 20),
        now=early,
    )
    for hours, holds in ((-8, False), (0, True), (40, True), (41, False)):
        held = accounts.actor(target, early + timedelta(hours=hours)).can("tickets.dispatch")
        assert held is holds, hours


def test_the_same_role_twice_is_a_conflict(database: Session, frozen: datetime) -> None:
    admin, target = accounts.actor(accounts.person("admin")), accounts.person("dispatcher")
    with pytest.raises(Conflict):
        give(admin, target, "dispatcher")


def test_nobody_touches_the_account_of_somebody_who_may_do_more(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    """Else setting the administrator's password would be a way to all rights."""
    clerk_role = Role(code="clerk", name={"en": "Clerk"}, permissions=["people.read", "people.write"])
    database.add(clerk_role)
    clerk = accounts.person()
    accounts.grant(clerk, "clerk")
    admin, student = accounts.person("admin"), accounts.person("student", username="lin")
    accounts.sign_in(client, clerk)
    good = {"password": "vK7-mtq-93x-pLw"}
    assert client.post(f"/people/{student.id}/password", data=good).status_code == 302
    assert client.post(f"/people/{admin.id}/password", data=good).status_code == 403
    assert client.post(f"/people/{admin.id}/disable").status_code == 403
    changed = {"name": admin.name, "username": "taken-over", "lang": "zh-CN", "sex": "U"}
    assert save(client, f"/people/{admin.id}/edit", changed).status_code == 403
    database.refresh(admin)
    assert admin.username != "taken-over"


def test_a_changed_role_counts_with_the_next_request_and_ends_no_session(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    admin, target = accounts.person("admin"), accounts.person("counsellor")
    accounts.sign_in(client, target)
    assert client.get("/people").status_code == 403
    role = accounts.role("counsellor")
    rights.save_role(
        accounts.actor(admin),
        role,
        name=role.name,
        permissions={*role.permissions, "people.read"},
        staff=True,
        now=frozen,
    )
    assert client.get("/people").status_code == 200


def test_nobody_changes_a_role_he_holds(database: Session, frozen: datetime) -> None:
    admin = accounts.actor(accounts.person("admin"))
    role = accounts.role("admin")
    with pytest.raises(NotAllowed):
        rights.save_role(
            admin, role, name=role.name, permissions={*role.permissions, "tickets.work"}, staff=True, now=frozen
        )


def test_a_role_gets_nothing_its_author_lacks(database: Session, frozen: datetime) -> None:
    author = Role(code="author", name={"en": "Author"}, permissions=["roles.grant", "roles.write", "people.read"])
    database.add(author)
    person = accounts.person()
    accounts.grant(person, "author")
    with pytest.raises(NotAllowed):
        rights.save_role(
            accounts.actor(person), None, code="x", name={"en": "X"}, permissions={"audit.read"}, staff=True, now=frozen
        )
    with pytest.raises(Rejected):
        rights.save_role(
            accounts.actor(person), None, code="x", name={"en": "X"}, permissions={"no.such"}, staff=True, now=frozen
        )


def test_a_role_in_use_is_not_given_up(database: Session, frozen: datetime) -> None:
    accounts.person("energy")
    with pytest.raises(Rejected):
        rights.close_role(Actor.system(1), accounts.role("energy"), frozen)


def test_a_role_somebody_will_hold_is_not_given_up_and_an_end_stands(database: Session, frozen: datetime) -> None:
    role = accounts.role("energy")
    coming = accounts.grant(accounts.person(), "energy")
    coming.valid_from = frozen.date() + timedelta(days=7)
    with pytest.raises(Rejected):
        rights.close_role(Actor.system(1), role, frozen)
    coming.valid_to = frozen.date()
    for days in (0, 3):
        rights.close_role(Actor.system(1), role, frozen + timedelta(days=days))
    assert role.valid_to == frozen.date()
    assert len(database.scalars(select(AuditEntry).where(AuditEntry.verb == "role.close")).all()) == 1


def test_sync_adds_what_a_release_adds_and_keeps_what_people_changed(database: Session, frozen: datetime) -> None:
    system = Actor.system(1)
    rights.sync_roles(system, frozen)
    assert {role.code for role in queries.roles()} == {seed.code for seed in SEEDS}
    assert rights.sync_roles(system, frozen) == {}
    role = accounts.role("dispatcher")
    role.permissions = sorted({*role.permissions, "audit.read"} - {"people.lookup"})  # the institution's choice
    role.seed = sorted({*(role.seed or []), "old.one"} - {"tickets.read"})  # as an older release left it
    role.permissions = sorted({*role.permissions, "old.one"} - {"tickets.read"})
    assert rights.sync_roles(system, frozen) == {"dispatcher": (["tickets.read"], ["old.one"])}
    assert "audit.read" in role.permissions
    assert "people.lookup" not in role.permissions


def test_roles_on_pages(client: FlaskClient, database: Session, frozen: datetime) -> None:
    admin, target = accounts.person("admin", locale="en"), accounts.person(name="王师傅")
    building = sites.building(code="TY3")
    accounts.sign_in(client, admin)
    role_id = accounts.role("dormmanager").id
    assert client.get(f"/people/{target.id}/roles").status_code == 200
    wrong = client.post(
        f"/people/{target.id}/roles", data={"role_id": role_id, "scope_kind": "building", "scope": "no"}
    )
    assert wrong.status_code == 422
    assert "Nothing of the kind chosen above has this code." in wrong.text
    data = {"role_id": role_id, "scope_kind": "building", "scope": "TY3", "end": "2026-12-31"}
    assert client.post(f"/people/{target.id}/roles", data=data).status_code == 302
    held = database.scalars(select(RoleGrant).where(RoleGrant.person_id == target.id)).one()
    assert (held.scope_kind, held.scope_id, held.valid_to) == ("building", building.id, date(2027, 1, 1))
    page = client.get(f"/people/{target.id}").text
    assert building.path in page
    assert "18 Nov 2026 to 31 Dec 2026" in page
    assert client.post(f"/people/{target.id}/roles/{held.id}/revoke").status_code == 302
    assert "only on 18 Nov 2026" in client.get(f"/people/{target.id}").text, "given and taken back on one day"
    assert client.get("/roles").status_code == 200
    made = client.post("/roles/new", data={"code": "desk", "name_en": "Desk", "permissions": ["people.lookup"]})
    assert made.status_code == 302
    desk = accounts.role("desk")
    taken = client.post("/roles/new", data={"code": "desk", "name_en": "Other", "permissions": ["people.lookup"]})
    assert (taken.status_code, desk.name["en"]) == (422, "Desk")
    assert str(rights.ROLE_TAKEN) in taken.text
    assert client.get(f"/roles/{desk.id}").status_code == 200
    changed = save(client, f"/roles/{desk.id}", {"name_en": "Desk", "permissions": ["people.read"], "staff": "1"})
    assert changed.status_code == 302
    assert (desk.permissions, desk.staff) == (["people.read"], True)
    assert press(client, f"/roles/{desk.id}", f"/roles/{desk.id}/close").status_code == 302
    assert desk.valid_to is not None
    own = save(client, f"/roles/{accounts.role('admin').id}", {"name_en": "Admin", "permissions": []})
    assert own.status_code == 403


def test_what_has_ended_is_neither_given_nor_taken(database: Session, frozen: datetime) -> None:
    admin, target = accounts.actor(accounts.person("admin")), accounts.person()
    with pytest.raises(Rejected) as refused:
        give(admin, target, "dispatcher", end=frozen.date())
    assert set(refused.value.fields) == {"end"}
    rights.close_role(Actor.system(1), accounts.role("energy"), frozen)
    with pytest.raises(Rejected) as refused:
        give(admin, target, "energy")
    assert set(refused.value.fields) == {"role_id"}
    assert database.scalars(select(RoleGrant).where(RoleGrant.person_id == target.id)).all() == []
    held = give(admin, target, "dispatcher")
    rights.revoke(admin, target, held.id, frozen)
    with pytest.raises(NotFound):
        rights.revoke(admin, target, held.id, frozen)


def test_nobody_takes_back_what_he_could_not_give(database: Session, frozen: datetime) -> None:
    limited = accounts.person("admin", scope_kind="campus", scope_id=sites.campus().id)
    target = accounts.person()
    held = accounts.grant(target, "dispatcher")
    with pytest.raises(NotAllowed) as refused:
        rights.revoke(accounts.actor(limited), target, held.id, frozen)
    assert (refused.value.code, held.valid_to) == ("not-yours", None)


@pytest.mark.parametrize("kind", ["institution", "own"])
def test_a_code_that_stands_for_nothing_is_not_dropped(client: FlaskClient, database: Session, kind: str) -> None:
    """Else a role meant for one building is given for the whole school."""
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    target, building = accounts.person(), sites.building(code="TY3")
    data = {"role_id": accounts.role("dormmanager").id, "scope_kind": kind, "scope": building.code}
    refused = client.post(f"/people/{target.id}/roles", data=data)
    assert refused.status_code == 422
    assert refused.text.count("Choose what the code stands for, or leave it empty.") == 2  # above and at the field
    assert 'value="TY3"' in refused.text
    assert database.scalars(select(RoleGrant).where(RoleGrant.person_id == target.id)).all() == []
    assert client.post(f"/people/{target.id}/roles", data={**data, "scope": " "}).status_code == 302


def test_a_role_has_to_be_chosen(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="zh-CN"))
    refused = client.post(f"/people/{accounts.person().id}/roles", data={"role_id": "", "scope_kind": "institution"})
    assert refused.status_code == 422
    assert "角色：请选择角色。" in refused.text
    assert "有效的编号" not in refused.text


def test_what_is_asked_before_an_act_speaks_of_what_will_be(client: FlaskClient, database: Session) -> None:
    admin, target = accounts.person("admin", locale="zh-CN"), accounts.person("student", username="lin")
    accounts.sign_in(client, admin)
    page = client.get(f"/people/{target.id}").text
    assert "此人将退出登录，并且不再拥有该角色。" in page
    assert "此人将在各处退出登录，并且不能再登录。" in page
