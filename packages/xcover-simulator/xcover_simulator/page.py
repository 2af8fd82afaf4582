"""The HTML control page, which shows the state as tables."""

from collections.abc import Iterable
from html import escape
from typing import Any

from .jsontext import Json, dumps

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:.3rem 0 1.6rem}"
    "th,td{border-bottom:1px solid #ddd;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "th{background:#f4f4f4}td{overflow-wrap:anywhere}"
)
_SHOWN_CALLS = 200


def render(state: Json) -> str:
    """Return the HTML page for ``state``, as returned by ``state.state``; values are escaped."""
    calls = state["calls"]
    parts = [
        "<h1>Simulated XCover</h1>",
        f"<p>It is {escape(state['now'])} here.</p>",
        "<p><strong>Nothing on this page is insured.</strong></p>",
        _table(
            "Bookings",
            ("id", "status", "total_price_formatted", "partner_transaction_id", "created_at"),
            state["bookings"],
        ),
        _table("Offers", ("id", "currency", "booking_id", "created_at", "quotes"), state["offers"]),
        _table("Opt-outs", ("offer_id", "at", "times"), state["opt_outs"]),
        _table(
            "Cancellations and previews",
            ("id", "booking_id", "refunds", "confirm_before", "done_at"),
            state["cancellations"],
        ),
        _table("Webhooks", ("event", "booking_id", "delivered", "attempts"), state["webhooks"]),
        _table("Faults to come", ("operation", "kind", "times"), state["faults"]),
        _table(
            f"Last {min(len(calls), _SHOWN_CALLS)} of {len(calls)} calls, newest first",
            ("at", "operation", "method", "path", "status", "fault", "idempotency_key"),
            list(reversed(calls))[:_SHOWN_CALLS],
        ),
        _table(
            "Settings",
            ("name", "value"),
            [{"name": name, "value": value} for name, value in state["settings"].items()],
        ),
    ]
    head = f'<meta charset="utf-8"><title>Simulated XCover</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def _table(title: str, columns: Iterable[str], rows: list[Json]) -> str:
    names = list(columns)
    if not rows:
        return f"<h2>{escape(title)}</h2><p>None.</p>"
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in names) + "</tr>"
        for row in rows
    )
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return escape(value if isinstance(value, str) else dumps(value))
