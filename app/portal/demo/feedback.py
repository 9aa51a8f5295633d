"""Feedback of the demo campus in every state: waiting, late, answered, reopened, converted, lapsed, without a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.db import db
from app.portal.models import Feedback, FeedbackEvent
from app.portal.rules.feedback import Kind
from app.portal.services.feedback import acts, filing, timers
from app.portal.services.feedback.acts import Repair
from app.portal.services.feedback.filing import Said

SECRET = "demoreceiptdemoreceiptdemo"  # noqa: S105 - of a demo message nobody wrote
ROOM, HALL = "TY3-408", "ST1"


@dataclass(frozen=True, slots=True)
class Step:
    """What happens some hours after it was said: by whom, an act, its words."""

    hours: float
    who: str
    act: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter: hours before the moment, author (None: without a name), kind, words, place, what follows."""

    before: float
    author: str | None
    kind: Kind
    text: str
    place: str | None = None
    then: tuple[Step, ...] = ()


MATTERS = (
    Matter(
        5,
        "student",
        Kind.SUGGESTION,
        "桃园 3 号楼的饮水机晚上十点就关了，熬夜复习的同学很不方便，能不能延到十二点？",
        ROOM,
    ),
    Matter(
        30,
        "student2",
        Kind.QUESTION,
        "寒假留校的话，宿舍暖气会一直开吗？",
        ROOM,
        (
            Step(3, "dispatcher", "take"),
            Step(6, "dispatcher", "answer", "会的。留校登记后您所在楼层整个假期正常供暖，夜间略低。"),
        ),
    ),
    Matter(
        170,
        "student",
        Kind.PRAISE,
        "表扬王师傅，晚上十点来修水管，还把地拖干净了。",
        ROOM,
        (Step(20, "leader", "answer", "谢谢你的表扬，已转告王师傅和班组。"),),
    ),
    Matter(
        200,
        "student2",
        Kind.COMPLAINT,
        "食堂一楼的洗手台一个月没有热水了，报修过两次都说修好了，其实没有。",
        HALL,
        (
            Step(10, "dispatcher", "take"),
            Step(11, "dispatcher", "note", "查过两张旧单，都只换了龙头，没查热水器。"),
            Step(20, "dispatcher", "answer", "抱歉。前两次只处理了龙头，这次安排检查热水器，修好后告诉你。"),
            Step(70, "student2", "reply", "今天去看还是凉水。"),
        ),
    ),
    Matter(
        260,
        None,
        Kind.COMPLAINT,
        "刘宿管查寝时不敲门就进来，希望能改一改。",
        None,
        (
            Step(8, "leader", "take"),
            Step(30, "leader", "note", "已和宿管科长谈过，本周开会重申规定。"),
            Step(
                31, "leader", "answer", "已核实并提醒当事人，进门前必须敲门、说明来意。如再发生请继续在这里告诉我们。"
            ),
        ),
    ),
    Matter(
        9,
        "student",
        Kind.COMPLAINT,
        "四楼水房的灯一直闪，晚上洗漱很晃眼。",
        "TY3-4F-WC",
        (Step(8.9, "dispatcher", "repair", "这是一个故障，已转给维修班，进展请看报修单。"),),
    ),
    Matter(
        700,
        "student2",
        Kind.SUGGESTION,
        "希望图书馆自习区多装几个插座。",
        "TS",
        (Step(40, "leader", "answer", "已列入明年改造计划，先在三层增加了十二个移动插座。"), Step(376.5, "", "lapse")),
    ),
    Matter(130, "student2", Kind.COMPLAINT, "洗衣房的烘干机投了钱不转，客服电话也没人接。", ROOM),
)


class Play:
    """Plays the matters with the actors of the demo."""

    def __init__(self, actors: Callable[[str], Actor], places: Mapping[str, int], moment: datetime) -> None:
        self.actors, self.places, self.moment = actors, places, moment
        self.system = Actor.system(actors("admin").institution_id)

    def all(self) -> None:
        """All of them, each to the present day; what waits too long is escalated as its timers would have."""
        for matter in sorted(MATTERS, key=lambda each: -each.before):
            said_at = self.moment - timedelta(hours=matter.before)
            found = self._say(matter, said_at)
            for step in matter.then:
                at = said_at + timedelta(hours=step.hours)
                if at <= self.moment:
                    self._do(found, step, at)
            self._let_pass(found)

    def _say(self, matter: Matter, at: datetime) -> Feedback:
        actor = self.actors(matter.author) if matter.author else Actor.anonymous(self.system.institution_id)
        said = Said(
            kind=matter.kind,
            text=matter.text,
            lang="zh-CN",
            place_id=self.places[matter.place] if matter.place else None,
        )
        return filing.file(actor=actor, now=at, said=said, secret=None if matter.author else SECRET)

    def _do(self, matter: Feedback, step: Step, at: datetime) -> None:
        if step.act == "lapse":
            last = last_answer(matter.id)
            timers.lapse(actor=self.system, now=at, feedback_id=matter.id, event_id=last)
            return
        actor = self.actors(step.who)
        if step.act == "take":
            acts.assign(actor=actor, now=at, feedback_id=matter.id, handler_id=actor.id, seen=None)
        elif step.act == "repair":
            acts.convert_to_ticket(
                actor=actor,
                now=at,
                feedback_id=matter.id,
                text=step.text,
                repair=Repair(category="corridor-lamp", description=matter.excerpt, place_id=matter.place_id),
            )
        else:
            speak = {"note": acts.note, "answer": acts.answer, "reply": acts.reply}[step.act]
            speak(actor=actor, now=at, feedback_id=matter.id, text=step.text)

    def _let_pass(self, matter: Feedback) -> None:
        for step, due in (("respond", matter.respond_due), ("answer", matter.answer_due)):
            if due is not None and due < self.moment:
                timers.clock_due(actor=self.system, now=due, feedback_id=matter.id, cycle=matter.cycle, step=step)


def last_answer(feedback_id: int) -> int:
    """The id of the last answer of a matter."""
    found = db.session.scalar(
        select(func.max(FeedbackEvent.id)).where(
            FeedbackEvent.feedback_id == feedback_id, FeedbackEvent.kind == "answer"
        )
    )
    return int(found or 0)
