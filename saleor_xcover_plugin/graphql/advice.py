"""Advice for storefronts on each error code and each status of a cover."""

from __future__ import annotations

from collections.abc import Mapping

from ..domain.states import CoverStatus
from ..errors import Code

ADVICE: Mapping[str, tuple[Code, ...]] = {
    "Say that the price is being asked for; ask again after 0.4 s, then 0.8 s, 1.6 s and so on.": (
        Code.OFFER_PENDING,
    ),
    "Leave what is shown and ask again in `retryAfter` seconds. After a refused answer say the "
    "sentence; what was answered before holds.": (Code.TOO_MANY_REQUESTS,),
    "Leave what is shown, say the sentence, ask again after some seconds. After a refused answer: "
    "what was answered before holds.": (Code.BUSY,),
    "Say the sentence, ask for the offer again, leave both answers open: nothing was accepted.": (
        Code.OFFER_STALE,
        Code.OFFER_EXPIRED,
        Code.CHECK_FAILED,
        Code.QUOTE_NOT_OFFERED,
        Code.TERMS_CHANGED,
        Code.POLICYHOLDER_COUNTRY_DIFFERS,
    ),
    "Say the sentence beside the form that lacks it (`fields` names what); ask again afterwards.": (
        Code.COUNTRY_MISSING,
        Code.POLICYHOLDER_INCOMPLETE,
        Code.INSURED_INCOMPLETE,
    ),
    "Say the sentence beside the choice; what was answered before holds.": (
        Code.QUOTE_DISABLED,
        Code.TOO_MANY_CHOSEN,
        Code.TOO_FEW_CHOSEN,
    ),
    "Say the sentence; no answer is taken any more. As an answer of `insuranceOfferRequest`: what "
    "was answered before holds. After a refused answer: ask `insuranceOfferRequest` whether it "
    "does.": (Code.PAYMENT_STARTED,),
    "Say the sentence: nothing is insured, even if the cover line is still there. Ask again when "
    "the checkout has changed.": (Code.NOT_INSURED,),
    "Say the sentence, or nothing at all. Do not ask again before the checkout changes.": (
        Code.NO_TICKETS,
        Code.EVENT_DATA_MISSING,
        Code.PAYLOAD_INCOMPLETE,
        Code.PAYLOAD_BROKEN,
        Code.PAYLOAD_REFUSED,
        Code.EVENT_STARTED,
        Code.EVENT_CANCELLED,
        Code.COUNTRY_WITHOUT_OFFER,
        Code.REGION_WITHOUT_OFFER,
        Code.TICKETS_EXCLUDED,
        Code.TICKETS_REFUNDABLE,
        Code.TICKET_PRICE_TOO_LOW,
        Code.TICKET_PRICE_TOO_HIGH,
        Code.INSURED_VALUE_TOO_HIGH,
        Code.EVENT_TOO_SOON,
        Code.EVENT_TOO_FAR,
        Code.CURRENCY_WITHOUT_OFFER,
        Code.DISCOUNT_NOT_SUPPORTED,
        Code.TAXED_BY_APP,
        Code.TAX_NOT_REPRESENTABLE,
        Code.NOT_SET_UP,
        Code.OFFERS_OFF,
        Code.NO_OFFER,
        Code.PRODUCT_FAILED,
        Code.PRODUCTS_AMBIGUOUS,
        Code.RULE_UNREADABLE,
        Code.RULE_PRODUCT_UNKNOWN,
        Code.RULE_PRODUCT_IN_TWO_GROUPS,
        Code.RULE_MINIMUM_ABOVE_MAXIMUM,
        Code.RULE_MINIMUM_OUT_OF_REACH,
        Code.RULE_STATE_UNKNOWN,
        Code.RULE_LEAVES_NO_CHOICE,
        Code.TEXT_UNREADABLE,
        Code.TEXT_TOO_LONG,
        Code.PRICE_NOT_EXACT,
        Code.SHIPPING_TAX_NOT_EXACT,
        Code.XCOVER_REFUSED_CREDENTIALS,
    ),
    "Say the sentence with a button to try again.": (
        Code.XCOVER_UNAVAILABLE,
        Code.CHECKOUT_NOT_FOUND,
        Code.CHECKOUT_IN_OTHER_CHANNEL,
        Code.ORDER_NOT_FOUND,
        Code.BAD_REQUEST,
        Code.INTERNAL,
    ),
    "Comes as an error of Saleor's checkoutComplete: show checkout and offer anew. Completing "
    "again goes through.": (Code.COVER_CHANGED,),
}
"""In none of them the purchase is stopped."""

COVERS: Mapping[CoverStatus, str] = {
    CoverStatus.PLACED: "The tickets are protected as soon as the order is paid.",
    CoverStatus.CONFIRMING: "The policy is being made; it takes a moment.",
    CoverStatus.CONFIRMED: "The tickets are protected: `policyNumber`, wording at `pdsUrl`.",
    CoverStatus.CANCELLING: "The policy is in force; its cancellation is being looked at.",
    CoverStatus.CANCELLED: "The policy was cancelled.",
    CoverStatus.PARKED: "The store is looking after it. Do not say that the tickets are protected.",
    CoverStatus.VOID: (
        "Nothing is insured: the order was not paid, the protection was taken out of it, or the "
        "store made no policy."
    ),
}
"""With an ``amountDueBack`` above 0 also: that the store gives it back."""
