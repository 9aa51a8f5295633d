"""Migrations run as the owner, one at a time, and never wait long for a lock on a live system."""

from __future__ import annotations

import time
from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool
from sqlalchemy.exc import OperationalError

from app.core.db import Model

LOCK = 0x686F7571  # one migration at a time, whoever starts it
TRIES = 20

config = context.config


def _same_everywhere(obj: Any, name: str | None, kind: str, reflected: bool, compared: Any) -> bool:
    return not (kind == "table" and name == "alembic_version")


def run_offline() -> None:
    context.configure(
        url=current_app.config["HOUQIN"].owner_database_url, target_metadata=Model.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    settings = current_app.config["HOUQIN"]
    engine = create_engine(settings.owner_database_url or settings.database_url, poolclass=pool.NullPool)
    for attempt in range(1, TRIES + 1):
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql("SET lock_timeout = '500ms'")
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
                connection.commit()
                context.configure(
                    connection=connection,
                    target_metadata=Model.metadata,
                    compare_type=True,
                    include_object=_same_everywhere,
                    transaction_per_migration=True,
                )
                with context.begin_transaction():
                    context.run_migrations()
                connection.commit()
            return
        except OperationalError as error:
            # a lock was not had in time: let the waiting requests through, then try again
            if getattr(error.orig, "sqlstate", None) != "55P03" or attempt == TRIES:
                raise
            time.sleep(0.5)


if context.is_offline_mode():
    run_offline()
else:
    run_online()
