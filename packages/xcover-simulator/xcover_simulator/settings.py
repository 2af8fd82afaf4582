"""The switches of the simulated XCover; PATCH /_simulator/settings changes them."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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


class Settings(BaseModel):
    """How this XCover behaves. Frozen: a change makes a new, validated object."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    partner_code: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^/\s]+$")] = "ABCDE"
    api_key: Annotated[str, StringConstraints(min_length=1)] = "demo-key"
    api_secret: Annotated[str, StringConstraints(min_length=1)] = "demo-secret-0001"  # noqa: S105 (an invented default)

    # The largest difference, in seconds, between a request's Date and our clock.
    # None accepts any, as the 2021 recordings do (10 hours off were accepted).
    clock_tolerance_seconds: Annotated[int, Field(ge=0)] | None = None
    # Seconds added to the real time; shifts everything the simulator dates.
    now_offset_seconds: Annotated[float, Field(ge=-(10**9), le=10**9, allow_inf_nan=False)] = 0

    # Calls taken per second; None takes any number. Selling is creating offers and confirming
    # them. Production is said to allow 50 and 20 (reference 4.2).
    selling_per_second: Limit | None = None
    other_per_second: Limit | None = None
    # Whether a 429 names its time. Django REST framework does; nobody has seen XCover's headers.
    retry_after_when_throttled: bool = True

    # Premium = rate x price of the tickets, tax included. Invented figures.
    rate: Share = Decimal("0.0333")
    tax_rate: Share = Decimal("0.12")
    commission_rate: Share = Decimal("0.30")
    no_offer_currencies: list[str] = ["NOK"]
    no_offer_countries: list[str] = []

    content_present: bool = True
    # Texts to send instead of ours, by their name in `content` and in the places of
    # `content.products`.
    content_changes: dict[str, Any] = {}
    product_content_changes: list[dict[str, Any]] = []
    pds_url_present: bool = True
    # What is offered per event. "one" and "bare_alternatives" come without product_rules (so are
    # the recorded answers); the others with rules as documented
    # (partner-docs.covergenius.com/offers/guides/product-groups-and-rules).
    products: ProductPlan = "one"
    # The second product of an event costs this many times the first.
    second_price: Share = Decimal("1.5")
    # Overwrites fields of every rule, to send broken ones. Numbers in product_ids stand for the
    # products in their order.
    rule_changes: dict[str, Any] = {}

    # "stripe" is the documented example; another name was refused live.
    payment_providers: list[str] = ["stripe"]
    # False refuses modifications that change the price, as the events overview says.
    financial_modifications: bool = True
    # Fields of the policyholder no modification may hold, and such as it leaves as they are. Every
    # capture says fields_allowed_to_update [], and nobody knows what that means.
    fields_refused_on_update: list[str] = []
    fields_ignored_on_update: list[str] = []

    # Inferred (nothing is recorded after cooling-off or after the event): "full" pays
    # back inside cooling-off and before the event, and then does what after_cooling_off says.
    refund_rule: Literal["full", "zero", "refuse"] = "full"
    after_cooling_off: Literal["zero", "refuse"] = "zero"
    cooling_off_days: Annotated[int, Field(ge=0, le=3650)] = 14
    # When the policy starts: with the purchase, or with the event. A start in the
    # future shortens the time to confirm a cancellation preview.
    policy_starts_with: Literal["purchase", "event"] = "purchase"
    xpay_refund_enabled: bool = False
    automatic_refund_by_xcore: bool = False

    webhook_url: WebAddress | None = None
    webhook_key: str = "demo-webhook-key"
    webhook_secret: str = "demo-webhook-secret-0001"  # noqa: S105 (an invented default)
    # Every documented example carries null; True sends our reference.
    webhook_partner_transaction_id: bool = False
    webhook_attempts: Annotated[int, Field(ge=1, le=3)] = 3
    webhook_retry_seconds: Wait = 0.2

    # Where browsers reach the pages of this simulator, without a slash at the end. It sets its own
    # address when it starts; another one where a proxy or a container stands before it.
    site: WebAddress = "http://127.0.0.1:8001"

    # `next` and `previous` of the booking list name another host, as recorded.
    list_host: WebAddress = "https://regional.simulator.invalid"

    def changed(self, changes: Json) -> "Settings":
        """Return these settings with ``changes``; pydantic's ValidationError when they are bad."""
        return Settings.model_validate({**self.model_dump(), **changes})

    def shown(self) -> Json:
        """Return the settings for the control page, secrets hidden."""
        return {**self.model_dump(), **dict.fromkeys(SECRETS, "hidden")}
