"""What stands around every page of the desk."""

from __future__ import annotations

from tests.e2e.browsing import Visitors
from tests.e2e.product import Api


def test_the_rail_shows_the_present_place_however_low_it_stands(visitors: Visitors) -> None:
    """The administrator has more places than 900 pixels hold."""
    desk = visitors.page("admin")
    desk.set_viewport_size({"width": 1440, "height": 700})
    for path in ("/audit", "/places", "/"):
        desk.goto(path)
        inside = desk.locator(".rail__scroll").evaluate(
            """list => {
                const at = list.querySelector("[aria-current]").getBoundingClientRect();
                const box = list.getBoundingClientRect();
                return at.top >= box.top - 1 && at.bottom <= box.bottom + 1;
            }"""
        )
        assert inside, path


def test_the_cross_of_an_open_order_stays_in_the_first_line(visitors: Visitors, desk_api: Api) -> None:
    desk = visitors.page("dispatcher")
    desk.set_viewport_size({"width": 1000, "height": 800})
    order = desk_api.call("GET", "/work-orders?state=on_hold")["items"][0]
    desk.goto(f"/dispatch/{order['id']}")
    head = desk.locator(".panel__head")
    cross, number = head.locator("a[data-key=Escape]").bounding_box(), head.locator(".mono").bounding_box()
    assert cross is not None
    assert number is not None
    assert abs(cross["y"] + cross["height"] / 2 - number["y"] - number["height"] / 2) < cross["height"]
