"""Only the dashboard that a setting names may show the desk in a frame."""

from __future__ import annotations

from typing import Any

import pytest

from saleor_xcover_plugin.config.framing import content_policy, dashboard_origins


@pytest.mark.parametrize(
    ("address", "origins"),
    [
        ("", []),
        ("https://shop.example/dashboard/", ["https://shop.example"]),
        ("https://shop.example:443", ["https://shop.example"]),
        ("http://localhost:9000/", ["http://localhost:9000"]),
        ("https://SHOP.example", ["https://shop.example"]),
        ("https://a.example , http://b.example:80", ["https://a.example", "http://b.example"]),
        ("https://[::1]:9000", ["https://[::1]:9000"]),
        ("https://bücher.example", ["https://xn--bcher-kva.example"]),
    ],
)
def test_an_address_has_one_origin(settings: Any, address: str, origins: list[str]) -> None:
    settings.XCOVER_DASHBOARD_URL = address

    assert dashboard_origins() == origins


@pytest.mark.parametrize(
    "address",
    [
        "shop.example",
        "*",
        "https://*",
        "https://*.example",
        "https://shop.example; script-src *",
        "https://shop.example 'unsafe-inline'",
        "https://user:secret@shop.example",
        "javascript:alert(1)",
        "https://",
        "https://shop.example:99999",
        "https://a\nb.example",
        "https://" + "a" * 64 + ".example",
    ],
)
def test_what_is_no_address_of_a_dashboard_lets_nobody_frame_it(
    settings: Any, address: str
) -> None:
    settings.XCOVER_DASHBOARD_URL = address

    with pytest.raises(ValueError, match="is the dashboard's address"):
        dashboard_origins()
    assert content_policy().endswith("frame-ancestors 'none'")


def test_the_environment_names_it_where_settings_do_not(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XCOVER_DASHBOARD_URL", "https://shop.example/")

    assert content_policy().endswith("frame-ancestors https://shop.example")


def test_without_a_name_only_its_own_origin_may(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XCOVER_DASHBOARD_URL", raising=False)

    assert content_policy().endswith("frame-ancestors 'self'")
    assert "unsafe" not in content_policy()
