"""What a category demands of the work, set against what is shown (tickets-rules 2: rows start and done)."""

from hypothesis import given
from hypothesis import strategies as st

from app.tickets.rules import demands, evidence, guards, workflow
from app.tickets.rules.evidence import Evidence, Scan
from app.tickets.rules.guards import Facts
from app.tickets.rules.workflow import Guard, OrderAct, OrderState, Who
from tests.tickets.test_rules_guards import NOW

POINTS = [{"zh-CN": "关阀", "en": "Shut the valve"}, {"zh-CN": "试水", "en": "Try the water"}]
SHUT, TRIED = demands.points({"checklist": POINTS})
DONE = workflow.order_transition(OrderState.WORKING, OrderAct.DONE, ticket=workflow.TicketStatus.IN_SERVICE)

made = st.fixed_dictionaries({code: st.booleans() for code in demands.DEMAND_LABELS}) | st.just({})
shown = st.builds(
    Evidence,
    scan=st.sampled_from([None, *Scan]),
    ticked=st.frozensets(st.sampled_from([SHUT, TRIED])),
    before=st.integers(0, 2),
    after=st.integers(0, 2),
    code_right=st.sampled_from([None, True, False]),
    signed=st.booleans(),
)


def binding(made: dict, scan: Scan | None = None, *, sticker=True, reader=True, explained=False) -> frozenset[Guard]:
    return evidence.binding(made, has_sticker=sticker, has_reader=reader, scan=scan, explained=explained)


@given(made, shown)
def test_done_is_refused_exactly_for_what_is_demanded_and_not_shown(made, shown):
    made = {**made, "checklist": POINTS}
    facts = Facts(
        now=NOW,
        note="done",
        demanded=binding(made),
        given=evidence.met(made, shown),
        lacks=evidence.lacks(made, shown, "412"),
    )
    missing = {refusal.guard for refusal in guards.check(DONE, Who.HOLDER, facts)}
    wanted = set()
    if shown.ticked != {SHUT, TRIED}:
        wanted.add(Guard.CHECKLIST)
    if (made.get("photo_before") and not shown.before) or (made.get("photo_after") and not shown.after):
        wanted.add(Guard.PHOTOS)
    if made.get("code") and not shown.code_right:
        wanted.add(Guard.CODE)
    if made.get("signature") and not shown.signed:
        wanted.add(Guard.SIGNATURE)
    assert missing == wanted


def test_a_refusal_names_what_is_missing():
    made = {"photo_before": True, "photo_after": True, "code": True, "checklist": POINTS}
    lacks = evidence.lacks(made, Evidence(ticked=frozenset({SHUT}), after=1, code_right=False), "412")
    assert lacks[Guard.CHECKLIST].points == (POINTS[1],)
    assert lacks[Guard.PHOTOS].message == "Add a photo taken before the work."
    assert lacks[Guard.CODE].message == evidence.WRONG_CODE
    assert Guard.CHECKLIST not in evidence.lacks(made, Evidence(), "412")  # nothing ticked: the general words


def test_nothing_binds_that_nobody_could_show():
    """No sticker in use: nothing to scan. No reporter with an account: nobody has the code."""
    assert binding({"scan": True}, sticker=False) == frozenset()
    assert binding({"code": True}, reader=False) == frozenset()
    assert binding({"scan": True, "code": True}) == {Guard.SCAN, Guard.CODE}
    assert binding({}) == binding(None) == frozenset()


def test_a_wrong_sticker_stops_until_it_is_explained_and_where_a_scan_is_demanded_always():
    for scan in (Scan.ELSEWHERE, Scan.UNKNOWN):
        assert binding({}, scan) == {Guard.SCAN}
        assert binding({}, scan, explained=True) == frozenset()
        assert binding({"scan": True}, scan, explained=True) == {Guard.SCAN}
    assert binding({}, Scan.RIGHT) == frozenset()
    lack = evidence.lacks({}, Evidence(scan=Scan.ELSEWHERE, scanned="411"), "412")[Guard.SCAN]
    assert lack.values == {"scanned": "411", "wanted": "412"}


def test_points_keep_their_codes_wherever_they_stand():
    assert list(demands.points({"checklist": POINTS[::-1]})) == [TRIED, SHUT]
    assert SHUT not in demands.points({"checklist": [{"zh-CN": "关阀", "en": "Close the valve"}]})
