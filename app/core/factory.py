"""Builds the bare application: configuration, engines, edge. Wiring adds the areas."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from flask import Flask
from flask_migrate import Migrate
from flask_migrate import cli as migrate_cli
from flask_wtf import CSRFProtect
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from app.core import assets, driver, frame, health, i18n, logs, metrics, pages, rendering, roles_command
from app.core.bell import Bell
from app.core.db import REPORTS, db, driver_address, frame_transactions
from app.core.http import api, application, limits
from app.core.http.policy import anyone

if TYPE_CHECKING:
    from config import Config

SESSION_COOKIE_LASTS = timedelta(days=181)
"""Longer than any session may (`sessions.others_days`)."""

csrf = CSRFProtect()
migrate = Migrate()


def bare_app(config: Config, role: Literal["web", "worker"]) -> Flask:
    """A Houqin Flask without areas."""
    app = application.HouqinFlask("app")
    url = config.database_url if role == "web" else config.worker_database_url
    secure = config.secure_cookies
    app.config.update(
        HOUQIN=config,
        SECRET_KEY=config.secret_key,
        SECRET_KEY_FALLBACKS=list(config.secret_key_fallbacks),
        TESTING=config.env == "test",
        DEBUG=config.debug,
        DEMO=config.env in ("demo", "test", "development"),
        DEFAULT_LOCALE=config.default_locale,
        BODY_SECONDS=config.body_timeout_s,
        MAX_CONTENT_LENGTH=config.max_json_kb * 1024,
        MAX_UPLOAD=config.max_upload_mb * 1024 * 1024,
        OUTBOX_RING=True,
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config, config.db_pool_size),
        SQLALCHEMY_BINDS=_reports_engine(config, role),
        SESSION_COOKIE_NAME=config.session_cookie,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # when a session ends its row says (accounts); a cookie that changed with every page would lose the refused form
        # a browser keeps by it (`Vary: Cookie`)
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=SESSION_COOKIE_LASTS,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=secure,
        TRUSTED_HOSTS=list(config.trusted_hosts) or None,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.url_map.strict_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's own way to set it
    if config.env != "test":
        logs.configure(config.log_level)
    if config.proxy_hops:
        hops = config.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's own way to set it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    metrics.install(app)
    application.install(app)
    db.init_app(app)
    with app.app_context():
        for engine in db.engines.values():
            frame_transactions(engine)
            driver.say_no_values(engine)
    migrate_cli.db.add_command(roles_command.command)
    migrate.init_app(app, db, directory=str(Path(app.root_path).parent / "migrations"), compare_type=True)
    _apart_engine(app, config, url)
    app.extensions["houqin_bell"] = Bell(
        lambda: psycopg.connect(driver_address(url), autocommit=True, **_connection_options(config))
    )
    limits.install(app)
    csrf.init_app(app)
    i18n.install(app)
    rendering.install(app)
    pages.install(app)
    frame.install(app)
    health.install(app)
    app.extensions["houqin_api"] = api.install(app)
    app.view_functions["static"].policy = anyone  # type: ignore[union-attr]  # Flask's own way to set it
    if app.static_folder:
        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # Flask's own way to set it
            app.wsgi_app,
            root=app.static_folder,
            prefix="/static/",
            immutable_file_test=lambda _path, url: assets.hashed(url),
        )
    return app


def engine_options(config: Config, pool_size: int) -> dict[str, Any]:
    """Pool and connection options; no session state, so a transaction pooler may stand in between."""
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_use_lifo": True,  # the connection used last has its statements prepared and its caches warm
        "pool_timeout": config.db_pool_timeout_s,
        "pool_recycle": 1800,
        "hide_parameters": True,  # an error in a log or on the operations page must not show hashes or telephones
        "connect_args": _connection_options(config),
    }


def _connection_options(config: Config) -> dict[str, Any]:
    """A server that has gone is noticed within seconds."""
    return {
        "prepare_threshold": config.db_prepare_threshold or None,
        "connect_timeout": config.db_connect_timeout_s,
        "keepalives_idle": 3,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 4000,
    }


def _reports_engine(config: Config, role: Literal["web", "worker"]) -> dict[str, Any]:
    """The second engine of a web process, where reports read elsewhere (`core.db: read_elsewhere`)."""
    if role == "worker" or not config.report_database_url:
        return {}
    return {REPORTS: {"url": config.report_database_url, **engine_options(config, config.db_pool_size)}}


def _apart_engine(app: Flask, config: Config, url: str) -> None:
    # used so seldom that only a look tells whether the server hung up meanwhile
    engine = create_engine(url, **engine_options(config, config.apart_pool_size), pool_pre_ping=True)
    frame_transactions(engine)
    driver.say_no_values(engine)
    app.extensions["houqin_apart"] = sessionmaker(engine, class_=Session, expire_on_commit=False)
