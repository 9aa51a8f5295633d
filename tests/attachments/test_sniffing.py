"""What an upload is, by its bytes."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.attachments.rules import limits, sniffing
from tests.factories import attachments


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (attachments.jpeg(), "jpeg"),
        (attachments.png(), "png"),
        (attachments.webp(), "webp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heif"),
        (b"\x00\x00\x00\x1cftypavif", "heif"),
        (b"GIF89a\x01\x00\x01\x00", "gif"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text"),
        (b"\xef\xbb\xbf\n <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text"),
        (b"<?xml version='1.0'?><svg/>", "text"),
        (b"%PDF-1.7", "other"),
        (b"MZ\x90\x00", "other"),
        (b"", "other"),
    ],
)
def test_the_kind_is_told_by_the_first_bytes(content: bytes, kind: str) -> None:
    assert sniffing.kind(content[:64]) == kind


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("jpeg", attachments.jpeg(321, 123)),
        ("jpeg", attachments.jpeg(321, 123, secrets=True, orientation=6)),
        ("png", attachments.png(321, 123)),
        ("webp", attachments.webp(321, 123)),
        ("webp", attachments.webp(321, 123, lossless=True)),
    ],
)
def test_the_size_stands_in_the_header(kind: str, content: bytes) -> None:
    assert sniffing.dimensions(kind, io.BytesIO(content)) == (321, 123)


def test_the_size_of_an_extended_webp_is_its_canvas() -> None:
    head = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00" + (4999).to_bytes(3, "little")
    assert sniffing.dimensions("webp", io.BytesIO(head + (2999).to_bytes(3, "little"))) == (5000, 3000)


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + bytes(8)),  # of no width and no height
        ("jpeg", b"\xff\xd8\xff\xe0\x00\x01"),  # a segment shorter than its own length
        ("jpeg", b"\xff\xd8\xff\xd9\x00\x02"),  # over before its frame
        ("jpeg", b"\xff\xd8" + b"\xff\xe0\x00\x02" * 10_000),  # segments without end
    ],
)
def test_a_header_without_a_picture_is_unreadable(kind: str, header: bytes) -> None:
    with pytest.raises(sniffing.Unreadable):
        sniffing.dimensions(kind, io.BytesIO(header))


@given(kind=st.sampled_from(["jpeg", "png", "webp"]), cut=st.integers(0, 200))
def test_a_torn_header_is_unreadable_and_nothing_worse(kind: str, cut: int) -> None:
    whole = {"jpeg": attachments.jpeg, "png": attachments.png, "webp": attachments.webp}[kind]()
    try:
        width, height = sniffing.dimensions(kind, io.BytesIO(whole[:cut]))
    except sniffing.Unreadable:
        return
    assert width > 0
    assert height > 0


@given(kind=st.sampled_from(["jpeg", "png", "webp"]), noise=st.binary(max_size=300))
def test_noise_after_the_magic_is_unreadable_and_nothing_worse(kind: str, noise: bytes) -> None:
    magic = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "webp": b"RIFF\x00\x00\x00\x00WEBP"}[kind]
    with contextlib.suppress(sniffing.Unreadable):
        assert min(sniffing.dimensions(kind, io.BytesIO(magic + noise))) > 0


def test_twenty_five_megapixels_are_the_limit() -> None:
    assert not limits.too_many_pixels(5000, 5000)
    assert limits.too_many_pixels(5001, 5000)
    assert limits.too_many_pixels(70_000, 1)
