"""A new API address gets no old secrets."""

from typing import Any

import pytest

from saleor_xcover_plugin.config.address_change import forget_secrets, require_secrets
from saleor_xcover_plugin.config.settings import SettingsError, read_settings, seal_secrets

OLD, NEW = "https://api.xcover.example/x", "https://evil.example/x"
STORED = {"api_url": OLD, "partner_code": "DEMO", "api_key": "key-1", "api_secret": "secret-1"}

Configuration = list[dict[str, Any]]


def saved(**changes: str) -> Configuration:
    """What Saleor keeps: secrets sealed."""
    configuration = [{"name": n, "value": v} for n, v in {**STORED, **changes}.items()]
    seal_secrets(configuration)
    return configuration


def changed(before: Configuration, **changes: str) -> Configuration:
    """What Saleor is about to save: the fields that were sent, and the others as they were."""
    return [item | {"value": changes.get(item["name"], item["value"])} for item in before]


def values(configuration: Configuration) -> dict[str, str]:
    return {item["name"]: item["value"] for item in configuration}


@pytest.mark.parametrize("sent", [{}, {"api_key": "key-1"}, {"api_secret": "secret-1"}], ids=str)
def test_an_active_plugin_wants_both_with_the_new_address(sent: dict[str, str]) -> None:
    before = saved()

    with pytest.raises(SettingsError, match="has to be entered again") as refused:
        require_secrets(before, changed(before, api_url=NEW, **sent), is_active=True)

    missing = {"api_key", "api_secret"} - set(sent)
    assert refused.value.field in missing
    assert not any(STORED[name] in str(refused.value) for name in ("api_key", "api_secret"))


def test_an_inactive_one_forgets_what_was_not_entered() -> None:
    before = saved()
    after = changed(before, api_url=NEW, api_key="key-1")

    require_secrets(before, after, is_active=False)
    assert forget_secrets(before, after) == ("api_secret",)

    assert values(after) == {**values(before), "api_url": NEW, "api_key": "key-1", "api_secret": ""}


@pytest.mark.parametrize("address", [NEW, "", OLD + "/y", OLD.replace("https", "http")])
def test_a_seal_that_is_sent_back_is_no_secret(address: str) -> None:
    before, other = saved(), saved()
    after = changed(before, api_url=address, api_key=values(other)["api_key"])

    assert forget_secrets(before, after) == ("api_key", "api_secret")


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ({}, {"partner_code": "OTHER"}),
        ({}, {"api_url": OLD + "/"}),
        ({}, {"offer_minutes": "5"}),
        ({"api_url": ""}, {"api_url": NEW}),  # the first address of a store
    ],
    ids=str,
)
def test_nothing_else_asks_for_them(before: dict[str, str], changes: dict[str, str]) -> None:
    stored = saved(**before)
    after = changed(stored, **changes)

    require_secrets(stored, after, is_active=True)

    assert forget_secrets(stored, after) == ()
    assert values(after)["api_key"] == values(stored)["api_key"] != ""


@pytest.mark.parametrize("is_active", [True, False])
def test_secrets_of_the_environment_go_nowhere_by_a_form(
    is_active: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XCOVER_API_KEY", "environment-key")
    monkeypatch.setenv("XCOVER_API_SECRET", "environment-secret")
    before = saved(api_key="", api_secret="")

    for sent in ({}, {"api_key": "guess", "api_secret": "guess"}, {"api_key": "environment-key"}):
        with pytest.raises(SettingsError, match="XCOVER_API_URL") as refused:
            require_secrets(before, changed(before, api_url=NEW, **sent), is_active=is_active)
        assert "environment-" not in str(refused.value)

    known = {"api_key": "environment-key", "api_secret": "environment-secret"}
    require_secrets(before, changed(before, api_url=NEW, **known), is_active=is_active)


def test_another_channel_cannot_lead_secrets_of_the_environment_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XCOVER_API_KEY", "environment-key")
    monkeypatch.setenv("XCOVER_API_SECRET", "environment-secret")
    empty = saved(api_url="", api_key="", api_secret="")

    # the first channel of a store may name an address, the next ones only the same
    require_secrets(empty, changed(empty, api_url=NEW), is_active=True)
    require_secrets(empty, changed(empty, api_url=OLD + "/"), is_active=True, elsewhere=[OLD])
    with pytest.raises(SettingsError, match="XCOVER_API_URL"):
        require_secrets(empty, changed(empty, api_url=NEW), is_active=True, elsewhere=[OLD])
    # what is not about the address is saved as before
    require_secrets(empty, changed(empty, partner_code="B"), is_active=False, elsewhere=[OLD])
    # nor does emptying the address make it the first again
    only = saved(api_key="", api_secret="")
    with pytest.raises(SettingsError, match="XCOVER_API_URL"):
        require_secrets(only, changed(only, api_url=""), is_active=False)


def test_the_address_of_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XCOVER_API_URL", NEW)

    assert read_settings(saved()).api_url == NEW


def test_an_address_without_encryption_is_refused_unless_tests_say_so(settings: Any) -> None:
    plain = saved(api_url="http://xcover.example/x")
    with pytest.raises(SettingsError, match="begins with http://") as refused:
        read_settings(plain)
    assert refused.value.field == "api_url"

    settings.XCOVER_ALLOW_HTTP = True
    assert read_settings(plain).api_url == "http://xcover.example/x"

    for odd in ("yes", 1, "False", None):
        settings.XCOVER_ALLOW_HTTP = odd
        with pytest.raises(SettingsError):
            read_settings(plain)
    assert read_settings(saved(api_url="http://127.0.0.1:8001/x")).api_url.startswith("http://127")
