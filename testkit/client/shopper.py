"""A shopper with one checkout, the answer to its offer, and its order."""

from collections.abc import Mapping

from . import documents as docs
from .driver import Driver, DriverError, Json, as_mapping, as_pairs, money
from .people import EMAIL, NEW_YORK
from .store import Channel, Variant
from .values import Checkout, Cover, Group, Line, Offer, PlacedOrder, Point, Quote

Address = Mapping[str, str]


class Shopper:
    """A shopper of one channel, without an account.

    ``create_checkout`` sets ``checkout_id`` and ``complete`` sets ``order_id``. Methods raise
    ``Refused`` when the host or the plugin returns errors.
    """

    def __init__(self, driver: Driver, channel: Channel) -> None:
        self._driver = driver
        self.channel = channel
        self.checkout_id = ""
        self.order_id = ""

    def create_checkout(
        self,
        wanted: Mapping[Variant, int],
        *,
        email: str | None = EMAIL,
        billing: Address | None = NEW_YORK,
        shipping: Address | None = None,
        language: str | None = None,
    ) -> Checkout:
        """Create a checkout with quantities by variant; None leaves a field out."""
        chosen = {
            "channel": self.channel.slug,
            "lines": [
                {"variantId": variant.id, "quantity": quantity}
                for variant, quantity in wanted.items()
            ],
            "email": email,
            "billingAddress": billing,
            "shippingAddress": shipping,
            "languageCode": language,
        }
        given = {name: value for name, value in chosen.items() if value is not None}
        root = self._driver.mutate(docs.CHECKOUT_CREATE, {"input": given})
        self.checkout_id = root["checkout"]["id"]
        return checkout_of(root["checkout"])

    def checkout(self) -> Checkout:
        """Return the checkout as it is now. Raises ``DriverError`` if it no longer exists."""
        data = self._driver.execute(docs.CHECKOUT, {"id": self.checkout_id})
        if data["checkout"] is None:
            raise DriverError("the checkout is gone")
        return checkout_of(data["checkout"])

    def has_checkout(self) -> bool:
        """Return True if the checkout exists; it is deleted when it becomes an order."""
        found = self._driver.execute(docs.CHECKOUT, {"id": self.checkout_id})["checkout"]
        return found is not None

    def add(self, variant: Variant, quantity: int = 1, **line: object) -> Checkout:
        """Add a variant; ``line`` holds further fields of CheckoutLineInput."""
        wanted = {"variantId": variant.id, "quantity": quantity, **line}
        return self._change(docs.CHECKOUT_LINES_ADD, lines=[wanted])

    def set_quantity(self, line: Line, quantity: int) -> Checkout:
        """Change the quantity of a line."""
        wanted = {"lineId": line.id, "quantity": quantity}
        return self._change(docs.CHECKOUT_LINES_UPDATE, lines=[wanted])

    def delete(self, *lines: Line) -> Checkout:
        """Remove lines."""
        return self._change(docs.CHECKOUT_LINES_DELETE, linesIds=[line.id for line in lines])

    def set_email(self, email: str) -> Checkout:
        """Change the e-mail address."""
        return self._change(docs.CHECKOUT_EMAIL_UPDATE, email=email)

    def set_billing(self, address: Address) -> Checkout:
        """Change the billing address."""
        return self._change(docs.CHECKOUT_BILLING_ADDRESS_UPDATE, address=address)

    def set_shipping(self, address: Address) -> Checkout:
        """Change the shipping address."""
        return self._change(docs.CHECKOUT_SHIPPING_ADDRESS_UPDATE, address=address)

    def set_language(self, code: str) -> Checkout:
        """Change the language; ``code`` is a value of Saleor's LanguageCodeEnum."""
        return self._change(docs.CHECKOUT_LANGUAGE_CODE_UPDATE, languageCode=code)

    def add_promo_code(self, code: str) -> Checkout:
        """Add the code of a voucher or a gift card."""
        return self._change(docs.CHECKOUT_ADD_PROMO_CODE, promoCode=code)

    def remove_promo_code(self, code: str) -> Checkout:
        """Remove the code of a voucher or a gift card."""
        return self._change(docs.CHECKOUT_REMOVE_PROMO_CODE, promoCode=code)

    def write_metadata(self, values: Mapping[str, str], *, on: str | None = None) -> None:
        """Write public metadata of the checkout, or of the object with the global id ``on``."""
        self._driver.mutate(
            docs.UPDATE_METADATA, {"id": on or self.checkout_id, "input": as_pairs(values)}
        )

    def pay_legacy(self, *, gateway: str = "mirumee.payments.dummy") -> None:
        """Create a legacy payment of the full total, which is charged on completion."""
        payment = {"gateway": gateway, "token": "flows"}
        self._driver.mutate(
            docs.CHECKOUT_PAYMENT_CREATE, {"id": self.checkout_id, "input": payment}
        )

    def complete(self) -> PlacedOrder:
        """Complete the checkout and return its order."""
        root = self._driver.mutate(docs.CHECKOUT_COMPLETE, {"id": self.checkout_id})
        order = placed_order_of(root["order"])
        self.order_id = order.id
        return order

    def offer(self) -> Offer:
        """Request the offer; the plugin takes it as shown."""
        return _offer_of(self._ask(docs.INSURANCE_OFFER_REQUEST)["offer"])

    def held_offer(self) -> Offer | None:
        """Read the offer without any effect; None where it is to be requested."""
        found = self._ask(docs.INSURANCE_OFFER)["offer"]
        return _offer_of(found) if found else None

    def shown(self) -> None:
        """Report that the offer was shown."""
        self._ask(docs.INSURANCE_SHOWN)

    def accept(
        self, offer: Offer, *quote_ids: str, page: str | None = None, turn: int | None = None
    ) -> Offer:
        """Accept the named quotes, or the first ones of each group, as many as may be selected.

        ``page`` and ``turn`` number the answers of one page, so that the plugin ignores late ones.
        """
        root = self._ask(
            docs.INSURANCE_ACCEPT,
            quoteIds=list(quote_ids or offer.quote_ids),
            contentHash=offer.content_hash,
            page=page,
            turn=turn,
        )
        return _offer_of(root["offer"])

    def decline(self, *, page: str | None = None, turn: int | None = None) -> Offer:
        """Decline the offer; ``page`` and ``turn`` as in ``accept``."""
        return _offer_of(self._ask(docs.INSURANCE_DECLINE, page=page, turn=turn)["offer"])

    def cover(self, token: str | None = None) -> Cover | None:
        """Return the cover of the order, or None if it has none; ``token`` tells who asks."""
        found = self._driver.ask_plugin(
            self.channel.slug, docs.INSURANCE_COVER, {"id": self.order_id}, token=token
        )["cover"]
        return _cover_of(found) if found else None

    def _change(self, document: str, **variables: object) -> Checkout:
        root = self._driver.mutate(document, {"id": self.checkout_id, **variables})
        return checkout_of(root["checkout"])

    def _ask(self, document: str, **variables: object) -> Json:
        return self._driver.ask_plugin(
            self.channel.slug, document, {"id": self.checkout_id, **variables}
        )


def checkout_of(data: Json) -> Checkout:
    """Return the value for a checkout in a result."""
    return Checkout(
        id=data["id"],
        token=data["token"],
        currency=data["totalPrice"]["gross"]["currency"],
        total=money(data["totalPrice"]),
        subtotal=money(data["subtotalPrice"]),
        lines=tuple(line_of(line, line["variant"]["sku"]) for line in data["lines"]),
        email=data["email"],
        voucher_code=data["voucherCode"],
        metadata=as_mapping(data["metadata"]),
    )


def placed_order_of(data: Json) -> PlacedOrder:
    """Return the value for a new order in a result."""
    return PlacedOrder(
        id=data["id"],
        number=data["number"],
        total=money(data["total"]),
        lines=tuple(line_of(line, line["productSku"]) for line in data["lines"]),
    )


def line_of(data: Json, sku: str) -> Line:
    """Return the value for a line of a checkout or an order in a result."""
    return Line(
        id=data["id"],
        sku=sku,
        quantity=data["quantity"],
        unit_price=money(data["unitPrice"]),
        undiscounted_unit_price=money(data["undiscountedUnitPrice"]),
        total=money(data["totalPrice"]),
    )


_TEXTS = (
    *("title", "subHeading", "description", "acceptLabel", "declineLabel", "declineWarning"),
    *("requiredMessage", "credibilityMessage", "priceUnit"),
)


def _offer_of(data: Json) -> Offer:
    return Offer(
        quotes=tuple(map(_quote_of, data["quotes"])),
        groups=tuple(map(_group_of, data["groups"])),
        chosen_premium=money(data["premium"]) if data["premium"] else None,
        chosen_ids=tuple(data["chosenQuoteIds"]),
        currency=data["quotes"][0]["premium"]["currency"],
        content_hash=data["contentHash"],
        heading=data["heading"],
        disclaimer=data["disclaimer"],
        extras=_points_of(data["extras"]),
        texts={name: data[name] for name in _TEXTS},
        answer=data["answer"],
        valid_until=data["validUntil"],
        is_shown=data["isShown"],
    )


def _quote_of(data: Json) -> Quote:
    return Quote(
        id=data["id"],
        title=data["title"],
        description=data["description"],
        premium=money(data["premium"]),
        premium_per_ticket=money(data["premiumPerTicket"]) if data["premiumPerTicket"] else None,
        pds_url=data["pdsUrl"],
        disclaimer=data["disclaimer"],
        terms=data["terms"],
        badge=data["badge"],
        benefits=_points_of(data["benefits"]),
        inclusions=_points_of(data["inclusions"]),
        exclusions=_points_of(data["exclusions"]),
        is_chosen=data["isChosen"],
    )


def _group_of(data: Json) -> Group:
    return Group(
        slug=data["slug"],
        choice=data["choice"],
        is_disabled=data["isDisabled"],
        min_select=data["minSelect"],
        max_select=data["maxSelect"],
        quote_ids=tuple(data["quoteIds"]),
    )


def _points_of(data: list[Json]) -> tuple[Point, ...]:
    return tuple(Point(point["label"], point["text"]) for point in data)


def _cover_of(data: Json) -> Cover:
    return Cover(
        status=data["status"],
        premium=money(data["premium"]),
        products={each["title"]: money(each["premium"]) for each in data["products"]},
        policy_number=data["policyNumber"],
        pds_url=data["pdsUrl"],
        amount_due_back=money(data["amountDueBack"]),
        links=data["links"],
    )
