"""Where a server or the command line gets the application.

- `granian --interface wsgi --factory app.wsgi:web`
- `gunicorn --worker-class gthread 'app.wsgi:web()'`
- `flask --app app.wsgi:commands doctor`
"""

from __future__ import annotations

import os

from flask import Flask
from flask.cli import FlaskGroup

from app.core.launch import process
from app.wiring import build
from config import Config


def web() -> Flask:
    """Return the application of one web process, which ends with the server that started it."""
    process.die_with_parent()
    return build(Config.from_env(os.environ), "web")


def commands() -> Flask:
    """Return the application for commands: database role and time limits of a worker."""
    return build(Config.from_env(os.environ), "worker")


if __name__ == "__main__":
    # As `flask` does it, but without putting the caller's folder before ours on the import path.
    FlaskGroup(name="flask", create_app=commands).main(prog_name="flask")
