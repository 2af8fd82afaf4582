"""The control page for people: the state as plain tables."""

from dataclasses import dataclass

from .jsontext import Json
from .rendering import render

_SHOWN_CALLS = 200


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the state, and which of their values are shown."""

    title: str
    columns: tuple[str, ...]
    rows: list[Json]


def control_page(state: Json) -> str:
    """Return ``state`` as an HTML page."""
    tables = [
        Table(
            "Bookings",
            ("id", "status", "total_price_formatted", "partner_transaction_id", "created_at"),
            state["bookings"],
        ),
        Table("Offers", ("id", "currency", "booking_id", "created_at", "quotes"), state["offers"]),
        Table("Opt-outs", ("offer_id", "at", "times"), state["opt_outs"]),
        Table(
            "Cancellations and previews",
            ("id", "booking_id", "refunds", "confirm_before", "done_at"),
            state["cancellations"],
        ),
        Table("Webhooks", ("event", "booking_id", "delivered", "attempts"), state["webhooks"]),
        Table("Faults to come", ("operation", "kind", "times"), state["faults"]),
        _calls(state["calls"]),
        _settings(state["settings"]),
    ]
    return render("control.html", now=state["now"], tables=tables)


def _calls(calls: list[Json]) -> Table:
    return Table(
        f"Last {min(len(calls), _SHOWN_CALLS)} of {len(calls)} calls, newest first",
        ("at", "operation", "method", "path", "status", "fault", "idempotency_key"),
        list(reversed(calls))[:_SHOWN_CALLS],
    )


def _settings(settings: Json) -> Table:
    rows = [{"name": name, "value": value} for name, value in settings.items()]
    return Table("Settings", ("name", "value"), rows)
