"""Service levels on their pages: form, drafts, stale versions, publishing, closing (tickets-rules 12, 20, 28)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.sites.rules.worktime import Days
from app.tickets.models import SlaPolicy
from app.tickets.queries import sla_policies as queries
from app.tickets.rules import sla_policy
from app.tickets.rules.escalation import Do, Step, Whom
from app.tickets.rules.sla import Kind
from app.tickets.services import clocks
from app.tickets.services import sla_policies as services
from tests.editing import save
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.policies_made import quicker, typed, usual

SYSTEM = Actor.system(1)
Login = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def ground(database: Session, now: datetime) -> make.Ground:
    clocks.ensure(now)
    return make.Ground()


class TestPages:
    def page(self, client: FlaskClient, address: str, status: int = 200) -> str:
        answer = client.get(address)
        assert answer.status_code == status
        return answer.get_data(as_text=True)

    def test_rule_28_the_form_says_the_policy_and_reads_it_back(self, planner: FlaskClient) -> None:
        address = f"/service-levels/{usual().id}"
        assert "15 working days" in self.page(planner, "/service-levels")
        assert "10 min before it is due" in self.page(planner, address)
        assert 'name="low_restore" type="text"' in self.page(planner, f"{address}/edit")
        assert planner.post(f"{address}/edit", data=typed()).status_code == 303
        assert usual().number == 1  # it says the same, to the last step

    def test_rule_12_a_new_version_from_the_form(self, planner: FlaskClient, database: Session, now: datetime) -> None:
        address = f"/service-levels/{usual().id}"
        sent = typed(
            high_respond="2",
            high_respond_in="days",
            low_arrive_in="none",
            stops_weather=["arrive"],
            step_after_4="90",
            step_side_4="before",
            step_do_4="raise",
            step_whom_4="supervisor",
            step_clocks_4=["restore"],
            note="x",
        )
        sent.pop("normal_promise")
        assert planner.post(f"{address}/edit", data=sent).status_code == 303
        made = queries.in_force(usual().id)
        found = sla_policy.read(made.content)
        assert made.number == 2
        assert found.lines["high"].targets[Kind.RESPOND] == Days(2)
        assert Kind.ARRIVE not in found.lines["low"].targets
        assert not found.lines["normal"].promise
        assert found.stops["weather"] == {Kind.ARRIVE}
        raised = Step(after=-90, do=Do.RAISE, whom=Whom.SUPERVISOR, clocks=frozenset({Kind.RESTORE}))
        assert found.steps[-1] == raised
        assert "no longer in force" in self.page(planner, f"{address}/versions/1")
        assert "no longer in force" not in self.page(planner, f"{address}/versions/2")
        self.page(planner, f"{address}/versions/99999999999999", 404)
        self.page(planner, f"{address}/versions/3", 404)

    def test_errors_stand_beside_what_was_typed(self, planner: FlaskClient) -> None:
        address = f"/service-levels/{usual().id}/edit"
        sent = typed(
            high_respond="soon",
            emergency_hours="night",
            name_zh="",
            name_en="",
            step_after_1="",
            step_after_5="x",
            step_do_5="notify",
        )
        answer = planner.post(address, data=sent)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422
        for name in ("high_respond", "emergency_hours", "step_after_5"):
            assert f'href="#f-{name}"' in text
            assert f'id="f-{name}-e"' in text
        assert 'value="soon"' in text
        sent = typed(low_restore_in="none", step_do_0="call", name_zh="", name_en="")
        text = planner.post(address, data=sent).get_data(as_text=True)
        assert "Give the name in at least one language." in text
        text = planner.post(address, data={**sent, "name_en": "Usual"}).get_data(as_text=True)
        assert "A promise needs a target for the repair." in text
        assert "A duty lead is called for an order" in text
        assert usual().number == 1

    def test_two_editors(self, planner: FlaskClient) -> None:
        address = f"/service-levels/{usual().id}/edit"
        assert planner.post(address, data=typed(high_respond="15")).status_code == 303
        answer = planner.post(address, data=typed(high_respond="20"))
        assert answer.status_code == 412
        assert "Somebody else has published" in answer.get_data(as_text=True)
        assert 'value="20"' in answer.get_data(as_text=True)

    def test_a_draft_is_kept_gone_on_with_and_published(self, planner: FlaskClient) -> None:
        address = f"/service-levels/{usual().id}"
        kept = typed(high_respond="15", name_en="Quick", act="keep", draft="0")
        assert planner.post(f"{address}/edit", data=kept).status_code == 303
        assert (usual().number, usual().name["en"]) == (1, "Usual service level")
        assert "Go on with the draft" in self.page(planner, address)
        text = self.page(planner, f"{address}/edit")
        for said in (
            "A draft, not in force",
            "High, First answer",
            "30 min",
            "15 min",
            'value="Quick"',
            ">Quick</ins>",
        ):
            assert said in text
        assert planner.post(f"{address}/edit", data=kept).status_code == 412  # another has drafted meanwhile
        assert planner.post(f"{address}/edit", data=typed(high_respond="20", draft="0")).status_code == 412
        sent = typed(high_respond="15", name_en="Quick", act="publish", draft="1")
        assert planner.post(f"{address}/edit", data=sent).status_code == 303
        assert (usual().number, usual().name["en"]) == (2, "Quick")
        assert queries.draft(usual().id) is None

    def test_a_draft_that_was_outrun_is_discarded(self, planner: FlaskClient, now: datetime) -> None:
        address = f"/service-levels/{usual().id}"
        assert planner.post(f"{address}/edit", data=typed(high_respond="15", act="keep")).status_code == 303
        services.publish(usual().id, actor=SYSTEM, now=now, content=quicker(20), seen=1)
        text = self.page(planner, f"{address}/edit")
        assert "Another version was published after this draft was begun" in text
        assert "Publish as version" not in text
        assert 'name="seen" value="1"' in text  # what it would be published over is no longer in force
        assert planner.post(f"{address}/edit", data=typed(high_respond="15", draft="1")).status_code == 412
        assert planner.post(f"{address}/discard", data={"seen": "7"}).status_code == 412
        assert planner.post(f"{address}/discard", data={"seen": "1"}).status_code == 303
        assert 'value="20"' in self.page(planner, f"{address}/edit")

    def test_added_named_by_a_category_and_closed(
        self, planner: FlaskClient, ground: make.Ground, database: Session
    ) -> None:
        assert 'value="240"' in self.page(planner, f"/service-levels/new?from={usual().id}")
        assert planner.post("/service-levels/new", data=typed(code="Quick!")).status_code == 422
        assert planner.post("/service-levels/new", data=typed()).status_code == 422
        assert planner.post("/service-levels/new", data=typed(code="quick")).status_code == 303
        assert planner.post("/service-levels/new", data=typed(code="quick")).status_code == 422
        made = database.scalars(select(SlaPolicy).where(SlaPolicy.code == "quick")).one()
        category = f"/catalogue/categories/{ground.category.id}"
        assert '<option value="quick">' in self.page(planner, category)
        sent = {"code": "tap", "name_zh": "水", "trade_id": ground.trade.id, "sla_policy": "quick"}
        assert save(planner, category, sent).status_code == 303
        assert "1 category" in self.page(planner, "/service-levels")
        assert planner.post(f"/service-levels/{made.id}/close", data={"seen": "1"}).status_code == 409
        assert save(planner, category, {**sent, "sla_policy": ""}).status_code == 303
        assert planner.post(f"/service-levels/{made.id}/close", data={"seen": "9"}).status_code == 412
        assert planner.post(f"/service-levels/{made.id}/close", data={"seen": "1"}).status_code == 303
        self.page(planner, f"/service-levels/{made.id}", 404)
        assert save(planner, category, {**sent, "sla_policy": "quick"}).status_code == 422

    def test_a_dispatcher_reads_only(self, ground: make.Ground, login: Login) -> None:
        client = login(accounts.person("dispatcher"))
        text = self.page(client, f"/service-levels/{usual().id}")
        assert "/edit" not in text
        self.page(client, f"/service-levels/{usual().id}/edit", 403)
        assert client.post(f"/service-levels/{usual().id}/edit", data=typed()).status_code == 403

    def test_nonsense_is_refused_with_the_form(self, planner: FlaskClient) -> None:
        answer = planner.post(f"/service-levels/{usual().id}/edit", data={"seen": "²", "step_after_0": "٣" * 50})
        assert answer.status_code == 422
