"""``manage.py check`` warns of settings that are for tests, or that nobody can read."""

import pytest
from django.core.checks import run_checks
from django.test import override_settings


def warned() -> set[str]:
    """Return the ids of our own warnings about settings; hooks are the host's own matter."""
    ours = {str(each.id) for each in run_checks() if "saleor_xcover_plugin" in str(each.id)}
    return ours - {"saleor_xcover_plugin.W001"}


def test_a_store_in_order_is_not_warned() -> None:
    assert warned() == set()


def test_an_address_without_encryption_is_for_tests() -> None:
    with override_settings(XCOVER_ALLOW_HTTP=True):
        assert warned() == {"saleor_xcover_plugin.W003"}


def test_periods_nobody_can_read_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XCOVER_PURGE", "evidence=soon")
    assert warned() == {"saleor_xcover_plugin.W004"}

    monkeypatch.setenv("XCOVER_PURGE", "off")
    assert warned() == set()
