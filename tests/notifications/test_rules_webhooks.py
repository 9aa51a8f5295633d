"""Signatures as the standard's own verifier takes them; addresses that may be called, and those that may not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from app.notifications.rules import webhooks as rules
from app.notifications.webhooks import calling


def headers(message_id: str, seconds: int, signed: str) -> dict[str, str]:
    return {"webhook-id": message_id, "webhook-timestamp": str(seconds), "webhook-signature": signed}


@given(st.text(max_size=20), st.integers(1, 10**12))
def test_the_standards_verifier_accepts_our_signature(text: str, number: int) -> None:
    secret, former = rules.new_secret(), rules.new_secret()
    body = json.dumps({"said": text}).encode()
    seconds = int(datetime.now(UTC).timestamp())
    message_id = f"msg_1_{number}"
    signed = rules.signatures([secret, former], message_id, seconds, body)
    for held in (secret, former):  # both are good while a secret is being changed
        Webhook(held).verify(body, headers(message_id, seconds, signed))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers(message_id, seconds, signed))
    with pytest.raises(WebhookVerificationError):
        Webhook(rules.new_secret()).verify(body, headers(message_id, seconds, signed))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # cloud metadata
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to be refused, not one to listen on
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2001:0:4136:e378::80ff:fffe",  # Teredo of 127.0.0.1
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    ],
)
def test_private_addresses_are_not_reachable(address: str) -> None:
    assert not rules.reachable(address)


def test_public_and_allowed_addresses_are_reachable() -> None:
    assert rules.reachable("8.8.8.8")
    assert rules.reachable("2001:4860:4860::8888")
    campus = calling.networks(["10.20.0.0/16"])
    assert rules.reachable("10.20.3.4", campus)
    assert rules.reachable("::ffff:10.20.3.4", campus)
    assert rules.reachable("2001:0:4136:e378::f5eb:fcfb", campus)  # Teredo of 10.20.3.4
    assert not rules.reachable("10.21.3.4", campus)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.edu/", "scheme"),
        ("http://example.edu/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("https://user:pw@example.edu/", "form"),
        ("https://example.edu/#part", "form"),
        ("https://example.edu/a b", "form"),
        ("https://example.edu/报修", "form"),
        ("https://example.edu:99999/", "form"),
        ("https://[::1", "form"),
        ("https://exa_mple.edu/", "name"),
        ("https:///path", "name"),
        ("https://example.edu/" + "a" * 600, "form"),
        ("https://example.edu/\r\nX: y", "form"),
    ],
)
def test_addresses_that_are_none(url: str, code: str) -> None:
    with pytest.raises(rules.BadTarget) as refused:
        rules.target(url, rules.Allowed())
    assert refused.value.code == code


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = rules.target(text, rules.Allowed(plain=True))
    except rules.BadTarget:
        return
    assert found.host.isascii()
    assert 0 < found.port < 65536
    assert found.path.startswith("/")


def test_an_address_is_taken_apart() -> None:
    assert rules.target("https://bücher.example:8443/a?b=1", rules.Allowed()) == rules.Target(
        True, "xn--bcher-kva.example", 8443, "/a?b=1"
    )
    campus = rules.Allowed(plain=True, networks=calling.networks(["10.0.0.0/8"]))
    assert rules.target("http://10.0.0.1", campus) == rules.Target(False, "10.0.0.1", 80, "/")


@pytest.mark.parametrize(
    "host",
    [
        "10.1.2.3",
        "127.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[fe80::1%25eth0]",
        "2130706433",  # 127.0.0.1 as one number
        "0177.0.0.1",  # octal
        "0x7f.1",
        "0xa000001",
        "127.1",
        "10.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "localhost",
        "gate.localhost",
    ],
)
def test_an_address_written_out_is_judged_before_anything_is_called(host: str) -> None:
    with pytest.raises(rules.BadTarget) as refused:
        rules.target(f"https://{host}/in", rules.Allowed())
    assert refused.value.code == "private"


def test_networks_opened_on_purpose_may_be_written_out() -> None:
    opened = rules.Allowed(networks=calling.networks(["127.0.0.0/8", "10.0.0.0/8", "::1/128"]))
    for host in ("10.1.2.3", "2130706433", "[::1]", "[::ffff:10.0.0.1]", "localhost"):
        assert rules.target(f"https://{host}/in", opened).path == "/in"
    assert rules.target("https://8.8.8.8/in", rules.Allowed()).host == "8.8.8.8"


@pytest.mark.parametrize("host", ["1.2.3.4.5", "999.1.1.1", "4294967296", "a.0x1", "host.09"])
def test_a_number_that_is_no_address_is_no_name_either(host: str) -> None:
    with pytest.raises(rules.BadTarget) as refused:
        rules.target(f"https://{host}/in", rules.Allowed())
    assert refused.value.code == "name"
