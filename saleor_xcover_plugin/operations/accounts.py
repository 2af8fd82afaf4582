"""Say which XCover accounts the offers and policies belong to, and move them to another one.

An account is known by its API address and partner code. When Cover Genius gives the same account a
new address or partner code, staff say so, because only they can know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from ..domain.states import IN_FORCE, LIVE_OFFER_STATUSES, MessageState
from ..host import configuration
from ..models import Cover, Offer, OutboxMessage
from ..outbox import accounts
from ..outbox import message_queue as outbox
from ..outbox.rate_limit import account_key
from ..staff.replay import replay

SHOWN = 8
"""Characters of an account key that are shown, and enough to name an account."""

_UNDER_WAY = (MessageState.PENDING.value, MessageState.PARKED.value)


class MoveRefused(ValueError):
    """The account cannot be moved; the text tells staff why."""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """One XCover account, with what belongs to it."""

    key: str
    """Its ``account_key``."""
    channels: tuple[str, ...]
    """Slugs of the channels whose settings name it now."""
    policies: int
    """Policies in force."""
    offers: int
    """Offers of open checkouts and unpaid orders."""
    messages: int
    """Calls that have to be made, pending and parked."""

    @property
    def is_missed(self) -> bool:
        """True if something belongs to it and no channel's settings name it."""
        return not self.channels and bool(self.policies or self.offers or self.messages)


@dataclass(frozen=True, slots=True)
class Moved:
    """Number of rows that belong to another account now."""

    offers: int
    messages: int
    replayed: int
    """Messages that had waited for the account and are sent now."""


def known() -> list[KnownAccount]:
    """Return the accounts that are set, and those that something belongs to, by key."""
    channels: dict[str, list[str]] = {}
    for slug, settings in sorted(configuration.usable_settings().items()):
        channels.setdefault(account_key(settings), []).append(slug)
    policies = _counts(Cover.objects.filter(status__in=IN_FORCE), "offer__account")
    offers = _counts(Offer.objects.filter(status__in=LIVE_OFFER_STATUSES), "account")
    messages = _counts(OutboxMessage.objects.filter(status__in=_UNDER_WAY), "account")
    keys = {*channels, *policies, *offers, *messages}
    return [
        KnownAccount(key, tuple(channels.get(key, ())), policies[key], offers[key], messages[key])
        for key in sorted(keys)
    ]


def _counts(rows: QuerySet[Any], column: str) -> Counter[str]:
    """Count rows by account; those of an unknown one are left out."""
    named = rows.exclude(Q(**{column: ""}) | Q(**{column: None})).order_by()
    return Counter(dict(named.values_list(column).annotate(Count("pk"))))


def move(name: str, channel_slug: str, now: datetime) -> Moved:
    """Let everything of an account belong to the one that is set in a channel, and go on with it.

    ``name`` is the beginning of its key, as it is shown. Raise ``MoveRefused`` if it names no
    account or one that is set in a channel, or if the channel has no usable settings.
    """
    settings = configuration.usable_settings().get(channel_slug)
    if settings is None:
        raise MoveRefused(f"Channel {channel_slug} has no usable XCover settings.")
    old, new = _named(name, known()).key, account_key(settings)
    with transaction.atomic():
        offers = Offer.objects.filter(account=old).update(account=new)
        open_messages = OutboxMessage.objects.filter(status__in=_UNDER_WAY)
        messages = open_messages.filter(account=old).update(account=new)
        open_messages.filter(sent_to=old).update(sent_to=new)
        channels = [key for key, one in accounts.by_channel().items() if account_key(one) == new]
        replayed = sum(replay(key, now) for key in outbox.parked_for(channels, new))
    return Moved(offers, messages, replayed)


def _named(name: str, accounts_known: Iterable[KnownAccount]) -> KnownAccount:
    found = [each for each in accounts_known if len(name) >= SHOWN and each.key.startswith(name)]
    if len(found) != 1:
        raise MoveRefused(f"{name} is none of the accounts that something belongs to.")
    (account,) = found
    if account.channels:
        channels = ", ".join(account.channels)
        raise MoveRefused(f"Account {name} is set in {channels}: what belongs to it goes on there.")
    return account
