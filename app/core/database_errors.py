"""What an error of the database means: come again, or the domain error of the constraint that was violated."""

from __future__ import annotations

import logging

from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import errors
from app.core.db import CONSTRAINT_ERRORS

log = logging.getLogger(__name__)

UNDEFINED_TABLE = "42P01"
BUSY_STATES = frozenset({"55P03", "40P01", "40001"})  # lock not available, deadlock, serialization


def sqlstate(error: DBAPIError) -> str:
    """The five characters PostgreSQL calls it by; empty where the driver itself refused."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def is_busy(error: Exception) -> bool:
    """Whether somebody else held what was needed: the same once more may be done."""
    return isinstance(error, DBAPIError) and sqlstate(error) in BUSY_STATES


def constraint_violation(error: IntegrityError) -> errors.DomainError:
    """The domain error of a violated constraint, by name where the server gives one, else by SQLSTATE."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name in CONSTRAINT_ERRORS:
        found = CONSTRAINT_ERRORS[name]()
        if isinstance(found, errors.DomainError):
            return found
    log.warning("unmapped constraint", extra={"constraint": name, "sqlstate": sqlstate(error)})
    if sqlstate(error) in ("23502", "23514"):
        return errors.Rejected()
    return errors.Conflict()
