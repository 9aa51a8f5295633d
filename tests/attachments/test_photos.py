"""A photo's way: received, kept apart, re-encoded, shown to those who may."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attachments import blobs, handlers, links, policies, queries, services
from app.attachments.models import Attachment
from app.core import clock, deliveries, i18n
from app.core.actor import Actor
from app.core.errors import Rejected
from app.core.outbox import OutboxDelivery
from app.events.attachments import AttachmentSweepDue
from tests.factories import accounts
from tests.factories import attachments as photos

SYSTEM = Actor.system(1)


def _receive(content: bytes, now: datetime, **more: object) -> Attachment:
    return _received(content, now, **more).attachment


def _received(content: bytes, now: datetime, **more: object) -> services.Received:
    options: dict[str, object] = {"owner_kind": "ticket", "owner_id": 7, "moment": "report", **more}
    return services.receive(io.BytesIO(content), actor=SYSTEM, now=now, **options)


def _bytes(key: str) -> bytes:
    with blobs.store().open(key) as content:
        return content.read()


def test_a_photo_becomes_a_clean_copy_and_the_original_goes(database: Session, now: datetime) -> None:
    sent = photos.jpeg(3000, 2000, secrets=True)
    assert b"GPS" in sent or photos.COMMENT in sent
    photo = _receive(sent, now, name="C:\\fake\\维修照片.jpg")
    assert (photo.state, photo.width, photo.height, photo.original_name) == ("quarantine", 3000, 2000, "维修照片.jpg")
    assert not blobs.store().exists(photo.key)
    photos.prepare(photo)
    assert (photo.state, photo.mime, photo.width, photo.height) == ("ready", "image/webp", 1600, 1067)
    assert photo.thumb_key is not None
    assert not blobs.store().exists(blobs.QUARANTINE + photo.key)
    for key in (photo.key, photo.thumb_key):
        content = _bytes(key)
        for secret in (photos.COMMENT, photos.MAKER.encode(), b"EXIF", b"Exif", b"XMP ", b"ICCP"):
            assert secret not in content
        with Image.open(io.BytesIO(content)) as image:
            assert image.format == "WEBP"
            assert not image.getexif()
    with Image.open(io.BytesIO(_bytes(photo.thumb_key))) as thumb:
        assert max(thumb.size) == 320
    assert photo.sha256 != photo.sent_sha256
    assert photo.size == len(_bytes(photo.key))


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (5, (0, 0)), (6, (1, 0)), (7, (1, 1)), (8, (0, 1))],
)
def test_photos_stand_upright(database: Session, now: datetime, orientation: int, corner: tuple[int, int]) -> None:
    photo = _receive(photos.jpeg(80, 40, orientation=orientation), now, owner_id=orientation)
    photos.prepare(photo)
    with Image.open(io.BytesIO(_bytes(photo.key))) as image:
        assert image.size == ((80, 40) if orientation < 5 else (40, 80))
        pixel = image.convert("RGB").getpixel((corner[0] * (image.width - 1), corner[1] * (image.height - 1)))
    assert isinstance(pixel, tuple)
    assert pixel[2] > 150 > pixel[0], "the blue quarter lies elsewhere"


def test_transparent_and_grey_pictures_are_taken(database: Session, now: datetime) -> None:
    for number, mode in enumerate(("RGBA", "LA", "P", "L", "1")):
        photo = _receive(photos.png(mode=mode), now, owner_id=100 + number)
        photos.prepare(photo)
        assert photo.state == "ready", mode


@pytest.mark.parametrize(
    ("content", "status", "word"),
    [
        (b"<html><body>not a photo</body></html>", 415, "web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "drawing"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", 415, "HEIC"),
        (b"GIF89a\x01\x00\x01\x00", 415, "GIF"),
        (b"", 415, "empty"),
        (b"\x7fELF", 415, "not a photo"),
        (b"\xff\xd8\xff\xe0torn", 415, "damaged"),
        (photos.bomb(), 413, "megapixels"),
        (b"\xff\xd8\xff" + bytes(25 * 1024 * 1024), 413, "25 MB"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_sentence(
    database: Session, now: datetime, content: bytes, status: int, word: str
) -> None:
    with pytest.raises(Rejected) as refused:
        _receive(content, now)
    assert refused.value.status == status
    with i18n.speaking("en"):
        assert word in str(refused.value.fields["photos"][0])
    assert database.scalars(select(Attachment)).all() == []


def test_a_torn_photo_is_refused_by_the_job_and_its_file_goes(database: Session, now: datetime) -> None:
    whole = photos.jpeg(800, 600)
    photo = _receive(whole[: len(whole) // 2], now)
    photos.prepare(photo)
    assert (photo.state, photo.reason) == ("refused", "damaged")
    assert not blobs.store().exists(blobs.QUARANTINE + photo.key)
    with i18n.speaking("en"):
        shown = links.shown([photo], now)[0]
    assert shown["thumb"] is None
    assert "damaged" in shown["problem"]


def test_a_header_that_lies_about_its_size_is_not_decoded(
    database: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "check", lambda *_any: ("png", 99, (10, 10)))
    photo = _receive(photos.bomb(), now)
    began = time.perf_counter()
    photos.prepare(photo)
    assert (photo.state, photo.reason) == ("refused", "too_many_pixels")
    assert time.perf_counter() - began < 2


def test_the_same_photo_twice_is_one(database: Session, now: datetime) -> None:
    (first, new), (again, new_again) = _received(photos.jpeg(), now), _received(photos.jpeg(), now)
    assert (new, new_again) == (True, False)
    other = _receive(photos.jpeg(), now, moment="after")
    assert first.id == again.id != other.id
    assert queries.count("ticket", 7) == 2
    assert queries.count("ticket", 7, "after") == 1
    assert [photo.id for photo in queries.of("ticket", 7)] == [first.id, other.id]


def test_there_is_a_limit_of_photos(database: Session, now: datetime) -> None:
    for number in range(20):
        _receive(photos.jpeg(colour=(number * 10, 90, 0)), now)
    with pytest.raises(Rejected) as refused:
        _receive(photos.jpeg(colour=(255, 255, 0)), now)
    with i18n.speaking("en"):
        assert "as many photos" in str(refused.value.fields["photos"][0])


def test_the_job_may_die_anywhere_and_run_again(
    database: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = _receive(photos.jpeg(), now)
    delivery = database.scalars(select(OutboxDelivery.id)).one()
    usual = services.settle

    def killed(*args: object, **more: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "settle", killed)
    with pytest.raises(KeyboardInterrupt):
        deliveries.deliver(1, delivery)
    database.refresh(photo)
    assert photo.state == "quarantine"
    assert blobs.store().exists(blobs.QUARANTINE + photo.key)
    monkeypatch.setattr(services, "settle", usual)
    database.execute(OutboxDelivery.__table__.update().values(lease=None, lease_until=None))
    assert deliveries.deliver(1, delivery)
    database.refresh(photo)
    assert photo.state == "ready"
    assert not blobs.store().exists(blobs.QUARANTINE + photo.key)


# --- links --------------------------------------------------------------------------------------------------------


@pytest.fixture
def friends() -> Iterator[set[int]]:
    """People who may see ticket 7; the rule of `ticket` for one test."""
    allowed: set[int] = set()
    before = dict(policies._viewers)
    policies.use({"ticket": lambda actor, owner_id, _at: owner_id == 7 and actor.id in allowed})
    yield allowed
    policies.use(before)


def test_a_link_shows_the_photo_to_whom_the_owner_lets_in(
    database: Session, login: Callable[..., FlaskClient], friends: set[int]
) -> None:
    photo = photos.photo("ticket", 7)
    me = accounts.person("student")
    client = login(me)
    address = links_of(client, photo)
    assert client.get(address).status_code == 404
    friends.add(me.id)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "image/webp"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert "Cookie" in answer.headers["Vary"]
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    download = client.get(address + "?download=1")
    assert download.headers["Content-Disposition"] == "attachment; filename=photo.webp"
    client.post("/logout")
    assert client.get(address).status_code == 302


def links_of(client: FlaskClient, photo: Attachment, size: links.Size = "thumb") -> str:
    with client.application.test_request_context():
        return links.url(photo, size, clock.now())


def test_links_end_and_cannot_be_made_up(
    database: Session, login: Callable[..., FlaskClient], friends: set[int], now: datetime
) -> None:
    photo = photos.photo("ticket", 7)
    me = accounts.person("student")
    friends.add(me.id)
    client = login(me)
    address = links_of(client, photo)
    assert client.get(address).status_code == 200
    assert client.get(address[:-2] + "xx").status_code == 404
    assert client.get("/files/" + "a" * 500).status_code == 404
    token = links.token(photo.id, "full", now)
    assert links.read(token, now + timedelta(minutes=59)) == (photo.id, "full")
    assert links.read(token, now + timedelta(hours=2)) is None
    assert links.token(photo.id, "full", now) == links.token(photo.id, "full", now.replace(minute=59))


def test_a_photo_in_quarantine_is_served_to_nobody(
    database: Session, login: Callable[..., FlaskClient], friends: set[int]
) -> None:
    photo = photos.photo("ticket", 7, ready=False)
    me = accounts.person("student")
    friends.add(me.id)
    client = login(me)
    assert client.get(links_of(client, photo)).status_code == 404
    assert links.shown([photo], clock.now())[0]["thumb"] is None


def test_the_api_says_how_far_a_photo_is_and_shows_it(
    database: Session, client: FlaskClient, friends: set[int]
) -> None:
    photo = photos.photo("ticket", 7)
    torn = photos.photo("ticket", 7, content=photos.jpeg(500, 400)[:900])
    me = accounts.person("student")
    friends.add(me.id)
    mine = accounts.token(me)
    address = f"/api/v1/attachments/{photo.id}"
    assert client.get(address).status_code == 401
    assert client.get(address, headers=accounts.token(accounts.person("student"))).status_code == 404
    told = client.get(address, headers=mine).json
    assert told is not None
    assert (told["id"], told["state"], told["problem"], told["width"]) == (str(photo.id), "ready", None, 64)
    picture = client.get(f"{address}/content?size=thumb", headers=mine)
    assert (picture.status_code, picture.mimetype) == (200, "image/webp")
    assert client.get(f"{address}/content?size=huge", headers=mine).status_code == 422
    refused = client.get(f"/api/v1/attachments/{torn.id}", headers={**mine, "Accept-Language": "en"}).json
    assert refused is not None
    assert "damaged" in refused["problem"]
    assert client.get(f"/api/v1/attachments/{torn.id}/content", headers=mine).status_code == 404
    assert client.get("/api/v1/attachments/x", headers=mine).status_code == 404


def test_a_signature_is_never_shown_to_the_public(database: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(policies._viewers, "ticket", lambda *_any: True)
    public, student = Actor.anonymous(1), accounts.actor(accounts.person("student"))
    for moment, shown in (("report", True), ("signature", False)):
        photo = photos.photo("ticket", 7, moment=moment)
        assert policies.may_view(public, photo) is shown
        assert policies.may_view(student, photo)


def test_a_photo_that_is_ready_is_not_given_up(database: Session, now: datetime) -> None:
    photo = photos.photo()
    assert not services.refuse(photo.id, "damaged", actor=SYSTEM, now=now)
    database.refresh(photo)
    assert (photo.state, photo.reason) == ("ready", None)


def test_an_owner_without_a_rule_shows_nothing(database: Session, login: Callable[..., FlaskClient]) -> None:
    photo = photos.photo("letter", 7)
    client = login(accounts.person("admin"))
    assert client.get(links_of(client, photo)).status_code == 404


# --- the sweep ----------------------------------------------------------------------------------------------------


class Held:
    """A lease that is always ours."""

    actor = SYSTEM

    def renew(self) -> None:
        pass


def _age(path: Path, hours: int) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_a_kill_between_file_and_row_leaves_a_file_the_sweep_removes(database: Session) -> None:
    store = blobs.store()
    fresh = f"quarantine/1/2026/11/{'a' * 36}"
    orphan = f"quarantine/1/2026/11/{'b' * 36}"
    for key in (fresh, orphan):
        store.put(key, io.BytesIO(b"half done"))
    partial = store.root / "quarantine/1/2026/11/.0123456789abcdef.part"
    partial.write_bytes(b"torn")
    mine = photos.photo(ready=False)
    done = photos.photo(owner_id=2)
    for path in (store.root / orphan, partial, store.root / blobs.QUARANTINE / mine.key, store.root / done.key):
        _age(path, 72)
    handlers.sweep(AttachmentSweepDue(), Held())
    assert store.exists(fresh), "somebody may be uploading it"
    assert not store.exists(orphan)
    assert not partial.exists()
    assert store.exists(blobs.QUARANTINE + mine.key)
    assert store.exists(done.key)
    store.delete(fresh)


def test_a_row_without_its_upload_is_refused_and_a_missing_photo_is_said(
    database: Session, caplog: pytest.LogCaptureFixture
) -> None:
    long_ago = clock.now() - timedelta(days=3)
    waiting = photos.photo(owner_id=1, now=long_ago, ready=False)
    stored = photos.photo(owner_id=2, now=long_ago)
    blobs.store().delete(blobs.QUARANTINE + waiting.key)
    blobs.store().delete(stored.key)
    handlers.sweep(AttachmentSweepDue(), Held())
    database.refresh(waiting)
    database.refresh(stored)
    assert (waiting.state, waiting.reason) == ("refused", "lost")
    assert stored.state == "ready", "it may come back from a backup"
    assert any("restore it from a backup" in record.message for record in caplog.records)


# --- the store ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["../../etc/passwd", "1/2026/11/x", "/1/2026/11/" + "a" * 36, "quarantine/../1", ""])
def test_a_key_is_never_a_path_elsewhere(tmp_path: Path, key: str) -> None:
    store = blobs.Directory(tmp_path)
    with pytest.raises(ValueError, match="not a blob key"):
        store.put(key, io.BytesIO(b"x"))
    with pytest.raises(ValueError, match="not a blob key"):
        store.open(key)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("torn")

    with pytest.raises(OSError, match="torn"):
        blobs.Directory(tmp_path).put(f"1/2026/11/{'a' * 36}", Torn())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_web_process_does_not_load_pillow() -> None:
    import subprocess
    import sys

    code = "import app.wiring, sys; sys.exit('PIL' in sys.modules or 'segno' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
