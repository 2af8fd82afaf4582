"""Count the sales of a period, with one aggregate query per table.

Offers count on the day they were first shown, answers on the day they were given, covers and orders
without cover on the day of their order. The status of a cover is its present one. Days are in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from ..domain.period import Period
from ..domain.sales_figures import Figures, Market, Refusals, Sales
from ..domain.states import IN_FORCE, CoverStatus
from ..errors import SENTENCES
from ..host import catalog, order_facts
from ..models import WAS_REMOVED, Consent, Cover, Offer, Quote, RefusalCount

_IS_VOID = Q(status=CoverStatus.VOID.value)
_IN_FORCE = [status.value for status in IN_FORCE]
_WAITING = [s.value for s in (CoverStatus.PLACED, CoverStatus.CONFIRMING, CoverStatus.PARKED)]


class _Row(NamedTuple):
    """Figures from one table for one channel, currency and day."""

    channel_id: int
    currency: str
    day: date
    known: dict[str, Any]


def sales_of(period: Period) -> Sales:
    """Return counts and sums of what was offered, answered and sold, by channel and currency.

    The cost of the queries grows with the length of the period.
    """
    channels = catalog.channel_names()
    found: dict[tuple[Market, date], list[Figures]] = {}
    for row in _rows(period):
        market = Market(channels[row.channel_id], row.currency)
        figures = Figures.of(row.currency, **row.known)
        found.setdefault((market, row.day), []).append(figures)
    by_day = {key: reduce(add, figures) for key, figures in found.items()}
    return Sales(period.first, period.last, by_day, list(_refusals(period, channels)))


def _refusals(period: Period, channels: Mapping[int, str]) -> Iterator[Refusals]:
    counted = RefusalCount.objects.filter(day__gte=period.first, day__lte=period.last)
    if period.channel_ids:
        counted = counted.filter(channel_id__in=period.channel_ids)
    sums = counted.values("channel_id", "code").annotate(sum=Sum("count"))
    known = {code.value: sentences.staff for code, sentences in SENTENCES.items()}
    for row in sums.order_by("-sum", "channel_id", "code"):
        why = known.get(row["code"], "")  # a later version may have counted others
        yield Refusals(channels[row["channel_id"]], row["code"], row["sum"], why)


def _rows(period: Period) -> Iterator[_Row]:
    yield from _grouped(Offer.objects.all(), "shown_at", period, shown=Count("pk"))
    # Two refusals of the same offer on one day count once.
    answered_no = Count("offer", distinct=True)
    noes = Consent.objects.filter(answer="declined")
    yield from _grouped(noes, "created_at", period, "offer__", answered_no=answered_no)
    bounds = (period.start, period.end, period.channel_ids)
    for channel_id, currency, day, count in order_facts.count_without_cover(*bounds):
        yield _Row(channel_id, currency, day, {"declined": count})
    yield from _covers(period)
    yield from _taxes(period)


def _covers(period: Period) -> Iterator[_Row]:
    return _grouped(
        Cover.objects.all(),
        "created_at",
        period,
        sold=Count("pk", filter=~WAS_REMOVED),
        confirmed=Count("pk", filter=Q(status__in=_IN_FORCE)),
        cancelled=Count("pk", filter=Q(status=CoverStatus.CANCELLED.value)),
        void=Count("pk", filter=_IS_VOID & ~WAS_REMOVED),
        waiting=Count("pk", filter=Q(status__in=_WAITING)),
        premium=Sum("premium", filter=~_IS_VOID),
        absorbed=Sum("absorbed", filter=~_IS_VOID),
        due_back=Sum("amount_due_back"),
        tax_unknown=Count("pk", filter=~_IS_VOID),
        tax_not_on_line=Count("pk", filter=~_IS_VOID & Q(offer__line_tax={})),
    )


def _taxes(period: Period) -> Iterator[_Row]:
    chosen = Quote.objects.filter(is_chosen=True).exclude(
        offer__cover__status=CoverStatus.VOID.value
    )
    rows = _grouped(
        chosen,
        "offer__cover__created_at",
        period,
        "offer__cover__",
        tax=Sum("tax"),
        covers=Count("offer", distinct=True),
        unnamed=Count("offer", distinct=True, filter=Q(tax=None)),
    )
    for row in rows:
        # All covers were counted as unknown; those whose quotes name their tax are subtracted.
        named = row.known.pop("covers") - row.known.pop("unnamed")
        yield row._replace(known={**row.known, "tax_unknown": -named})


def _grouped(
    rows: QuerySet[Any], moment: str, period: Period, of: str = "", **wanted: Any
) -> Iterator[_Row]:
    """Aggregate the rows whose column ``moment`` is in the period, by channel, currency and day.

    ``of`` is the lookup prefix to the columns ``channel_id`` and ``currency``.
    """
    within = rows.filter(**{f"{moment}__gte": period.start, f"{moment}__lt": period.end})
    if period.channel_ids:
        within = within.filter(**{f"{of}channel_id__in": period.channel_ids})
    groups = within.order_by().values(
        on_channel=F(f"{of}channel_id"),
        in_currency=F(f"{of}currency"),
        on_day=TruncDate(moment, tzinfo=UTC),
    )
    # Django does not allow an annotation with the name of a column.
    for group in groups.annotate(**{f"all_{name}": value for name, value in wanted.items()}):
        known = {name: group[f"all_{name}"] or 0 for name in wanted}
        yield _Row(group["on_channel"], group["in_currency"], group["on_day"], known)
