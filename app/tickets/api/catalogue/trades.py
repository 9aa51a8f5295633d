"""Trades over the API."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.errors import NotFound
from app.core.forms import id_in_address
from app.core.http import (
    accepts,
    answers,
    current_actor,
    json_list,
    no_body,
    policy,
    seen_fields,
    versioned,
)
from app.core.seen import tag
from app.tickets import policies
from app.tickets.api.catalogue.entry import blueprint
from app.tickets.models import Trade
from app.tickets.queries import catalogue_pages as queries
from app.tickets.schemas.catalogue import trades as schemas
from app.tickets.services import catalogue as services


@blueprint.route("/catalogue/trades", methods=["GET"])
@accepts(blueprint, schemas.TradeQuery, location="query")
@answers(blueprint, 200, schemas.TradePage)
@policy(policies.may_read_policies)
def list_trades(asked: dict[str, Any]) -> Any:
    """The trades, by code"""
    page = queries.trades_page(closed=asked["closed"], cursor=asked["cursor"], limit=asked["limit"])
    return json_list(list(page.items), page.next)


@blueprint.route("/catalogue/trades", methods=["POST"])
@accepts(blueprint, schemas.TradeIn)
@answers(blueprint, 201, schemas.TradeOut)
@policy(policies.may_edit_catalogue)
def add_trade(sent: dict[str, Any]) -> Any:
    """A new trade"""
    made = _trade(services.add_trade(actor=current_actor(), now=clock.now(), **sent))
    return versioned(made, tag(_own(made)), 201)


@blueprint.route("/catalogue/trades/<string:trade_id>", methods=["GET"])
@answers(blueprint, 200, schemas.TradeOut)
@policy(policies.may_read_policies)
def show_trade(trade_id: str) -> Any:
    """One trade; a closed one, too"""
    found = _trade(id_in_address(trade_id))
    return versioned(found, tag(_own(found)))


@blueprint.route("/catalogue/trades/<string:trade_id>", methods=["PATCH"])
@accepts(blueprint, schemas.TradeChange)
@answers(blueprint, 200, schemas.TradeOut)
@policy(policies.may_edit_catalogue)
def change_trade(sent: dict[str, Any], trade_id: str) -> Any:
    """Another name; the code stays"""
    number, seen = id_in_address(trade_id), seen_fields(_own)
    services.change_trade(actor=current_actor(), now=clock.now(), trade_id=number, name=sent["name"], seen=seen)
    found = _trade(number)
    return versioned(found, tag(_own(found)))


@blueprint.route("/catalogue/trades/<string:trade_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_catalogue)
def close_trade(trade_id: str) -> Any:
    """From today on no new order needs it; refused while a category has it"""
    number, seen = id_in_address(trade_id), seen_fields(_own, required=False)
    services.close_trade(actor=current_actor(), now=clock.now(), trade_id=number, seen=seen)
    return no_body()


def _trade(trade_id: int) -> Trade:
    found = queries.trade(trade_id)
    if found is None:
        raise NotFound
    return found


def _own(trade: Trade) -> dict[str, Any]:
    """What a trade's tag stands for."""
    return {"code": trade.code, "name": trade.name, "valid_to": trade.valid_to}
