"""What an upload really is, by its first bytes and headers: names and declared types say nothing.

Only the container is looked at here, in a few reads and without decoding a pixel; decoding is the job's.
"""

from __future__ import annotations

from typing import IO

PHOTOS = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
"""Kinds that are taken, with their media types."""

_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
_TEXT_STARTS = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml")
# JPEG markers with the frame's size; C4, C8 and CC in that range mean something else (ITU T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_SEGMENTS = 4096  # a photo has some dozens


class Unreadable(ValueError):
    """The header breaks off or contradicts itself."""


def kind(head: bytes) -> str:
    """The kind by the first bytes (64 are enough): jpeg, png, webp, or what is not taken: heif, gif, text, other."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "heif"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_TEXT_STARTS):
        return "text"
    return "other"


def dimensions(found: str, stream: IO[bytes]) -> tuple[int, int]:
    """Width and height in pixels by the header of a jpeg, png or webp. Raises Unreadable."""
    stream.seek(0)
    size = {"jpeg": _jpeg, "png": _png, "webp": _webp}[found](stream)
    if min(size) < 1:
        raise Unreadable("no pixels")
    return size


def _read(stream: IO[bytes], size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise Unreadable("breaks off")
    return found


def _png(stream: IO[bytes]) -> tuple[int, int]:
    head = _read(stream, 24)
    if head[12:16] != b"IHDR":
        raise Unreadable("no IHDR")
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _jpeg(stream: IO[bytes]) -> tuple[int, int]:
    """Walk the segments to the frame header; photos carry large EXIF and colour segments before it."""
    _read(stream, 2)
    for _segment in range(_SEGMENTS):
        marker = _marker(stream)
        if marker in _BARE:
            continue
        length = int.from_bytes(_read(stream, 2), "big")
        if length < 2 or marker == 0xD9:
            break
        if marker in _FRAMES:
            body = _read(stream, 5)
            return int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
        stream.seek(length - 2, 1)
    raise Unreadable("no frame")


def _marker(stream: IO[bytes]) -> int:
    if _read(stream, 1) != b"\xff":
        raise Unreadable("no marker")
    marker = b"\xff"
    while marker == b"\xff":  # fill bytes
        marker = _read(stream, 1)
    return marker[0]


def _webp(stream: IO[bytes]) -> tuple[int, int]:
    head = _read(stream, 30)
    chunk = head[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if chunk == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        return int.from_bytes(head[26:28], "little") & 0x3FFF, int.from_bytes(head[28:30], "little") & 0x3FFF
    raise Unreadable("no frame")
