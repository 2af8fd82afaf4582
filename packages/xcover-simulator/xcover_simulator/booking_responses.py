"""Booking responses: the captured and recorded shapes, filled with the simulator's values."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from .jsontext import Json
from .payloads import PolicyholderIn
from .pricing import formatted, money
from .refunds import can_be_cancelled
from .settings import Settings
from .store import CONFIRMED, BookedQuote, Booking, Event, Store

SITE = "https://simulator.invalid/en"
"""Base of the account, claim, cancellation and certificate links. The host does not resolve."""
PDS_PATH = "/en/pds"
"""Path of the policy wording, which the simulator serves itself."""
POLICY_SLUG = "event_ticket_protection_v1"
"""Slug of the simulated policy type, version included."""
POLICY_VERSION = "5eed0000-0000-4000-8000-000000000001"
"""Id of the policy version in every offer and booking."""


def stamp(moment: datetime | None) -> str | None:
    """Return ``moment`` in UTC with a trailing ``Z``, as recorded for ``created_at``."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def without_zone(moment: datetime | None) -> str | None:
    """Return ``moment`` in UTC without an offset, as captured for the policy dates."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def amounts(currency: str, **values: Decimal | None) -> Json:
    """Return each amount under its name, and its text under ``<name>_formatted``.

    Amounts are rounded to the decimals of ``currency``; None stays null in both fields.
    """
    response: Json = {}
    for name, value in values.items():
        response[name] = None if value is None else money(value, currency)
        response[f"{name}_formatted"] = None if value is None else formatted(value, currency)
    return response


def live_total(booking: Booking, part: str) -> Decimal:
    """Return the sum of one attribute of ``Premium`` over the quotes that are not cancelled.

    ``part`` is ``total``, ``tax`` or ``net``. The sum is in the booking's currency.
    """
    live = (quote.premium for quote in booking.quotes if quote.status == CONFIRMED)
    return sum((getattr(premium, part) for premium in live), Decimal(0))


def booking_response(store: Store, booking: Booking, *, read_back: bool = False) -> Json:
    """Return a booking as the confirm response carries it.

    ``read_back`` adds ``partner`` and ``customer_language``, which only GET returns (recorded).
    """
    token = booking.security_token
    account = f"{SITE}/account?id={booking.account_id}&signup_token={token}"
    response: Json = {
        "id": booking.id,
        "status": booking.status,
        "currency": booking.currency,
        **amounts(booking.currency, total_price=live_total(booking, "total")),
        "partner_transaction_id": booking.partner_transaction_id,
        "created_at": stamp(booking.created_at),
        "updated_at": stamp(booking.updated_at),
        "pds_url": pds_url(store.settings, booking.id),
        "security_token": token,
        "quotes": [_quote(store, booking, quote) for quote in booking.quotes],
        "coi": coi(booking),
        "account_url": account,
        "sign_up_url": account,
        "policyholder": policyholder(booking),
        **amounts(booking.currency, total_tax=live_total(booking, "tax")),
        **amounts(booking.currency, total_premium=live_total(booking, "net")),
        "fnol_link": f"{SITE}/account/claims/fnol?bookingID={booking.id}&security_token={token}",
        "cancel_link": f"{SITE}/cancel/{booking.id}?security_token={token}",
        "booking_agent": booking.booking_agent,
        "fast_quote_id": booking.offer_id,
    }
    if read_back:
        response["partner"] = partner(store.settings)
        response["customer_language"] = booking.language
    return response


def policy(currency: str, event: Event) -> Json:
    """Return the ``policy`` of a quote. The title names the event (recorded, older API)."""
    return {
        "policy_type": "event_ticket_protection",
        "policy_type_version": "1",
        "policy_type_slug": POLICY_SLUG,
        "policy_type_group_name": "event",
        "policy_name": "Simulated Ticket Protection",
        "policy_code": "SIMTP001",
        "policy_version": POLICY_VERSION,
        "category": "event_ticket_protection",
        "content": {"title": f"Ticket protection for {event.name}"},
        "underwriter": {
            "disclaimer": "Simulated: no insurer stands behind this policy",
            "name": "Simulated Underwriter",
        },
        "claim_selector_id": None,
        "policy_currency": currency,
    }


def policyholder(booking: Booking) -> Json:
    """Return the policyholder with all captured keys; unknown values are null."""
    known = {name: booking.policyholder.get(name) for name in PolicyholderIn.model_fields}
    return {**known, "allow_updates": False, "fields_allowed_to_update": []}


def coi(booking: Booking) -> Json:
    """Return the links of the certificate of insurance.

    In the real API these links open without a login, so clients must not log them.
    """
    path, token = f"{SITE}/coi/{booking.id}", booking.security_token
    return {
        "url": f"{path}?security_token={token}",
        "pdf": f"{path}.pdf?security_token={token}",
    }


def pds_url(settings: Settings, item_id: str, quote_id: str | None = None) -> str:
    """Return the link to the policy wording.

    ``item_id`` is the id of an offer or a booking; ``quote_id`` narrows the page to one quote.
    """
    suffix = f"?policy_type={POLICY_SLUG}&quote_id={quote_id}" if quote_id else ""
    return f"{settings.site}{PDS_PATH}/{item_id}{suffix}"


def partner(settings: Settings) -> Json:
    """Return the ``partner`` object of responses.

    ``xpay_refund_enabled`` and ``automatic_refund_by_xcore`` suggest that XCover pays refunds to
    the customer itself (inferred from their names; both are false in the recordings).
    """
    about: Json = {
        "id": settings.partner_code,
        "slug": "simulated-partner",
        "name": "simulated-partner",
        "title": "Simulated Partner",
        "logo": None,
        "contact_url": "https://simulator.invalid/contact",
        "partner_url": None,
        "help_center_url": None,
        "updated_at": "2026-01-01T00:00:00Z",
        "xpay_payment_enabled": False,
        "xpay_b2c_payment_enabled": False,
        "xpay_refund_enabled": settings.xpay_refund_enabled,
        "automatic_refund_by_xcore": settings.automatic_refund_by_xcore,
        "allow_policy_modifications_on_xcover": False,
        "emails": [],
        "attributes": {},
        "signup_method_on_xcover": None,
        "use_standard_region": None,
        "allow_payout_customer": True,
        "eligible_for_xpay_charge_retry": False,
    }
    return {**about, "subsidiary": dict(about)}


def _quote(store: Store, booking: Booking, quote: BookedQuote) -> Json:
    currency, premium, end = booking.currency, quote.premium, quote.event.end or quote.event.start
    return {
        "id": quote.id,
        "policy_start_date": without_zone(quote.policy_start),
        "policy_end_date": without_zone(end),
        "status": quote.status,
        **amounts(currency, price=premium.total),
        "policy": policy(currency, quote.event),
        "insured": quote.insured,
        "tax": {
            **amounts(currency, total_tax=premium.tax, total_amount_without_tax=premium.net),
            "taxes": [{"tax_code": "IPT", **amounts(currency, tax_amount=premium.tax)}],
        },
        "duration": _duration(end - quote.policy_start),
        "benefits": [],
        "commission": commission(currency, premium.commission),
        "created_at": stamp(quote.created_at),
        "confirmed_at": stamp(quote.confirmed_at),
        "updated_at": stamp(quote.updated_at),
        "cancelled_at": stamp(quote.cancelled_at),
        "cancelled_from": stamp(quote.cancelled_from),
        "is_renewable": False,
        "is_pricebeat_enabled": None,
        **amounts(currency, cover_amount=sum(quote.event.tickets, Decimal(0))),
        "pds_url": pds_url(store.settings, booking.id, quote.id),
        "attachments": [],
        "files": [],
        "custom_documents": None,
        "extra_fields": {},
        "surcharge": {"surcharges": None, **amounts(currency, total_amount=None)},
        "parent_quote_status": None,
        "experiment": None,
        "next_renewal": None,
        "can_be_cancelled": can_be_cancelled(store.settings, quote, store.now()),
        "third_party_admins": [],
        "ombudsman_list": [],
        "cancellation_info": {"reason_for_cancellation": quote.reason},
    }


def commission(currency: str, amount: Decimal) -> Json:
    """Return the ``commission`` of a quote; XCover reports zero once cancelled (captured)."""
    return amounts(
        currency,
        partner_commission=amount,
        surcharge_commission=Decimal(0),
        total_commission=amount,
    )


def _duration(length: timedelta) -> str:
    seconds = max(0, int(length.total_seconds()))
    days, rest = divmod(seconds, 86400)
    clock = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{days} {clock}" if days else clock
