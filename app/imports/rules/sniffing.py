"""What kind of file is this? Judged by content, never by name.

The encoding ladder: byte order mark, UTF-16 without one (by its zero bytes), UTF-8 strict, GB18030 strict and
plausible; what is left is asked of the person, with a preview in each encoding it could be. A statistical detector is
not used: on short files it takes GBK for Korean.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO, Literal

from app.imports.rules import delimiters, workbooks
from app.imports.rules.unreadable import Unreadable

MAX_BYTES = 64 * 1024 * 1024
"""Largest file taken, in bytes."""

CHOICES = ("gb18030", "big5hkscs", "cp932", "utf-8", "utf-16-le", "utf-16-be")
"""Encodings a person may choose from where the ladder ends without an answer, or with a wrong one."""

_TAKEN = frozenset((*CHOICES, "utf-8-sig", "utf-16", "utf-32", "gbk", "gb2312", "big5", "shift_jis", "cp1252"))

_SAMPLE = 64 * 1024
_CHUNK = 1024 * 1024
_PREVIEW_LINES = 5
_PREVIEW_WIDTH = 120

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"\x1f\x8b", "archive"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = ("<html", "<!doctype html", "<table", "<head", "<meta", "<?xml", "<workbook", "mime-version:")
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1a\x1b\x00")


@dataclass(frozen=True, slots=True)
class Preview:
    """The first lines of a file as one encoding would show them."""

    encoding: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file turned out to be. ``encoding`` is None where the person must choose among ``candidates``."""

    kind: Literal["csv", "xlsx"]
    encoding: str | None = None
    delimiter: str | None = None
    sheets: tuple[str, ...] = ()
    candidates: tuple[Preview, ...] = ()

    @property
    def must_ask(self) -> bool:
        return self.kind == "csv" and self.encoding is None


def sniff(stream: BinaryIO, encoding: str | None = None) -> Sniffed:
    """Judge a seekable file; raises :class:`Unreadable` where it is nothing the engine takes.

    ``encoding`` is the person's choice and wins over the ladder, but must decode the whole file.
    """
    size = stream.seek(0, 2)
    if size == 0:
        raise Unreadable("empty")
    if size > MAX_BYTES:
        raise Unreadable("too_large", {"megabytes": -(-size // 2**20), "limit": MAX_BYTES // 2**20})
    stream.seek(0)
    head = stream.read(_SAMPLE)
    if head.startswith(b"PK\x03\x04"):
        return Sniffed("xlsx", sheets=workbooks.inspect(stream))
    _refuse_foreign(head)
    return _sniff_text(stream, head, encoding)


def _refuse_foreign(head: bytes) -> None:
    if head.startswith(_OLE):
        raise Unreadable("encrypted" if "EncryptedPackage".encode("utf-16-le") in head else "old_workbook")
    if head.startswith(b"PK"):
        raise Unreadable("broken_workbook")
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise Unreadable("not_a_table", {"found": what})


def _sniff_text(stream: BinaryIO, head: bytes, wanted: str | None) -> Sniffed:
    encoding = _checked_choice(stream, wanted) if wanted else _ladder(stream, head)
    if encoding is None:
        return Sniffed("csv", candidates=previews(head))
    sample = decode_sample(head, encoding)
    if sample.lstrip("\ufeff \t\r\n").casefold().startswith(_MARKUP):
        raise Unreadable("markup")
    if not sample.strip("\ufeff \t\r\n\x00"):
        raise Unreadable("empty")
    return Sniffed("csv", encoding=encoding, delimiter=delimiters.detect(sample))


def _checked_choice(stream: BinaryIO, wanted: str) -> str:
    try:
        name = codecs.lookup(wanted).name
    except (LookupError, ValueError):
        name = ""
    if name not in _TAKEN:
        raise Unreadable("unknown_encoding", {"encoding": wanted[:40]})
    line = first_undecodable_line(stream, name)
    if line is not None:
        raise Unreadable("undecodable", {"encoding": name, "line": line})
    return name


def _ladder(stream: BinaryIO, head: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return _checked_choice(stream, encoding)
    wide = _utf16_without_mark(head)
    if wide and first_undecodable_line(stream, wide) is None:
        return wide
    if _looks_binary(head):
        raise Unreadable("not_a_table", {"found": "binary"})
    if first_undecodable_line(stream, "utf-8") is None:
        return "utf-8"
    if first_undecodable_line(stream, "gb18030") is None and plausible_gb18030(head):
        return "gb18030"
    return None


def _utf16_without_mark(head: bytes) -> str | None:
    """Digits, commas and line ends of a table have a zero byte on one fixed side in UTF-16."""
    even, odd = head[0::2], head[1::2]
    zeros_even, zeros_odd = even.count(0), odd.count(0)
    enough = max(len(even) // 50, 1)
    for encoding, many, few in (("utf-16-le", zeros_odd, zeros_even), ("utf-16-be", zeros_even, zeros_odd)):
        if many >= enough and few * 50 <= many and _clean(decode_sample(head, encoding)):
            return encoding
    return None


def _clean(text: str) -> bool:
    """True where decoding made text: no replacement and hardly a control character."""
    bad = sum(1 for char in text if char == "\ufffd" or (char < " " and char not in "\t\n\r"))
    return bool(text) and bad * 200 <= len(text)


def _looks_binary(head: bytes) -> bool:
    controls = sum(1 for byte in head if byte < 32 and byte not in _TEXT_CONTROLS)
    return controls * 100 > len(head) or head.count(0) * 20 > len(head)


def plausible_gb18030(head: bytes) -> bool:
    """GB18030 decodes nearly anything; Big5 and Shift-JIS read as it show themselves by pairs outside GB 2312.

    True unless more than a fifth (and at least three) of the two-byte characters lie outside the everyday set.
    Four-byte characters, where rare names live, count neither way.
    """
    position, pairs, odd = 0, 0, 0
    while position < len(head) - 1:
        lead, trail = head[position], head[position + 1]
        if lead < 0x80:
            position += 1
        elif 0x30 <= trail <= 0x39:
            position += 4
        else:
            pairs += 1
            odd += not (0xA1 <= lead <= 0xF7 and trail >= 0xA1)
            position += 2
    return odd < 3 or odd * 5 <= pairs


def first_undecodable_line(stream: BinaryIO, encoding: str) -> int | None:
    """Line (from 1) of the first bytes that are not text in this encoding; None where the whole file decodes."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    stream.seek(0)
    lines = 1
    while True:
        chunk = stream.read(_CHUNK)
        try:
            lines += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeDecodeError as error:
            good = bytes(error.object[: error.start]).decode(encoding, errors="ignore")
            return lines + good.count("\n")
        except UnicodeError:  # no byte order mark where one was promised
            return 1
        if not chunk:
            return None


def decode_sample(head: bytes, encoding: str) -> str:
    """The beginning of a file as text; a character cut in two by the sample's end is left out."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(head, final=False)


def choices(stream: BinaryIO) -> tuple[Preview, ...]:
    """What a person may choose among, where the encoding chosen before was not that of the file."""
    stream.seek(0)
    return previews(stream.read(_SAMPLE))


def previews(head: bytes) -> tuple[Preview, ...]:
    """What the first lines would read like in each encoding that decodes them."""
    found = []
    for encoding in CHOICES:
        try:
            text = codecs.getincrementaldecoder(encoding)("strict").decode(head, final=False)
        except UnicodeDecodeError:
            continue
        lines = tuple(line[:_PREVIEW_WIDTH] for line in text.splitlines()[:_PREVIEW_LINES])
        found.append(Preview(encoding, lines))
    return tuple(found)
