"""What would be sent to XCover about a product, a checkout or an order. Needs MANAGE_ORDERS."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import graphene

from ..clock import utc_now
from ..config.settings import PluginSettings, SettingsError
from ..host import catalog, checkouts, configuration
from ..host.ids import uuid_of
from ..models import Cover
from ..operations import payload_preview
from ..operations.payload_preview import Preview, plain
from ..payload.documents import TemplateError
from ..payload.source import PayloadSource
from ..staff import decisions
from ..staff.decisions import DecisionCode, DecisionRefused
from .staff_access import answered
from .staff_types import StaffError
from .types import errors_field


class StaffMissing(graphene.ObjectType):
    """A value that the payload needs and that is not there."""

    class Meta:
        name = "InsuranceMissingValue"

    path = graphene.String(required=True, description="Its place in the payload.")
    name = graphene.String(required=True, description="The value that would go there.")
    why = graphene.String(required=True, description="Why it is missing.")


class StaffPreview(graphene.ObjectType):
    """One request body that would be sent, and what is missing from it."""

    class Meta:
        name = "InsurancePayloadPreview"

    about = graphene.String(required=True, description="The product, checkout or order.")
    body = graphene.String(description="The body as JSON; null if nothing of it can be built.")
    missing = graphene.List(
        graphene.NonNull(StaffMissing),
        required=True,
        description="What is missing, so that nothing is sent.",
    )
    refusal = graphene.String(
        required=True, description="Why no offer is requested at all; empty if one is."
    )


class StaffPayloadResult(graphene.ObjectType):
    """What would be sent, or one error."""

    class Meta:
        name = "InsurancePayloadResult"

    previews = graphene.List(
        graphene.NonNull(StaffPreview), required=True, description="Empty beside an error."
    )
    errors = errors_field(StaffError)


class StaffPayloadQuery(graphene.ObjectType):
    """The field of the query that shows payloads."""

    insurance_payload = graphene.Field(
        StaffPayloadResult,
        required=True,
        product=graphene.String(
            description="Slug of a product, or the SKU of one of its variants."
        ),
        checkout_id=graphene.ID(description="Saleor's id of a checkout, or its UUID."),
        order_number=graphene.String(description="Number of an order with protection."),
        reveal=graphene.Boolean(
            description="True: with the personal data of an order. Those of a checkout stay hidden."
        ),
        description="For staff: what would be sent to XCover; nothing is sent. Give one of "
        "product, checkoutId and orderNumber.",
    )

    @staticmethod
    def resolve_insurance_payload(
        _root: Any, info: Any, reveal: bool = False, **named: str | None
    ) -> StaffPayloadResult:
        def work(channel_ids: Collection[int]) -> dict[str, Any]:
            given = {kind: text for kind, text in named.items() if text}
            if len(given) != 1:
                raise DecisionRefused(
                    DecisionCode.BAD_INPUT, "Give one of product, checkoutId and orderNumber."
                )
            ((kind, text),) = given.items()
            decisions.require_typed(kind.replace("_", " "), text)
            found = _FINDERS[kind](text, channel_ids)
            if not found:
                raise DecisionRefused(
                    DecisionCode.BAD_INPUT, "There is nothing of that name that would be sent."
                )
            shows_persons = reveal and kind == "order_number"
            return {"previews": [_preview_of(preview, shows_persons) for preview in found]}

        return answered(info, StaffPayloadResult, work, empty={"previews": []})


def _of_product(product: str, channel_ids: Collection[int]) -> list[Preview]:
    found = []
    for slug, key in sorted(catalog.channel_ids().items()):
        if key in channel_ids and configuration.is_active(key):
            settings = _settings_of(key)
            source = _source_of(settings)
            of_channel = payload_preview.of_product(product, key, source, settings)
            found += [preview.of_channel(slug) for preview in of_channel]
    return found


def _of_checkout(text: str, channel_ids: Collection[int]) -> list[Preview]:
    token = uuid_of(text, "Checkout")
    channel_id = checkouts.channel_of(token) if token else None
    if token is None or channel_id is None or channel_id not in channel_ids:
        return []
    settings = _settings_of(channel_id)
    return payload_preview.of_checkout(token, _source_of(settings), settings, utc_now())


def _of_order(number: str, channel_ids: Collection[int]) -> list[Preview]:
    if not Cover.objects.filter(order_number=number, channel_id__in=channel_ids).exists():
        return []
    preview = payload_preview.of_order(number, _settings_of)
    return [preview] if preview is not None else []


_FINDERS = {"product": _of_product, "checkout_id": _of_checkout, "order_number": _of_order}


def _settings_of(channel_id: int) -> PluginSettings:
    """Return the settings of a channel. Raise ``DecisionRefused`` if they cannot be used."""
    try:
        return configuration.settings_of(channel_id)
    except SettingsError as error:
        slug = catalog.channel_names()[channel_id]
        raise DecisionRefused(DecisionCode.BAD_INPUT, f"{slug}: {error}") from error


def _source_of(settings: PluginSettings) -> PayloadSource:
    try:
        return settings.payload.source()
    except TemplateError as error:
        raise DecisionRefused(DecisionCode.BAD_INPUT, f"Payload template, {error}.") from error


def _preview_of(preview: Preview, shows_persons: bool) -> StaffPreview:
    body = preview.body if shows_persons else preview.masked()
    return StaffPreview(
        about=preview.about,
        body=None if body is None else json.dumps(plain(body), ensure_ascii=False, indent=2),
        missing=[
            StaffMissing(path=gap.path, name=gap.name, why=gap.why) for gap in preview.missing
        ],
        refusal=preview.refusal,
    )
