"""Settings are parsed once for the same values, and never remembered beyond a change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saleor_xcover_plugin.config import fields
from saleor_xcover_plugin.config.settings import (
    SealedElsewhere,
    SettingsError,
    read_settings,
    seal_secrets,
)
from saleor_xcover_plugin.domain.countries import ISO_3166

STORED = {
    "api_url": "https://api.xcover.example/x",
    "partner_code": "DEMO",
    "api_key": "key-of-the-form",
    "api_secret": "secret-of-the-form",
}


def stored(**changes: Any) -> list[dict[str, Any]]:
    """What Saleor keeps: secrets sealed, each time differently."""
    configuration = [{"name": n, "value": v} for n, v in {**STORED, **changes}.items()]
    seal_secrets(configuration)
    return configuration


def test_the_same_values_are_parsed_once() -> None:
    assert read_settings(stored()) is read_settings(stored())


def test_a_changed_setting_counts_at_once() -> None:
    assert read_settings(stored()).offer_minutes == 30
    assert read_settings(stored(offer_minutes="5")).offer_minutes == 5
    assert read_settings(stored(api_key="next")).api_key == "next"
    assert read_settings(stored()).api_key == "key-of-the-form"


def test_the_environment_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(stored()).api_secret == "secret-of-the-form"
    monkeypatch.setenv("XCOVER_API_SECRET", "secret-of-the-environment")
    assert read_settings(stored()).api_secret == "secret-of-the-environment"
    monkeypatch.delenv("XCOVER_API_SECRET")
    assert read_settings(stored()).api_secret == "secret-of-the-form"


def test_what_another_secret_key_sealed_is_said_as_such(settings: Any) -> None:
    sealed = stored()
    assert read_settings(sealed).api_key == "key-of-the-form"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []

    with pytest.raises(SettingsError) as refused:
        read_settings(sealed)

    assert isinstance(refused.value, SealedElsewhere)
    assert refused.value.field == "api_key"
    assert str(refused.value) == (
        "API key cannot be opened: it was saved under another SECRET_KEY. Start every process of "
        "Saleor with the SECRET_KEY it was saved under (or put that one into SECRET_KEY_FALLBACKS),"
        " or enter it again."
    )


def test_a_refusal_is_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(SettingsError) as refused:
            read_settings(stored(offer_minutes="soon"))
        assert refused.value.field == "offer_minutes"


def test_nobody_changes_what_others_read() -> None:
    settings = read_settings(stored(webhook_key="w", webhook_secret="s"))

    with pytest.raises(TypeError):
        settings.webhook_secrets["w"] = "another"  # type: ignore[index]
    assert settings.webhook_secrets == {"w": "s"}


def test_the_environment_makes_a_seal_unimportant(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = stored()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    monkeypatch.setenv("XCOVER_API_KEY", "key-of-the-environment")
    monkeypatch.setenv("XCOVER_API_SECRET", "secret-of-the-environment")

    assert read_settings(sealed).api_key == "key-of-the-environment"


def test_webhook_secrets_that_cannot_be_opened_stop_no_sale_and_are_named(settings: Any) -> None:
    webhook = stored(webhook_key="w", webhook_secret="s")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", ["only-for-tests"]
    assert read_settings(webhook).unreadable == ()
    settings.SECRET_KEY_FALLBACKS = []
    entered_again = [
        *(item for item in webhook if item["name"] not in ("api_key", "api_secret")),
        *(item for item in stored() if item["name"] in ("api_key", "api_secret")),
    ]

    read = read_settings(entered_again)

    assert read.unreadable == ("webhook_key", "webhook_secret")
    assert dict(read.webhook_secrets) == {}


def test_no_secret_shows_where_settings_are_printed() -> None:
    settings = read_settings(
        stored(
            webhook_key="key-of-now",
            webhook_secret="secret-of-now",
            previous_webhook_key="key-of-before",
            previous_webhook_secret="secret-of-before",
        )
    )

    assert len(settings.webhook_secrets) == 2
    for shown in (repr(settings), str(settings)):
        assert "partner_code='DEMO'" in shown
        assert "key-of" not in shown
        assert "secret-of" not in shown


def test_a_refusal_holds_no_error_with_the_values() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(stored(currencies="EURO"))

    assert str(refused.value) == "Not a currency: EURO. Write codes such as EUR, USD."
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_what_no_encoding_can_hold_is_refused_by_field_too() -> None:
    with pytest.raises(SettingsError, match="Not a currency: \ud800"):
        read_settings(stored(currencies="\ud800"))


@pytest.mark.parametrize(
    ("first", "others"),
    [
        ("client_requests", {"client_requests": "x" * 70_000, "api_url": "", "partner_code": "?"}),
        ("webhook_key", {"webhook_key": "two\nlines", "api_url": "", "offer_minutes": "soon"}),
        ("partner_code", {"partner_code": "", "api_url": "ftp://x"}),
        ("api_url", {"api_url": "ftp://x", "partner_code": "?", "event_mapping": "?"}),
        ("offer_minutes", {"offer_minutes": "soon", "languages": "?", "currencies": "?"}),
        ("languages", {"languages": "?", "cooling_off_days": "?", "countries": "?"}),
        ("cooling_off_days", {"cooling_off_days": "?", "calls_per_second": "?"}),
        ("calls_per_second", {"calls_per_second": "?", "currencies": "?"}),
        ("currencies", {"currencies": "?", "countries": "?", "trusted_proxies": "?"}),
        ("countries", {"countries": "?", "offers_per_minute": "?", "client_header": "?"}),
        ("client_header", {"client_header": "?", "trusted_proxies": "?", "client_requests": "?"}),
    ],
)
def test_the_first_of_several_is_named(first: str, others: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(stored(**others))

    assert refused.value.field == first


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offer_minutes", "²"),
        ("offer_minutes", "9" * 5000),
        ("cooling_off_days", "²"),
        ("calls_per_second", "NaN"),
        ("calls_per_second", "\u0665\u0660"),
        ("calls_per_second", "1e999999999"),
        ("countries", "US, UK"),
        ("countries", "ZZ"),
        ("currencies", "USD, EURO"),
        ("languages", "en, Deutsch (Schweiz)"),
        ("offers_per_minute", "0"),
        ("offers_per_minute", "\u00b2"),
        ("client_header", "X-Forwarded-For: 1"),
        ("client_header", "x" * 65),
        ("client_header", "Forwarded"),
        ("calls_per_second", "1_000"),
        ("calls_per_second", "1e2"),
        ("calls_per_second", "0.99"),
        ("trusted_proxies", "-1"),
        ("trusted_proxies", "11"),
        ("client_requests", ""),
        ("partner_code", "AB/../CD"),
        ("partner_code", "x" * 65),
        ("api_url", "https://[::1"),
        ("api_url", "https://user:secret@api.xcover.example/x"),
        ("api_key", "ключ"),
        ("webhook_key", "two\nlines"),
        ("api_url", "https://"),
        ("event_mapping", "start = text:9999-12-31\nname = product.name\ncountry = text:DE"),
        ("event_mapping", "x" * 70_000),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(field: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(stored(**{field: value}))

    assert refused.value.field == field


def test_the_hint_for_a_country_says_what_to_write() -> None:
    with pytest.raises(SettingsError, match="Not a country: UK; write GB"):
        read_settings(stored(countries="uk"))


FIELDS = [field.name for field in fields.FIELDS]


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=200), max_size=4))
def test_whatever_is_stored_is_settings_or_a_refusal_by_field(changes: dict[str, str]) -> None:
    configuration = [{"name": n, "value": v} for n, v in {**STORED, **changes}.items()]
    try:
        settings = read_settings(configuration)
    except SettingsError as error:
        refused = error.field
    else:
        refused = ""
        assert 1 <= settings.offer_minutes <= 1440
        assert settings.rules.countries <= ISO_3166
    assert refused in {"", *FIELDS}
