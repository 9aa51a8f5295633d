"""A browser's own description, short enough to recognise a device by."""

from __future__ import annotations

# Order matters: most browsers also claim to be the older ones.
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("DingTalk", "DingTalk"),
    ("wxwork", "WeCom"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("QQBrowser", "QQ Browser"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
PHONES = frozenset({"iPhone", "Android", "HarmonyOS"})


def browser(user_agent: str | None) -> str:
    """`Chrome`; empty where nothing is recognised."""
    return next((name for mark, name in _BROWSERS if mark in (user_agent or "")), "")


def system(user_agent: str | None) -> str:
    """`Windows`; empty where nothing is recognised."""
    return next((name for mark, name in _SYSTEMS if mark in (user_agent or "")), "")
