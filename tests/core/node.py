"""A node as `worker.py` makes it, with handlers of the tests: `python -m tests.core.node`."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from typing import Any

import worker
from app import create_app
from app.core import clock, logs, queue
from app.core.actor import Actor
from app.core.db import db
from app.core.deliveries import Lease
from app.core.outbox import Subscribers, Subscription
from app.core.settings import SettingValue
from app.core.transaction import apart, steps
from config import Config
from tests.core.conftest import LampBroke

SECONDS = {"slow": 1.5, "endless": 20.0}
LONG_SECONDS = {"patient": queue.BEAT_SECONDS + 2.0}  # of a long job


def change(event: Any, actor: Actor, now: datetime) -> None:
    """Leave a row; take as long, or end as rudely, as the event says."""
    if event.at in SECONDS:
        with apart() as session:
            session.add(SettingValue(name="begun", value=event.lamp, at=now))
        time.sleep(SECONDS[event.at])
    if event.at == "poison":
        os.abort()
    db.session.add(SettingValue(name="changed", value=event.lamp, at=now))


def look_up(event: Any, lease: Lease) -> None:
    """A long job of two steps."""
    with steps() as step:
        for name in ("first", "second"):
            db.session.add(SettingValue(name=name, value=event.lamp, at=clock.now()))
            lease.renew()
            step()
            if name == "first":
                time.sleep(LONG_SECONDS.get(event.at, 0.0))


SUBSCRIBERS = Subscribers(
    {
        LampBroke: (
            Subscription("lamps.change", change),
            Subscription("lamps.look_up", look_up, queue="long", stepwise=True),
        )
    }
)

if __name__ == "__main__":
    queue.BEAT_SECONDS = int(os.environ.get("BEAT_SECONDS", queue.BEAT_SECONDS))
    config = Config.from_env(os.environ)
    application = create_app(config, "worker")
    logs.configure("WARNING")
    application.extensions["houqin_subscribers"] = SUBSCRIBERS
    sys.exit(worker.Node(worker.parts(application, config)).run())
