"""What docs/operations.md prints about reports and evidence runs, and is what the code writes."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.management import call_command

from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.process import ROOT
from testkit.steps import buy_with_cover

PAGE = (ROOT / "docs" / "operations.md").read_text()
COMMANDS = re.findall(r"^    python manage\.py (xcover_(?:report|evidence).*)$", PAGE, re.MULTILINE)


def test_every_printed_command_runs(
    store: Store,
    shopper: Callable[[Channel], Shopper],
    payments: PaymentApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # given a store whose channel and orders have other names than the page's
    numbers = {
        example: buy_with_cover(shopper(store.usd), payments, {store.concert: 2})[0].number
        for example in ("1234", "1235")
    }
    names = {"tickets": store.usd.slug, **numbers}
    monkeypatch.chdir(tmp_path)
    # when
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        call_command(
            name,
            *(names.get(argument, argument) for argument in arguments),
            stdout=io.StringIO(),
            stderr=io.StringIO(),
        )
    # then
    assert len(COMMANDS) == 7
    written = {
        argument for c in COMMANDS for argument in c.split() if re.search(r"\w\.\w", argument)
    }
    assert {path.name for path in tmp_path.iterdir()} == written


def test_every_field_of_evidence_is_explained(store: Store) -> None:
    from saleor_xcover_plugin.staff.evidence import Record

    section = PAGE.partition("## Evidence of consent\n")[2].partition("\n## ")[0]
    explained = [
        name
        for row in re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]

    assert sorted(explained) == sorted(field.name for field in fields(Record))
