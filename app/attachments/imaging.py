"""Re-encoding of photos. Runs in the job only; Pillow is loaded there and nowhere else."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.attachments.rules import limits

if TYPE_CHECKING:
    from PIL import Image

QUALITY = 80


@dataclass(frozen=True, slots=True)
class Photo:
    """A clean copy: WebP, upright, without a byte of what came beside the pixels."""

    content: bytes
    thumb: bytes
    width: int
    height: int


class Refused(Exception):
    """The photo is not taken; `reason` is one of `limits.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reencode(content: bytes) -> Photo:
    """Decode a photo and write it anew. Raises Refused for a bomb, a torn file or anything Pillow cannot read."""
    from PIL import Image  # noqa: PLC0415 - not in the web process

    Image.MAX_IMAGE_PIXELS = limits.MAX_PIXELS
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            warnings.simplefilter("ignore")  # about odd metadata, none of which is kept
            if limits.too_many_pixels(*opened.size):
                raise Refused("too_many_pixels")
            full = _clean(opened, limits.LONGEST_SIDE)
    except Image.DecompressionBombError as error:
        raise Refused("too_many_pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, struct.error) as error:
        raise Refused("damaged") from error  # what Pillow's readers raise over torn and crafted files
    small = full.copy()
    small.thumbnail((limits.THUMB_SIDE, limits.THUMB_SIDE))
    return Photo(_webp(full), _webp(small), *full.size)


def _clean(opened: Image.Image, side: int) -> Image.Image:
    """The pixels alone: shrunk, turned upright by EXIF, on white where it was transparent, in a new image."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - a heavy import, for the job that re-encodes alone

    opened.draft("RGB", (side, side))  # a JPEG is decoded at a fraction of its size
    opened.load()
    if opened.mode in ("I", "I;16", "F"):
        raise Refused("damaged")
    orientation = opened.getexif().get(0x0112, 1)
    colours = opened.convert("RGBA") if opened.mode in ("P", "LA", "PA", "RGBA") else opened.convert("RGB")
    colours.thumbnail((side, side))
    clean = Image.new("RGB", colours.size, "white")
    clean.paste(colours, mask=colours if colours.mode == "RGBA" else None)
    clean.getexif()[0x0112] = orientation if orientation in range(1, 9) else 1
    upright = ImageOps.exif_transpose(clean)
    fresh = Image.new("RGB", upright.size)
    fresh.paste(upright)
    return fresh


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()
