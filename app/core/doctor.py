"""`flask doctor`: how every part is and what to do about what is not well."""

from __future__ import annotations

import shutil
import smtplib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import orjson
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.core import health
from app.core.db import db, driver_address, institution_bound, tenant_tables
from app.core.health import Part
from app.core.institution import institutions

FREE_BYTES = 2 * 1024**3  # less free space than that is worth a word before uploads are refused
SMTP_SECONDS = 3.0


def examine() -> list[Part]:
    """All parts: those of /readyz, then what only an operator can see."""
    found = list(health.parts())
    if found[0].ok:
        found += [_rights(), _policies(), *_backlog()]
    found += [_folder(), _assets(), _catalogues(), _mail()]
    return found


def _rights() -> Part:
    """Every role that reads or writes for people must be bound by row-level security: web, reports, workers."""
    name = "database role"
    config = current_app.config["HOUQIN"]
    used = {
        "DATABASE_URL": config.database_url,
        "REPORT_DATABASE_URL": config.report_database_url,
        "WORKER_DATABASE_URL": config.worker_database_url,
    }
    for setting, address in used.items():
        try:
            unbound = bool(address) and _unbound(address, config.db_connect_timeout_s)
        except psycopg.Error as error:
            return Part(name, f"{setting}: {error}", f"Check {setting} and the network.")
        if unbound:
            mend = f"Let {setting} name houqin_web or houqin_worker."
            return Part(name, f"that of {setting} is not bound by row-level security", mend)
    return Part(name, "ok")


UNBOUND = """
    SELECT rolsuper OR rolbypassrls OR EXISTS (
        SELECT FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relrowsecurity AND NOT relforcerowsecurity
            AND pg_has_role(current_user, relowner, 'USAGE')
    )
    FROM pg_roles WHERE rolname = current_user
"""
"""Whether policies pass the present role by: they do not hold for the owner of a table, nor for members of his."""


def _unbound(address: str, seconds: int) -> bool:
    with psycopg.connect(driver_address(address), connect_timeout=seconds) as connection:
        row = connection.execute(UNBOUND).fetchone()
    return row is None or bool(row[0])


def _policies() -> Part:
    with db.engine.connect() as connection:
        bare = connection.execute(
            text("SELECT relname FROM pg_class WHERE relname = ANY(:names) AND NOT relrowsecurity"),
            {"names": tenant_tables()},
        ).scalars()
        missing = sorted(bare)
    if missing:
        return Part("row-level security", f"off for {', '.join(missing)}", "Run: flask db upgrade")
    return Part("row-level security", "ok")


def _backlog() -> Iterator[Part]:
    for facts in institutions():
        db.session.rollback()  # what was asked before began a transaction of no institution, whose rows nobody sees
        with institution_bound(facts.id):
            row = db.session.execute(
                text(
                    "SELECT count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked, "
                    "coalesce(extract(epoch FROM clock_timestamp() - min(next_at) "
                    "FILTER (WHERE parked_at IS NULL)), 0) AS late FROM outbox_delivery WHERE done_at IS NULL"
                )
            ).one()
        name = f"deliveries of {facts.code}"
        if row.parked:
            yield Part(name, f"{row.parked} parked", "Open the operations page, read the error, retry.")
        elif row.late > 60:
            yield Part(name, f"the oldest waits {row.late:.0f} s", "Is the relay running? Start: python3 worker.py")
        else:
            yield Part(name, "ok")


def _folder() -> Part:
    folder: Path = current_app.config["HOUQIN"].data_dir
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return Part("data folder", f"{folder}: {error.strerror}", "Make DATA_DIR writable for this user.")
    if free < FREE_BYTES:
        return Part("data folder", f"{free / 1024**3:.1f} GiB free", "Make room, or move DATA_DIR to a larger disk.")
    return Part("data folder", "ok")


def _assets() -> Part:
    if not current_app.extensions["houqin_assets"]:
        return Part("assets", "not built", "Run: python3 run.py (it builds them)")
    return Part("assets", "ok")


def _catalogues() -> Part:
    folder = Path(current_app.root_path) / "translations"
    compiled = sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/messages.mo"))
    if "zh_Hans_CN" not in compiled:
        return Part("translations", "not compiled", "Run: pybabel compile -d app/translations")
    return Part("translations", "ok")


def _mail() -> Part:
    """Without an address mail is kept for the administrator to read: that is well for a demo, worth knowing else."""
    url = urlsplit(current_app.config["HOUQIN"].smtp_url)
    if not url.hostname:
        return Part("mail", "ok")
    connect: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    try:
        with connect(url.hostname, url.port or 0, timeout=SMTP_SECONDS) as server:
            server.noop()
    except OSError as error:
        return Part("mail", f"{url.hostname} does not answer: {error}", "Check SMTP_URL and the network.")
    return Part("mail", "ok")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@with_appcontext
def doctor_command(as_json: bool) -> None:
    """Say how every part is and what to do. Exit code 1 when something is not well."""
    try:
        found = examine()
    except SQLAlchemyError as error:
        raise click.ClickException(f"The database went away while it was being looked at: {error}") from error
    if as_json:
        click.echo(orjson.dumps([{"part": p.name, "state": p.said, "mend": p.mend} for p in found]).decode())
    else:
        width = max(len(part.name) for part in found)
        for part in found:
            click.echo(f"{'ok ' if part.ok else '!! '} {part.name:<{width}}  {'' if part.ok else part.said}".rstrip())
            if part.mend and not part.ok:
                click.echo(f"    {'':<{width}}  → {part.mend}")
    if not all(part.ok for part in found):
        raise SystemExit(1)
