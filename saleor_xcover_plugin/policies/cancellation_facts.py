"""Gather the facts on which the cancellation rules of ``domain/cancellations.py`` depend."""

from __future__ import annotations

from datetime import datetime

from ..checkout.ticketed_events import InsuredEvents, insured_events
from ..config.settings import SettingsError
from ..domain.cancellations import RULES, ClaimState, Situation, Verdict, cooling_off_at, rule_for
from ..domain.refund_attribution import RefundScope
from ..host import configuration
from ..models import Cancellation, Cover


def situation_of(
    cover: Cover, scope: RefundScope, events: InsuredEvents, now: datetime
) -> Situation:
    """Return the facts that select a cancellation rule for the cover. ``now`` is in UTC."""
    return Situation(
        scope,
        is_before_event=events.first_start is not None and now < events.first_start,
        cooling_off=cooling_off_at(now, _cooling_off_until(cover)),
        cancelled=events.cancelled,
        claim=ClaimState(cover.claim),
    )


def is_decided_alike(cancellation: Cancellation, now: datetime) -> bool:
    """Return True if the rules still choose the rule the cancellation was judged by.

    The outcome differs if the event has begun since, the cooling-off period is over, or a claim
    became known. Always True for a case the rules left to staff.
    """
    asks = (Verdict.REQUEST, Verdict.PREVIEW)
    judged = {rule.name: rule for rule in RULES}.get(cancellation.rule)
    if judged is None or judged.verdict not in asks:
        return True
    cover, scope = cancellation.cover, RefundScope(cancellation.scope)
    situation = situation_of(cover, scope, insured_events(cover.offer), now)
    return rule_for(situation) == judged


def _cooling_off_until(cover: Cover) -> datetime | None:
    """Return the end XCover named, else the end by the channel's setting; None if unknown."""
    if cover.cooling_off_until is not None or cover.confirmed_at is None:
        return cover.cooling_off_until
    try:
        period = configuration.settings_of(cover.channel_id).cooling_off
    except SettingsError:
        return None
    return None if period is None else cover.confirmed_at + period
