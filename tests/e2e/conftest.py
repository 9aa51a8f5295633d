"""One product for all journeys and a browser for each process of them; a visitor's desk per journey.

Two processes share the work: the journeys are gone by one of them in their order, pages are looked at by whichever is
free.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e import browsing, product
from tests.e2e.browsing import Visitors, Watch
from tests.e2e.product import Api, Product

HERE = Path(__file__).parent
RUNNING = "HOUQIN_E2E_DATA"
"""Names the data folder of a product that runs already; handy while journeys are written."""


@pytest.hookimpl(tryfirst=True)  # before the processes are started that share it
def pytest_sessionstart(session: pytest.Session) -> None:
    """The first of several processes starts the product; the others find it in their environment."""
    config = session.config
    shared = getattr(config.option, "numprocesses", None) and not config.option.collectonly
    if shared and RUNNING not in os.environ and browsing.executable():
        run = ExitStack()
        config.add_cleanup(run.close)
        os.environ[RUNNING] = str(run.enter_context(_product()).folder)


@contextmanager
def _product() -> Iterator[Product]:
    """The product as a newcomer starts it, on a folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="houqin-e2e-") as folder,
        product.running(Path(folder) / "data") as started,
    ):
        yield started


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if item.path.stem != "test_every_page":
                item.add_marker(pytest.mark.xdist_group("journeys"))


@pytest.fixture(scope="session")
def houqin(chromium: Browser) -> Iterator[Product]:
    """The product of this run; without a browser it is not started at all."""
    if RUNNING in os.environ:
        yield product.found(Path(os.environ[RUNNING]))
    else:
        with _product() as started:
            yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium of this machine; where there is none, journeys are skipped, but in CI they fail."""
    path = browsing.executable()
    if path is None:
        reason = "no Chromium was found. On Debian: sudo apt-get install chromium fonts-noto-cjk"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = browsing.launch(playwright, path)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in() -> dict[str, Any]:
    """Cookies of those who have signed in during this run."""
    return {}


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the journey whose pages said or did what no page may."""
    found = Watch()
    yield found
    assert not found.problems, "\n".join(found.problems)


@pytest.fixture
def visitors(houqin: Product, chromium: Browser, watch: Watch, signed_in: dict[str, Any]) -> Iterator[Visitors]:
    """`visitors.page("student", device=PHONE)` opens a browser as somebody."""
    people = Visitors(houqin, chromium, watch, signed_in)
    yield people
    people.leave()


@pytest.fixture(scope="session")
def desk_api(houqin: Product) -> Api:
    """The API in the dispatcher's name: tells which order a ticket has, and who was asked."""
    return Api(houqin, "dispatcher")


@pytest.fixture(scope="session")
def sticker(houqin: Product) -> str:
    """The address behind a fresh QR sticker on the door of `student`'s room."""
    return houqin.sticker()
