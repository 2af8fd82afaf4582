"""XCover is called over an encrypted line, or on this very machine."""

import pytest

from saleor_xcover_plugin.domain.api_address import fault_of


@pytest.mark.parametrize(
    "address",
    [
        "https://api.xcover.com/x",
        "https://api.xcover.com/x/",
        "https://api.xcover-staging.com:8443/xcover",
        "https://192.0.2.7/x",
        "https://[2001:db8::1]/x",
        "http://localhost:8001/x",
        "http://127.0.0.1:8001/x",
        "http://127.9.9.9/x",
        "http://[::1]:8001/x",
    ],
)
def test_these_may_be_called(address: str) -> None:
    assert fault_of(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://api.xcover.com/x",
        "http://192.168.1.2/x",
        "http://0.0.0.0/x",
        "http://127.0.0.1.example.com/x",
        "http://localhost.example.com/x",
        "http://2130706433/x",
        "http://[2001:db8::1]/x",
    ],
)
def test_without_encryption_only_this_machine_is_called(address: str) -> None:
    assert "begins with http://" in fault_of(address)
    assert fault_of(address, may_use_http=True) == ""


@pytest.mark.parametrize(
    "address",
    [
        "",
        "api.xcover.com",
        "ftp://api.xcover.com/x",
        "HTTPS//api.xcover.com",
        "https://",
        "https://[::1",
        "https://api..xcover.com/x",
        "https://.",
        "https://api.xcover.com:0/x",
        "https://api.xcover.com:99999/x",
        "https://api.xcover.com:x/x",
        "https://api.xcover.com\\@evil.example/x",
        "https://key:secret@api.xcover.com/x",
        "https://localhost@evil.example/x",
        "http://localhost@evil.example/x",
        "https://api.xcover.com/x?to=evil",
        "https://api.xcover.com?",
        "https://api.xcover.com/x#",
        "https://api.xcover.com/../x",
        "https://api.xcover.com/./x",
        "https://api.xcover.com/a%2F..%2Fb",
        "https://api.xcover.com/x y",
        "https://api.xco\nver.com/x",
        "https://ápi.xcover.com/x",
        "https://api.xcover.com/" + "x" * 2000,
    ],
)
@pytest.mark.parametrize("may_use_http", [True, False])
def test_what_is_no_host_and_base_path_is_refused(address: str, may_use_http: bool) -> None:
    assert fault_of(address, may_use_http=may_use_http) != ""
