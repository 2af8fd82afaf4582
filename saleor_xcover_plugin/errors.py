"""Refusals of the storefront API: a stable code, a sentence for the shopper and one for staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """Stable codes of the storefront contract; ``SENTENCES`` and docs/errors.md explain each.

    Storefronts translate by code.
    """

    CHECKOUT_NOT_FOUND = "checkout_not_found"
    CHECKOUT_IN_OTHER_CHANNEL = "checkout_in_other_channel"
    ORDER_NOT_FOUND = "order_not_found"
    NO_TICKETS = "no_tickets"
    EVENT_DATA_MISSING = "event_data_missing"
    PAYLOAD_INCOMPLETE = "payload_incomplete"
    PAYLOAD_BROKEN = "payload_broken"
    PAYLOAD_REFUSED = "payload_refused"
    EVENT_STARTED = "event_started"
    EVENT_CANCELLED = "event_cancelled"
    COUNTRY_MISSING = "country_missing"
    COUNTRY_WITHOUT_OFFER = "country_without_offer"
    REGION_WITHOUT_OFFER = "region_without_offer"
    TICKETS_EXCLUDED = "tickets_excluded"
    TICKETS_REFUNDABLE = "tickets_refundable"
    TICKET_PRICE_TOO_LOW = "ticket_price_too_low"
    TICKET_PRICE_TOO_HIGH = "ticket_price_too_high"
    INSURED_VALUE_TOO_HIGH = "insured_value_too_high"
    EVENT_TOO_SOON = "event_too_soon"
    EVENT_TOO_FAR = "event_too_far"
    CURRENCY_WITHOUT_OFFER = "currency_without_offer"
    DISCOUNT_NOT_SUPPORTED = "discount_not_supported"
    TAXED_BY_APP = "taxed_by_app"
    TAX_NOT_REPRESENTABLE = "tax_not_representable"
    NOT_SET_UP = "not_set_up"
    OFFERS_OFF = "offers_off"
    PAYMENT_STARTED = "payment_started"
    NO_OFFER = "no_offer"
    PRODUCT_FAILED = "product_failed"
    PRODUCTS_AMBIGUOUS = "products_ambiguous"
    RULE_UNREADABLE = "rule_unreadable"
    RULE_PRODUCT_UNKNOWN = "rule_product_unknown"
    RULE_PRODUCT_IN_TWO_GROUPS = "rule_product_in_two_groups"
    RULE_MINIMUM_ABOVE_MAXIMUM = "rule_minimum_above_maximum"
    RULE_MINIMUM_OUT_OF_REACH = "rule_minimum_out_of_reach"
    RULE_STATE_UNKNOWN = "rule_state_unknown"
    RULE_LEAVES_NO_CHOICE = "rule_leaves_no_choice"
    TEXT_UNREADABLE = "text_unreadable"
    TEXT_TOO_LONG = "text_too_long"
    XCOVER_UNAVAILABLE = "xcover_unavailable"
    XCOVER_REFUSED_CREDENTIALS = "xcover_refused_credentials"
    OFFER_PENDING = "offer_pending"
    OFFER_STALE = "offer_stale"
    OFFER_EXPIRED = "offer_expired"
    QUOTE_NOT_OFFERED = "quote_not_offered"
    QUOTE_DISABLED = "quote_disabled"
    TOO_MANY_CHOSEN = "too_many_chosen"
    TOO_FEW_CHOSEN = "too_few_chosen"
    TERMS_CHANGED = "terms_changed"
    POLICYHOLDER_INCOMPLETE = "policyholder_incomplete"
    INSURED_INCOMPLETE = "insured_incomplete"
    POLICYHOLDER_COUNTRY_DIFFERS = "policyholder_country_differs"
    PRICE_NOT_EXACT = "price_not_exact"
    SHIPPING_TAX_NOT_EXACT = "shipping_tax_not_exact"
    COVER_CHANGED = "cover_changed"
    CHECK_FAILED = "check_failed"
    NOT_INSURED = "not_insured"
    TOO_MANY_REQUESTS = "too_many_requests"
    BUSY = "busy"
    BAD_REQUEST = "bad_request"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class _Sentences:
    shopper: str
    staff: str


_NO_PROTECTION = (
    "Ticket protection is not available for this purchase. You can buy your tickets without it."
)
_ASK = "Ask Cover Genius to correct the product rules."

# The sentences of each code, in English.
SENTENCES: dict[Code, _Sentences] = {
    Code.CHECKOUT_NOT_FOUND: _Sentences(
        "We could not find this checkout. Reload the page and try again.",
        "The checkout id is unknown, or the checkout has already become an order.",
    ),
    Code.CHECKOUT_IN_OTHER_CHANNEL: _Sentences(
        "We could not find this checkout. Reload the page and try again.",
        "The checkout belongs to another channel than the one in the address of the request.",
    ),
    Code.ORDER_NOT_FOUND: _Sentences(
        "We could not find this order.", "The order token is unknown in this channel."
    ),
    Code.NO_TICKETS: _Sentences(
        _NO_PROTECTION,
        "The checkout holds no insurable tickets. Check the ticket product types and the event "
        "data mapping in the plugin's configuration.",
    ),
    Code.EVENT_DATA_MISSING: _Sentences(
        _NO_PROTECTION,
        "A ticket product lacks event data. Fill the named fields on the product, or correct the "
        "event data mapping in the plugin's configuration.",
    ),
    Code.PAYLOAD_INCOMPLETE: _Sentences(
        _NO_PROTECTION,
        "The sale lacks values that the payload template requires; their places are named. "
        "manage.py xcover_payload --checkout ID shows why. Store the values, or change the "
        "template (default, omit_if_missing).",
    ),
    Code.PAYLOAD_BROKEN: _Sentences(
        _NO_PROTECTION,
        "The payload template, file or builder of this channel cannot be used. manage.py "
        "xcover_doctor says why.",
    ),
    Code.PAYLOAD_REFUSED: _Sentences(
        _NO_PROTECTION,
        "XCover refused what the payload of this channel sends; the log names the fields "
        "(xcover.offer.unavailable). Compare manage.py xcover_payload --product SLUG with what "
        "Cover Genius agreed with you.",
    ),
    Code.EVENT_STARTED: _Sentences(
        _NO_PROTECTION, "An event in the checkout has already started; nothing can be insured."
    ),
    Code.EVENT_CANCELLED: _Sentences(
        _NO_PROTECTION,
        "The organiser cancelled an event in the checkout (xcover_event --cancelled). If it takes "
        "place after all: xcover_event --takes-place.",
    ),
    Code.COUNTRY_MISSING: _Sentences(
        "Enter your address to see ticket protection.",
        "The checkout has no billing or shipping address yet, so the country is unknown.",
    ),
    Code.COUNTRY_WITHOUT_OFFER: _Sentences(
        _NO_PROTECTION, "The country is not on the list of countries in the configuration."
    ),
    Code.REGION_WITHOUT_OFFER: _Sentences(
        _NO_PROTECTION, "The limits of this channel make no offer in the buyer's region."
    ),
    Code.TICKETS_EXCLUDED: _Sentences(
        _NO_PROTECTION,
        "All tickets in the checkout are switched off: by the limits of this channel (product, "
        "product type, category), or by xcover_insurable in the metadata of product or variant.",
    ),
    Code.TICKETS_REFUNDABLE: _Sentences(
        _NO_PROTECTION,
        "The limits of this channel insure non-refundable tickets only, and all tickets in the "
        "checkout are marked as refundable.",
    ),
    Code.TICKET_PRICE_TOO_LOW: _Sentences(
        _NO_PROTECTION, "All tickets in the checkout are cheaper than the limits of this channel."
    ),
    Code.TICKET_PRICE_TOO_HIGH: _Sentences(
        _NO_PROTECTION, "A ticket in the checkout is dearer than the limits of this channel."
    ),
    Code.INSURED_VALUE_TOO_HIGH: _Sentences(
        _NO_PROTECTION,
        "The tickets are worth more than the limits of this channel insure; the field says whether "
        "for one person or in one order.",
    ),
    Code.EVENT_TOO_SOON: _Sentences(
        _NO_PROTECTION,
        "An event begins too soon: the limits of this channel end offers a while before the start.",
    ),
    Code.EVENT_TOO_FAR: _Sentences(
        _NO_PROTECTION, "An event begins later than the limits of this channel allow."
    ),
    Code.CURRENCY_WITHOUT_OFFER: _Sentences(
        _NO_PROTECTION, "The currency is not on the list of currencies in the configuration."
    ),
    Code.DISCOUNT_NOT_SUPPORTED: _Sentences(
        "Ticket protection cannot be combined with the discount in your checkout.",
        "A discount on the whole order would also reduce the premium. Use vouchers for specific "
        "products: they leave the premium alone.",
    ),
    Code.TAXED_BY_APP: _Sentences(
        _NO_PROTECTION,
        "The tax app of this channel taxes the protection, or gives no usable answer, so the "
        "premium cannot be kept exact. Have it treat the cover product's tax class as exempt "
        "(0 %).",
    ),
    Code.TAX_NOT_REPRESENTABLE: _Sentences(
        _NO_PROTECTION,
        "The tax in the premium cannot be on the protection's line: no rate of its tax class "
        "yields XCover's net and gross to the cent here, and this channel sells no other (Only "
        "with the tax on the line, in the plugin's configuration).",
    ),
    Code.NOT_SET_UP: _Sentences(
        _NO_PROTECTION,
        "The cover product is missing or not listed in this channel. Run: manage.py xcover_setup",
    ),
    Code.OFFERS_OFF: _Sentences(
        _NO_PROTECTION,
        "Offers are switched off in this channel (Make offers, in the plugin's configuration).",
    ),
    Code.PAYMENT_STARTED: _Sentences(
        "Your payment has started, so ticket protection can no longer be changed.",
        "Money is authorised, charged or pending; the checkout is left as it is.",
    ),
    Code.NO_OFFER: _Sentences(_NO_PROTECTION, "XCover made no offer for these tickets."),
    Code.PRODUCT_FAILED: _Sentences(
        _NO_PROTECTION,
        "XCover could not price one of the products it wanted to offer, so nothing was offered.",
    ),
    Code.PRODUCTS_AMBIGUOUS: _Sentences(
        _NO_PROTECTION,
        "XCover offered several products for several events and no product rules, so it is unclear "
        "which of them may be bought together. Ask Cover Genius to configure product rules.",
    ),
    Code.RULE_UNREADABLE: _Sentences(
        _NO_PROTECTION,
        "XCover's product rules hold something this version does not know, or a field of them is "
        "missing, empty or out of range. Look for a newer version of the plugin; if there is none, "
        "ask Cover Genius to correct the product rules.",
    ),
    Code.RULE_PRODUCT_UNKNOWN: _Sentences(
        _NO_PROTECTION, f"A product rule of XCover's names a product it did not offer. {_ASK}"
    ),
    Code.RULE_PRODUCT_IN_TWO_GROUPS: _Sentences(
        _NO_PROTECTION, f"XCover's product rules name a product twice. {_ASK}"
    ),
    Code.RULE_MINIMUM_ABOVE_MAXIMUM: _Sentences(
        _NO_PROTECTION,
        f"A product rule of XCover's asks for more products than it allows. {_ASK}",
    ),
    Code.RULE_MINIMUM_OUT_OF_REACH: _Sentences(
        _NO_PROTECTION,
        f"A product rule of XCover's asks for more products than its group holds. {_ASK}",
    ),
    Code.RULE_STATE_UNKNOWN: _Sentences(
        _NO_PROTECTION,
        "A product rule of XCover's has an initial state this version does not know, and something "
        "must be taken from its group. Look for a newer version of the plugin.",
    ),
    Code.RULE_LEAVES_NO_CHOICE: _Sentences(
        _NO_PROTECTION, f"XCover's product rules hide or disable every product. {_ASK}"
    ),
    Code.TEXT_UNREADABLE: _Sentences(
        _NO_PROTECTION,
        "A text of XCover's offer has a shape this version cannot read completely, and an offer is "
        "not sold without a part of its terms. Look for a newer version of the plugin; if there is "
        "none, ask Cover Genius to correct the content of the product.",
    ),
    Code.TEXT_TOO_LONG: _Sentences(
        _NO_PROTECTION,
        "A text of XCover's offer is longer than any terms should be, or all of them together are, "
        "and terms are never cut: ask Cover Genius to shorten the content of the product.",
    ),
    Code.XCOVER_UNAVAILABLE: _Sentences(
        _NO_PROTECTION,
        "XCover did not answer in time, or answered what cannot be used, such as an offer without "
        "disclaimer or policy wording; tickets sell without an offer meanwhile. The log event "
        "xcover.offer.unavailable says which it was.",
    ),
    Code.XCOVER_REFUSED_CREDENTIALS: _Sentences(
        _NO_PROTECTION,
        "XCover refused the credentials. Check partner code, API key, API secret and the clock.",
    ),
    Code.OFFER_PENDING: _Sentences(
        "We are asking for your price. Try again in a moment.",
        "Another request for the same checkout is under way, or another database session holds "
        "what reading or requesting the offer needs (xcover.storefront.busy in the log).",
    ),
    Code.OFFER_STALE: _Sentences(
        "Your checkout has changed. Please look at the new offer.",
        "Tickets, currency, country or language changed after the offer was made.",
    ),
    Code.OFFER_EXPIRED: _Sentences(
        "The offer is no longer valid. Please look at the new offer.",
        "The offer is older than the validity in the plugin's configuration.",
    ),
    Code.QUOTE_NOT_OFFERED: _Sentences(
        "This offer does not belong to your checkout. Please look at the offer again.",
        "A quote id was sent that the live offer of this checkout does not hold.",
    ),
    Code.QUOTE_DISABLED: _Sentences(
        "This protection cannot be chosen. Please look at the offer again.",
        "A quote was sent that XCover's product rules show but do not let anybody choose.",
    ),
    Code.TOO_MANY_CHOSEN: _Sentences(
        "These protections cannot be combined. Please choose fewer.",
        "More quotes of one group were sent than XCover's product rules allow.",
    ),
    Code.TOO_FEW_CHOSEN: _Sentences(
        "Please choose one more protection, or none.",
        "Fewer quotes of one group were sent than XCover's product rules ask for.",
    ),
    Code.TERMS_CHANGED: _Sentences(
        "The terms have changed. Please read them again.",
        "The content hash sent is not the one of the live offer.",
    ),
    Code.POLICYHOLDER_INCOMPLETE: _Sentences(
        "Please complete your details to add ticket protection.",
        "XCover needs first name, last name, e-mail, phone and country of the policyholder.",
    ),
    Code.INSURED_INCOMPLETE: _Sentences(
        "Please complete the details of everyone with a ticket to add ticket protection.",
        "The payload template sends insured persons with the policy, and details of some are "
        "missing; their places are named. The storefront stores them in the metadata of the lines.",
    ),
    Code.POLICYHOLDER_COUNTRY_DIFFERS: _Sentences(
        "Your country has changed. Please look at the new offer.",
        "The billing address names another country than the one quoted.",
    ),
    Code.PRICE_NOT_EXACT: _Sentences(
        _NO_PROTECTION,
        "With the cover line the checkout total would not be tickets plus premium to the cent, or "
        "a way of shipping or a pick-up point would come or go; the line was taken out again. "
        "Check taxes, promotions and stock of the cover product: manage.py xcover_doctor.",
    ),
    Code.SHIPPING_TAX_NOT_EXACT: _Sentences(
        _NO_PROTECTION,
        "This channel weights the tax on shipping by the lines of the checkout, so the cover line, "
        "which is not taxed, would change it. Switch off the weighted tax on shipping "
        "(useWeightedTaxForShipping) in the channel's tax settings, or that of the country.",
    ),
    Code.COVER_CHANGED: _Sentences(
        "Your ticket protection has changed. Please check your order before you pay.",
        "The cover line did not match the offer and was repaired before the order was made.",
    ),
    Code.CHECK_FAILED: _Sentences(
        "Your checkout has changed. Please look at the new offer.",
        "The checkout changed after the shopper had accepted, and the plugin could not check it: "
        "see xcover.hook.failed in the log, and manage.py xcover_doctor. The yes ended.",
    ),
    Code.NOT_INSURED: _Sentences(
        "Your payment has started and your checkout has changed: as it is now, your tickets are "
        "not protected.",
        "Money has begun, and an order made of the checkout as it is would not be insured: its "
        "cover line is gone, or was left beside a change. The code in the checkout's metadata "
        "says why. Beside a line that is still there it is insured again once the change is "
        "undone.",
    ),
    Code.TOO_MANY_REQUESTS: _Sentences(
        "Please wait a moment, then try again.",
        "This checkout, this client or all checkouts together asked more often than the plugin's "
        "settings and the calls per second allow. What was offered and answered before holds.",
    ),
    Code.BUSY: _Sentences(
        "Please wait a moment, then try again.",
        "Another database session holds rows or tables this needs, so nothing was read or changed: "
        "xcover.storefront.busy in the log. If it goes on, end that session (docs/operations.md).",
    ),
    Code.BAD_REQUEST: _Sentences(
        "Something went wrong. Reload the page and try again.", "The request is malformed."
    ),
    Code.INTERNAL: _Sentences(
        "Something went wrong. Your tickets are not affected.",
        "An unexpected error was logged under saleor_xcover_plugin.",
    ),
}


@dataclass
class Refusal(Exception):
    """The plugin refuses a request, for the reason that ``code`` names."""

    code: Code
    fields: tuple[str, ...] = field(default=())
    """Names of the fields that are missing or wrong, never their values."""
    retry_after: int | None = None
    """Seconds after which the request may succeed; None unless waiting helps."""

    def __post_init__(self) -> None:
        super().__init__(str(self))

    @property
    def shopper_sentence(self) -> str:
        """The sentence for the shopper, in English."""
        return SENTENCES[self.code].shopper

    @property
    def staff_sentence(self) -> str:
        """The sentence for staff, in English, with the names of the fields."""
        named = f" ({', '.join(self.fields)})" if self.fields else ""
        return SENTENCES[self.code].staff + named

    def __str__(self) -> str:
        return f"{self.code.value}: {self.staff_sentence}"
