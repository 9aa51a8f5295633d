"""What the database's driver says of a failure, without the values it failed on.

PostgreSQL names the offending row in DETAIL and CONTEXT, and a value it could not read in the sentence itself. Such an
error ends in the log and in `outbox_delivery.last_error`, where no hash, telephone or description may stand.
"""

from __future__ import annotations

import psycopg
from psycopg.errors import DataError
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext


def bare(error: psycopg.Error) -> str:
    """The sentence of the failure, or only its SQLSTATE where the sentence quotes the value."""
    if isinstance(error, DataError):
        return f"a value cannot be stored ({error.sqlstate or 'refused by the driver'})"
    return error.diag.message_primary or str(error).split("\nDETAIL:", 1)[0]


def strip(error: psycopg.Error) -> None:
    """Leave in the error what `bare` says; its SQLSTATE and the name of its constraint stay."""
    error.args = (bare(error),)


def say_no_values(engine: Engine) -> None:
    """Strip the errors of an engine."""
    event.listen(engine, "handle_error", _strip)


def _strip(context: ExceptionContext) -> None:
    original = context.original_exception
    if not isinstance(original, psycopg.Error):
        return
    strip(original)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(original).__name__}) {original}",)
