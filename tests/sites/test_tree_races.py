"""Adding below a building while it is renamed and moved: nobody keeps an old path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.actor import Actor
from app.core.db import db, institution_bound
from app.core.errors import Busy, Rejected
from app.core.transaction import transaction
from app.sites import services
from app.sites.models import Place
from app.sites.rules import tree
from tests import ground

SYSTEM = Actor.system(1)


@pytest.fixture
def own_app(servers: ground.Ground) -> Iterator[Flask]:
    """An application on a database of its own, since threads need rows that are really committed."""
    from app import create_app

    with ground.running("race") as found:
        application = create_app(found.config())
        application.config.update(OUTBOX_RING=False)
        yield application
        ground.let_go(application)


def _try(app: Flask, act: Callable[[], object]) -> bool:
    """Do one change in a transaction of its own, as a request would; False where it was told to come again."""
    with app.app_context(), institution_bound(1):
        try:
            with transaction():
                act()
        except (Busy, Rejected, DBAPIError):
            return False
        return True


def _prepare(ids: dict[str, int]) -> None:
    now = clock.now()
    for code in ("S", "N"):
        ids[code] = services.add_place("campus", None, code, f"campus {code}", actor=SYSTEM, now=now).id
    ids["B"] = services.add_place("building", ids["S"], "B", "one", actor=SYSTEM, now=now).id
    ids["F"] = services.add_place("floor", ids["B"], "F", "first", actor=SYSTEM, now=now).id


def _stored_and_right(app: Flask) -> tuple[dict[int | None, tree.Derived], dict[int | None, tree.Derived]]:
    """What the rows say of their ancestors, and what they ought to say."""
    with app.app_context(), institution_bound(1):
        places = list(db.session.scalars(select(Place)))
        nodes = [tree.Node(each.id, each.parent_id, each.kind, each.code, each.name, each.initials) for each in places]
        stored: dict[int | None, tree.Derived] = {
            each.id: tree.Derived(each.path, each.campus_id, each.building_id, each.search) for each in places
        }
        db.session.remove()
    return stored, {node.id: derived for node, derived in tree.derive_all(nodes, {})}


@pytest.mark.race
def test_paths_are_right_whoever_was_faster(own_app: Flask) -> None:
    now = clock.now()
    ids: dict[str, int] = {}

    assert _try(own_app, lambda: _prepare(ids))
    barrier, added = threading.Barrier(4), []

    def adds(worker: int) -> None:
        barrier.wait()
        for number in range(12):
            code = f"R{worker}-{number}"

            def add(code: str = code) -> None:
                services.add_place("room", ids["F"], code, code, actor=SYSTEM, now=now)

            # told to come again while the building moves, people do; the mover stops after twelve moves
            if any(_try(own_app, add) for _turn in range(500)):
                added.append(code)

    def moves() -> None:
        barrier.wait()
        for number in range(12):
            target = ids["N" if number % 2 == 0 else "S"]

            def change(number: int = number, target: int = target) -> None:
                services.move_place(ids["B"], target, actor=SYSTEM, now=now)
                services.edit_place(ids["B"], actor=SYSTEM, now=now, code="B", name=f"name {number}")

            _try(own_app, change)

    threads = [threading.Thread(target=adds, args=[worker]) for worker in range(3)] + [threading.Thread(target=moves)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored, right = _stored_and_right(own_app)
    assert len(added) == 36
    assert len(stored) == 4 + len(added)
    assert stored == right
