"""The frame around pages: drawn once for everybody who may go to the same places, and nobody's name in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.core import frame, i18n
from app.core.actor import Actor
from app.core.db import db
from app.core.frame import Drawn, Frames
from tests.factories import accounts
from tests.factories import tickets as made

Login = Callable[..., FlaskClient]
BELOW = [("/dispatch", "/dispatch"), ("/dispatch/1", "/dispatch"), ("/dispatcher", ""), ("/", "/"), ("/me", "/me")]


@pytest.fixture
def frames(app: Flask) -> Iterator[Frames]:
    """What the application keeps, with nothing in it."""
    found: Frames = app.extensions["houqin_frames"]
    found.entries.cache_clear()
    found.drawn.cache_clear()
    yield found
    found.drawn.cache_clear()


@pytest.fixture
def kept(frames: Frames, monkeypatch: pytest.MonkeyPatch) -> list[Drawn]:
    """What was taken from there, in turn."""
    found: list[Drawn] = []
    usual = frames.drawn

    def drawn(*of: Any) -> Drawn:
        found.append(usual(*of))
        return found[-1]

    monkeypatch.setattr(frames, "drawn", drawn)
    return found


def text(client: FlaskClient, address: str, tag: str = "en") -> str:
    answer = client.get(address, headers={"Accept-Language": tag})
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def rail_of(page: str) -> str:
    """The rail, without the tokens of its forms, which tell the second."""
    found = re.search(r'<nav class="rail".*?</nav>', page, re.DOTALL)
    assert found is not None
    return re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", found[0])


def rail_for(app: Flask, actor: Actor, path: str = "/", tag: str = "en") -> str:
    with app.test_request_context(path):
        for name in list(g):  # the context of the test is open around this one
            g.pop(name)
        g.actor, g.counts = actor, {}
        with i18n.speaking(tag):
            return str(frame.rail())


def test_people_with_the_same_rights_share_it_and_see_their_own_names(
    database: Session, login: Login, frames: Frames
) -> None:
    first, second = (accounts.person("dispatcher", name=name) for name in ("欧阳甲", "司徒乙"))
    of_first, of_second = (rail_of(text(login(each), "/dispatch")) for each in (first, second))
    assert frames.entries.cache_info().misses == 1
    assert frames.drawn.cache_info().misses == 2  # rail and bar
    assert "欧阳甲" in of_first
    assert "司徒乙" not in of_first
    assert of_first.replace("欧阳甲", "司徒乙") == of_second


def test_nothing_of_a_person_or_an_institution_is_kept(database: Session, login: Login, kept: list[Drawn]) -> None:
    reader = accounts.person("dispatcher", "admin", name="欧阳甲", username="ouyang.jia")
    page = text(login(reader), "/dispatch")
    said = "".join(piece for drawn in kept for piece in drawn.pieces)
    assert "Dispatch" in said
    for private in ("欧阳甲", "ouyang", "csrf_token", "action=", "aria-current"):
        assert private not in said
        assert private in page or private == "ouyang"


def test_each_institution_has_its_own(app: Flask, database: Session, frames: Frames) -> None:
    here = accounts.actor(accounts.person("dispatcher"))
    assert rail_for(app, here) == rail_for(app, replace(here, institution_id=2))
    assert frames.drawn.cache_info().misses == 2


def test_each_language_has_its_own(app: Flask, database: Session, frames: Frames) -> None:
    here = accounts.actor(accounts.person("dispatcher"))
    english, chinese = (rail_for(app, here, tag=tag) for tag in ("en", "zh-CN"))
    assert ">Dispatch<" in english
    assert ">Dispatch<" not in chinese
    assert rail_for(app, here, tag="en") == english


def test_other_rights_are_another_frame(app: Flask, database: Session, frames: Frames) -> None:
    actors = [accounts.actor(accounts.person(role)) for role in ("dispatcher", "technician")]
    found = [rail_for(app, actor) for actor in actors]
    assert ('href="/dispatch"' in found[0], 'href="/dispatch"' in found[1]) == (True, False)


@pytest.mark.parametrize(("path", "here"), BELOW)
def test_one_entry_is_the_pages(app: Flask, database: Session, path: str, here: str) -> None:
    rail = rail_for(app, accounts.actor(accounts.person("dispatcher")), path)
    marked = re.findall(r'href="([^"]*)" title="[^"]*" aria-current="page"', rail)
    assert marked == ([here] if here else [])


def test_numbers_stand_beside_their_entries(
    app: Flask, database: Session, login: Login, frozen: datetime, frames: Frames
) -> None:
    ground = made.Ground()
    client = login(ground.dispatcher)
    assert "rail__n" not in rail_of(text(client, "/dispatch"))
    ground.file(place_id=None, place_text="somewhere behind the library")
    assert re.search(r'href="/tickets/unlisted"[^>]*>.*?<span class="rail__n">1</span></a>', rail_of(text(client, "/")))


def test_a_number_that_is_counted_no_further_is_told_as_more() -> None:
    drawn = Drawn(("<a>", "number here n", "</a>"), (("here", "/here"),))
    said = [drawn.filled("/", {"here": number}, "") for number in (0, 99, 100)]
    assert said == ["<a></a>", '<a><span class="n">99</span></a>', '<a><span class="n">99+</span></a>']


def test_a_rule_looks_at_rights_alone(app: Flask, database: Session) -> None:
    """Else somebody would be shown the entries of whoever came first."""
    people = [accounts.person(code) for code in db.session.scalars(select(Role.code).order_by(Role.code))]
    for actor in (Actor.anonymous(1), *map(accounts.actor, people)):
        for item in app.extensions["houqin_nav"]:
            assert item.rule(actor) == item.rule(actor.rights), (item.endpoint, actor.roles)
