"""Forms are UTF-8: text of another encoding is refused with the field's name, never stored otherwise than typed."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest
from flask import Flask

from app.core.http.form_text import NotText

STRANGE = ("灯不亮".encode("gb18030"), b"a\xed\xa0\x80b", b"\xff", b"cut off \xe4\xb8")
TEXTS = ("灯不亮", "a � b", "%B3%A7 + &=", "", "😀")
PARTS, PAIRS = "multipart/form-data; boundary=b", "application/x-www-form-urlencoded"


def part(name: str, value: bytes) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value + b"\r\n"


def bodies(value: bytes) -> dict[str, bytes]:
    parts = part("kind", b"lamp") + part("words", value) + b"--b--\r\n"
    return {PARTS: parts, PAIRS: f"kind=lamp&words={quote_from_bytes(value, '')}".encode()}


@pytest.mark.parametrize("kind", [PARTS, PAIRS])
@pytest.mark.parametrize("value", STRANGE)
def test_another_encoding_is_refused_by_the_fields_name(app: Flask, value: bytes, kind: str) -> None:
    with (
        app.test_request_context("/", method="POST", data=bodies(value)[kind], content_type=kind) as context,
        pytest.raises(NotText) as refused,
    ):
        _ = context.request.form
    assert refused.value.code == 422
    assert list(refused.value.data["messages"]) == ["words"]


@pytest.mark.parametrize("kind", [PARTS, PAIRS])
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_utf_8_comes_through_as_it_is(app: Flask, text: str, kind: str) -> None:
    with app.test_request_context("/", method="POST", data=bodies(text.encode())[kind], content_type=kind) as context:
        assert context.request.form.to_dict() == {"kind": "lamp", "words": text}


def test_bytes_that_are_not_quoted_are_judged_too(app: Flask) -> None:
    sent = b"words=" + STRANGE[0]
    with (
        app.test_request_context("/", method="POST", data=sent, content_type=PAIRS) as context,
        pytest.raises(NotText),
    ):
        _ = context.request.form


@pytest.mark.parametrize("kind", [PARTS, "multipart/form-data", "text/plain"])
def test_what_is_no_form_is_an_empty_one(app: Flask, kind: str) -> None:
    with app.test_request_context("/", method="POST", data=b"nothing of the kind", content_type=kind) as context:
        assert not context.request.form
        assert not context.request.files


def test_it_is_said_in_the_readers_language(app: Flask) -> None:
    client = app.test_client()
    for language, said in (("en", "is not in UTF-8. Send"), ("zh-CN", "不是 UTF-8 编码")):
        answer = client.post(
            "/login", data=bodies(STRANGE[0])[PARTS], content_type=PARTS, headers={"Accept-Language": language}
        )
        assert answer.status_code == 422
        assert said in answer.text
