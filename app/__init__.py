"""Houqin: the campus facilities desk. `create_app` builds the Flask application; nobody imports from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from flask import Flask

    from config import Config


def create_app(config: Config, role: Literal["web", "worker"] = "web") -> Flask:
    """The application for one process. `role` chooses the database role and its time limits."""
    from app.wiring import build  # noqa: PLC0415 - `import app.core.…` must not load the whole product

    return build(config, role)
