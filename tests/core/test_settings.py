"""What a transaction sets counts for itself at once, for others once it has committed, and never when it rolls back."""

from __future__ import annotations

from threading import Thread

import pytest

from app.core import clock, settings
from app.core.errors import Conflict
from app.core.transaction import transaction
from tests.core.conftest import World

NAME = "limits.filings_per_minute"


def value(world: World) -> int:
    with world.inside():
        return int(settings.get(NAME))


def refused(world: World, given: int) -> None:
    with world.inside(), transaction():
        settings.put(NAME, given, actor_id=None, now=clock.now())
        assert settings.get(NAME) == given
        raise Conflict


def test_what_is_rolled_back_is_not_remembered(world: World) -> None:
    before = settings.DECLARED[NAME].default
    with pytest.raises(Conflict):
        refused(world, before + 1)
    assert value(world) == before


def test_what_another_read_meanwhile_is_forgotten_with_the_commit(world: World) -> None:
    before, seen = settings.DECLARED[NAME].default, []
    with world.inside(), transaction():
        settings.put(NAME, before + 1, actor_id=None, now=clock.now())
        other = Thread(target=lambda: seen.append(value(world)))
        other.start()
        other.join()
    assert seen == [before]
    assert value(world) == before + 1
