"""Gather what the table of cancellations asks for (``domain/cancellations.py``)."""

from __future__ import annotations

from datetime import datetime

from ..checkout.ticketed_events import InsuredEvents, insured_events
from ..config.settings import SettingsError
from ..domain.cancellations import RULES, ClaimState, Situation, Verdict, cooling_off_at, rule_for
from ..domain.refunds import RefundScope
from ..host import configuration
from ..models import Cancellation, Cover


def situation_of(
    cover: Cover, scope: RefundScope, events: InsuredEvents, now: datetime
) -> Situation:
    """Gather what the table asks for."""
    return Situation(
        scope,
        is_before_event=events.first_start is not None and now < events.first_start,
        cooling_off=cooling_off_at(now, _cooling_off_until(cover)),
        cancelled=events.cancelled,
        claim=ClaimState(cover.claim),
    )


def is_decided_alike(cancellation: Cancellation, now: datetime) -> bool:
    """Return True when the table still has XCover asked for the reason it was asked before.

    The event may have begun since, the cooling-off period may be over, or a claim may be known. A
    case the table left to a person, who then had XCover asked, stays that person's.
    """
    asks = (Verdict.REQUEST, Verdict.PREVIEW)
    judged = {rule.name: rule for rule in RULES}.get(cancellation.rule)
    if judged is None or judged.verdict not in asks:
        return True
    cover, scope = cancellation.cover, RefundScope(cancellation.scope)
    situation = situation_of(cover, scope, insured_events(cover.offer), now)
    return rule_for(situation) == judged


def _cooling_off_until(cover: Cover) -> datetime | None:
    """Return the end XCover named, else what the channel's setting makes of it."""
    if cover.cooling_off_until is not None or cover.confirmed_at is None:
        return cover.cooling_off_until
    try:
        period = configuration.settings_of(cover.channel_id).cooling_off
    except SettingsError:
        return None
    return None if period is None else cover.confirmed_at + period
