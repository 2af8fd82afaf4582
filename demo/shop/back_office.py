"""The staff's view: orders, those that need a person, and the calls that XCover received."""

from decimal import Decimal

from testkit.client.values import COVER_SKU

from . import documents as docs
from .payment_app import Till
from .settings import PAYMENT_TOKEN, STAFF_TOKEN, Settings
from .upstream import DESK_PATH, Host, Json, Problem, Simulator

DESK_APP = "covergenius.xcover.desk"
"""Identifier of the app that shows the desk in a dashboard."""

NOTE_PREFIX = "XCover: "
"""Start of the plugin's order notes."""
ROUTINE = (" confirmed, premium ", " cancelled, XCover refunds ", "XCover is asked what it refunds")
"""Parts of the notes that only inform. Every other note of the plugin asks for a decision."""
SETTLED = ("confirmed", "cancelled")
"""Statuses of a cover that need no further work."""
CALLS_SHOWN = 50
"""Number of XCover's calls shown, newest first."""


class BackOffice:
    """The staff's operations, with the store's tokens, which never leave this process.

    Methods raise ``Problem`` with a sentence for the staff when something is missing or fails.
    """

    def __init__(self, settings: Settings, host: Host, till: Till) -> None:
        self._settings = settings
        self._host = host
        self._till = till
        self._simulator = Simulator(settings.simulator) if settings.simulator else None

    def orders(self) -> list[Json]:
        """Return the latest orders, each with its policy and the reason why it needs a person."""
        found = self._host.execute(docs.STAFF_ORDERS, {}, token=self._staff_token())
        return [self._shown(edge["node"]) for edge in found["edges"]]

    def order(self, order_id: str) -> Json:
        """Return an order with its history and the current cover."""
        order = self._read(order_id)
        return {**self._shown(order), "cover": self._cover(order_id)}

    def refund(self, order_id: str, amount: Decimal | None) -> Json:
        """Report a refund of ``amount``, or of everything, as the payment app would.

        The amount is in the order's currency. The plugin decides about the policy itself.
        """
        if not self._settings.payment_token:
            raise Problem(f"Refunds need {PAYMENT_TOKEN} in the environment of the shop.", 409)
        transactions = self._read(order_id)["transactions"]
        return {"refunded": self._till.refund(transactions, amount)}

    def xcover(self) -> Json:
        """Return the calls that the simulated XCover received, newest first."""
        if self._simulator is None:
            return {"isGiven": False}
        state = self._simulator.state()
        booked = {each["offer_id"]: each["id"] for each in state["bookings"]}
        calls = [_call(call, booked) for call in reversed(state["calls"][-CALLS_SHOWN:])]
        return {
            "isGiven": True,
            "isDown": bool(state["faults"]),
            "calls": calls,
            "count": len(state["calls"]),
        }

    def set_xcover_down(self, is_down: bool) -> Json:
        """Make every call of the simulated XCover fail, or restore it."""
        if self._simulator is None:
            raise Problem("The shop was started without --simulator.", 409)
        self._simulator.be_down(is_down)
        return self.xcover()

    def desk(self) -> Json:
        """Return the desk's app and a token for it, as a dashboard gets them from its Saleor."""
        found = self._host.execute(docs.APPS, {}, token=self._staff_token())
        for edge in found["edges"]:
            app = edge["node"]
            if app["identifier"] == DESK_APP and app["accessToken"]:
                return {"id": app["id"], "token": app["accessToken"], "path": DESK_PATH}
        raise Problem("The desk is not there: run manage.py xcover_setup.", 404)

    def _read(self, order_id: str) -> Json:
        order: Json | None = self._host.execute(
            docs.STAFF_ORDER, {"id": order_id}, token=self._staff_token()
        )
        if order is None:
            raise Problem("This order is unknown.", 404)
        return order

    def _staff_token(self) -> str:
        if not self._settings.staff_token:
            raise Problem(f"The staff panel needs {STAFF_TOKEN} in the environment.", 409)
        return self._settings.staff_token

    def _shown(self, order: Json) -> Json:
        facts = {each["key"]: each["value"] for each in order["privateMetadata"]}
        status = facts.get("xcover.status")
        if status not in SETTLED and any(
            line["productSku"] == COVER_SKU for line in order["lines"]
        ):
            status = (self._cover(order["id"]) or {}).get("status") or status
        notes = [e["message"] for e in order["events"] if e["type"] == "NOTE_ADDED"]
        return {
            **order,
            "policy": {"status": status, "number": facts.get("xcover.policy")},
            "notes": notes,
            "needsPerson": _why_a_person(status, notes),
        }

    def _cover(self, order_id: str) -> Json | None:
        root = self._host.execute(docs.INSURANCE_COVER, {"id": order_id})
        cover: Json | None = root["cover"]
        # As the order's metadata says it; the plugin's GraphQL spells it in upper case. None is a
        # status of another version of the plugin.
        return cover and {**cover, "status": cover["status"] and cover["status"].lower()}


def _why_a_person(status: str | None, notes: list[str]) -> str | None:
    """Return the plugin's latest note if it asks for a decision, else None."""
    ours = [note.removeprefix(NOTE_PREFIX) for note in notes if note.startswith(NOTE_PREFIX)]
    latest = ours[-1] if ours else ""
    if latest and not any(words in latest for words in ROUTINE):
        return latest
    return "The policy could not be confirmed." if status == "parked" else None


def _call(call: Json, booked: dict[str, str]) -> Json:
    """Return the parts of a call that staff see; bodies are left out because they name people."""
    _, _, of_booking = call["path"].partition("/bookings/")
    _, _, of_offer = call["path"].partition("/offers/")
    booking = of_booking.split("/")[0] or booked.get(of_offer.split("/")[0], "")
    return {
        "at": call["at"],
        "operation": call["operation"],
        "status": call["status"],
        "fault": call["fault"],
        "key": call["idempotency_key"],
        "booking": booking,
    }
