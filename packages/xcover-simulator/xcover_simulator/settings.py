"""Settings of the simulator. ``PATCH /_simulator/settings`` changes them at run time."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from .agreed import check_schemas
from .jsontext import Json

WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")]
Share = Annotated[Decimal, Field(ge=0, le=10)]
Wait = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=1, le=100_000)]

ProductPlan = Literal[
    "one",
    "bare_alternatives",
    "alternatives",
    "required_alternatives",
    "add_ons",
    "hidden",
    "disabled",
    "second_chance",
]

SECRETS = ("api_secret", "webhook_secret")
"""Names of the settings that are never shown."""


class Settings(BaseModel):
    """Validated, immutable settings; ``changed`` returns a new object."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    partner_code: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^/\s]+$")] = "ABCDE"
    api_key: Annotated[str, StringConstraints(min_length=1)] = "demo-key"
    api_secret: Annotated[str, StringConstraints(min_length=1)] = "demo-secret-0001"  # noqa: S105 (an invented default)

    # Largest accepted difference, in seconds, between a request's Date and the simulator's time.
    # None accepts any: the recordings of 2021 were accepted with a Date 10 hours off.
    clock_tolerance_seconds: Annotated[int, Field(ge=0)] | None = None
    # Seconds added to the real time. Shifts every date the simulator writes.
    now_offset_seconds: Annotated[float, Field(ge=-(10**9), le=10**9, allow_inf_nan=False)] = 0

    # Calls accepted per second; None accepts any number. "Selling" is create offer and confirm.
    # 50 and 20 are reported for production by a third party, which names
    # https://partner-docs.covergenius.com/offers/api/rate-limits
    selling_per_second: Limit | None = None
    other_per_second: Limit | None = None
    # Send Retry-After with a 429, as Django REST framework does. XCover's headers are unknown.
    retry_after_when_throttled: bool = True

    # Premium, tax included, as a share of the ticket prices. Invented figure.
    rate: Share = Decimal("0.0333")
    # Tax as a share of the price without tax. Invented figure.
    tax_rate: Share = Decimal("0.12")
    # The partner's commission as a share of the price without tax. Invented figure.
    commission_rate: Share = Decimal("0.30")
    # ISO 4217 currencies and ISO 3166 countries for which create offer returns 422.
    no_offer_currencies: list[str] = ["NOK"]
    no_offer_countries: list[str] = []

    # JSON Schemas agreed with the partner, by the part of a request: context, customer, partner,
    # insured. A part that breaks its schema gets a 422. Without one for the context, the inferred
    # event schema holds.
    agreed_schemas: Annotated[dict[str, Any], AfterValidator(check_schemas)] = {}

    # False leaves `content` out of offers.
    content_present: bool = True
    # Texts that replace the simulator's own: by name in `content`, and by position and name in
    # `content.products`.
    content_changes: dict[str, Any] = {}
    product_content_changes: list[dict[str, Any]] = []
    # False sends a null `pds_url` in offers.
    pds_url_present: bool = True
    # The products offered per event. "one" and "bare_alternatives" send no product_rules, as in
    # the captured offers; the others send rules as documented at
    # https://partner-docs.covergenius.com/offers/guides/product-groups-and-rules
    products: ProductPlan = "one"
    # The same for events by their names; ``products`` holds for all others.
    products_by_event: dict[str, ProductPlan] = {}
    # The second product of an event costs this many times the first.
    second_price: Share = Decimal("1.5")
    # Overwrites fields of every product rule, to send invalid ones. A number in product_ids stands
    # for the product at that position of the offer.
    rule_changes: dict[str, Any] = {}

    # Accepted `payment_details.provider`. "stripe" is the documented example; an unknown name was
    # refused (captured).
    payment_providers: list[str] = ["stripe"]
    # False refuses modifications that change the price, as documented at
    # https://partner-docs.covergenius.com/offers/vertical-examples/events-tickets
    financial_modifications: bool = True
    # Fields of the policyholder that a modification must not contain (422), and fields that it
    # accepts but does not change. Captured bookings carry an empty fields_allowed_to_update, whose
    # meaning is unknown.
    fields_refused_on_update: list[str] = []
    fields_ignored_on_update: list[str] = []

    # Inferred; nothing is recorded after cooling-off or after the event. "full" refunds the
    # premium inside cooling-off and before the event, and applies after_cooling_off afterwards.
    refund_rule: Literal["full", "zero", "refuse"] = "full"
    after_cooling_off: Literal["zero", "refuse"] = "zero"
    cooling_off_days: Annotated[int, Field(ge=0, le=3650)] = 14
    # Start of the policy. A start in the future can shorten the time to confirm a cancellation
    # preview.
    policy_starts_with: Literal["purchase", "event"] = "purchase"
    xpay_refund_enabled: bool = False
    automatic_refund_by_xcore: bool = False

    webhook_url: WebAddress | None = None
    webhook_key: str = "demo-webhook-key"
    webhook_secret: str = "demo-webhook-secret-0001"  # noqa: S105 (an invented default)
    # True sends the partner's reference; every documented example carries null.
    webhook_partner_transaction_id: bool = False
    # Attempts per webhook until one gets 200 (documented: up to three), and seconds between them.
    webhook_attempts: Annotated[int, Field(ge=1, le=3)] = 3
    webhook_retry_seconds: Wait = 0.2

    # Address at which browsers reach the simulator's pages, without a trailing slash. The command
    # line sets it to the address it listens on; give another one behind a proxy or a container.
    site: WebAddress = "http://127.0.0.1:8001"

    # Host that `next` and `previous` of the booking list name (recorded: not the one called).
    list_host: WebAddress = "https://regional.simulator.invalid"

    def plan_for(self, event: str) -> ProductPlan:
        """Return how the products of the event with this name go together."""
        return self.products_by_event.get(event, self.products)

    def changed(self, changes: Json) -> "Settings":
        """Return these settings with ``changes`` applied.

        Raises pydantic's ValidationError when a name or a value is invalid.
        """
        return Settings.model_validate({**self.model_dump(), **changes})

    def shown(self) -> Json:
        """Return the settings as JSON, with secrets replaced by "hidden"."""
        return {**self.model_dump(), **dict.fromkeys(SECRETS, "hidden")}
