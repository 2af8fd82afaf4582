"""Faults that change the body of a response; ``http_responses`` holds those of the connection."""

from typing import Any

from .faults import Fault, Kind
from .jsontext import Json
from .operation import OperationResponse


def apply_fault(response: OperationResponse, fault: Fault | None) -> OperationResponse:
    """Return ``response`` with its body changed by ``fault``. The store is not affected."""
    if fault is None or not isinstance(response.body, dict):
        return response
    match fault.kind:
        case Kind.ERRORS_IN_2XX:
            return _with_body(response, _with_errors(response.body, fault.order.message))
        case Kind.NULL_PRODUCT:
            return _with_body(response, _with_null(response.body, fault.order.index))
        case Kind.MISSING_CONTENT:
            return _with_body(response, _without(response.body, fault.order.part))
        case _:
            return response


def _with_body(response: OperationResponse, body: Json) -> OperationResponse:
    return OperationResponse(response.status, body, response.announces)


def _items(body: Json) -> str:
    return "products" if "products" in body else "quotes"


def _with_errors(body: Json, message: str | None) -> Json:
    """Return ``body`` with null items and ``errors`` filled, as documented for a partial failure.

    Source: https://partner-docs.covergenius.com/offers/api/responses/error-types
    """
    name = _items(body)
    error = {"message": message or "Quote could not be created", "type": "quote_creation_failure"}
    count = len(body[name])
    errors = {str(index): error for index in range(count)}
    return {**body, name: [None] * count, "errors": errors}


def _with_null(body: Json, index: int) -> Json:
    name = _items(body)
    items = [None if place == index else item for place, item in enumerate(body[name])]
    return {**body, name: items}


def _without(body: Json, part: str) -> Json:
    if part == "content":
        return {name: value for name, value in body.items() if name != "content"}
    if part == "pds_url":
        products = [
            {**product, "details": {**product["details"], "pds_url": None}}
            for product in body["products"]
        ]
        return {**body, "products": products}
    names = {"disclaimer": ("disclaimer", "disclaimer_html"), "title": ("title", "heading")}[part]
    content = body.get("content")
    if not isinstance(content, dict):
        return body
    blank: dict[str, Any] = dict.fromkeys(names, None)
    products = [
        {**product, **{name: None for name in blank if name in product}}
        for product in content["products"]
    ]
    return {**body, "content": {**content, **blank, "products": products}}
