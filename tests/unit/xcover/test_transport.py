"""What requests and its thread would do behind our back, and do not."""

import contextlib
import datetime as dt
import ipaddress
import signal
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from saleor_xcover_plugin.xcover import deadline
from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient
from saleor_xcover_plugin.xcover.errors import XCoverMisconfigured, XCoverUnavailable
from saleor_xcover_plugin.xcover.transport import HttpTransport, Request, Response

from .rude_server import OK_HEAD, answer, drips, rude_server, says
from .wire import NOW, canned


def client_of(session, url):
    return XCoverClient(
        Credentials(url, "ABCDE", "demo-key", "demo-secret-0001"),
        HttpTransport(session, clock=lambda: NOW),
    )


def test_a_netrc_of_the_machine_does_not_replace_our_signature(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with (
        rude_server(says(answer(b'{"errors": {"0": "no"}}'))) as server,
        requests.Session() as session,
        pytest.raises(Exception, match="create_offer"),
    ):
        client_of(session, server.url).create_offer(b"{}", deadline=5)

    assert b"Authorization: Signature keyId=" in server.requests[0]
    assert b"Basic" not in server.requests[0]


class InvalidIPAddress(requests.RequestException):
    """Named like the one of Saleor's hardened session."""


@pytest.mark.parametrize(
    ("_case", "fault", "kind"),
    [
        ("private address", InvalidIPAddress("10.0.0.1"), XCoverMisconfigured),
        ("no address", requests.exceptions.InvalidURL("x"), XCoverMisconfigured),
        ("odd header", requests.exceptions.InvalidHeader("x"), XCoverMisconfigured),
        ("certificate", requests.exceptions.SSLError("x"), XCoverUnavailable),
        ("proxy", requests.exceptions.ProxyError("x"), XCoverUnavailable),
        ("a defect below us", RuntimeError("https://secret-host"), XCoverUnavailable),
    ],
)
def test_a_fault_says_whether_waiting_helps(_case, fault, kind):
    client, adapter = canned(200, {})

    def fail(*_args, **_kwargs):
        raise fault

    adapter.send = fail
    with pytest.raises(kind) as caught:
        client.get_booking("AB-INS")
    assert type(caught.value) is kind
    what = {
        "InvalidIPAddress": "the address may not be called",
        "InvalidURL": "the address may not be called",
        "InvalidHeader": "HTTP cannot carry the key or address",
    }.get(type(fault).__name__, "the network failed")
    assert str(caught.value) == f"get_booking: {what} ({type(fault).__name__})"
    assert caught.value.never_left is (kind is XCoverMisconfigured)


def test_only_a_fault_of_the_connection_says_that_nothing_left():
    """Another exception may carry anything, also what looks like one."""
    client, adapter = canned(200, {})

    class NewConnectionError(Exception):
        """Named like urllib3's."""

    class Carrier(Exception):
        reason = NewConnectionError()

    def fail(*_args, **_kwargs):
        raise RuntimeError(Carrier())

    adapter.send = fail
    with pytest.raises(XCoverUnavailable) as caught:
        client.get_booking("AB-INS")
    assert not caught.value.never_left


def test_an_answer_is_read_as_it_comes():
    """Read at once it could be of any size."""
    client, adapter = canned(404, {"type": "x", "message": "y"})
    streams = []
    send = adapter.send

    def watched(request, **kwargs):
        streams.append(kwargs["stream"])
        return send(request, **kwargs)

    adapter.send = watched
    client.probe()

    assert streams == [True]


def test_neither_signature_nor_body_is_shown():
    request = Request(
        "get_booking", "GET", "https://api.example.com", {"Authorization": "secret"}, b"Ada"
    )

    assert "secret" not in repr(request)
    assert "Ada" not in repr(request)
    shown = repr(Response(200, {"Set-Cookie": "secret"}, b"Ada"))
    assert "secret" not in shown
    assert "Ada" not in shown


def test_no_connection_means_that_nothing_was_sent():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/x"

        with requests.Session() as session, pytest.raises(XCoverUnavailable) as caught:
            client_of(session, address).create_offer(b"{}", deadline=5)

    assert caught.value.never_left


def test_a_name_nobody_knows_means_that_nothing_was_sent():
    with requests.Session() as session, pytest.raises(XCoverUnavailable) as caught:
        client_of(session, "http://xcover.invalid/x").create_offer(b"{}", deadline=5)

    assert caught.value.never_left


def test_a_connection_that_breaks_leaves_open_what_was_sent():
    with (
        rude_server(says(b"")) as server,
        requests.Session() as session,
        pytest.raises(XCoverUnavailable) as caught,
    ):
        client_of(session, server.url).create_offer(b"{}", deadline=5)

    assert not caught.value.never_left
    assert not caught.value.was_turned_away


def test_no_thread_left_is_a_fault_and_not_a_crash(monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    client, _ = canned(200, {})
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(XCoverUnavailable):
        client.get_booking("AB-INS")


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
        .not_valid_after(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.mark.parametrize(
    ("_case", "head", "byte"),
    [
        ("headers", OK_HEAD + b"X-Slow: ", b"a"),
        ("body", OK_HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    ],
)
def test_a_drip_inside_tls_is_cut_off_and_its_thread_ends(_case, head, byte, tmp_path):
    pem = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    drip = drips(head, byte)

    def behave(connection, ended):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(65_536)
            drip(secure, ended)

    with rude_server(behave, reads=False) as server, requests.Session() as session:
        session.trust_env = False
        session.verify = str(pem)
        started = time.monotonic()
        with pytest.raises(XCoverUnavailable, match=r"within 0\.6 s"):
            client_of(session, server.url.replace("http:", "https:")).get_booking(
                "AB-INS", deadline=0.6
            )
        assert time.monotonic() - started < 2
        wait_for_the_end_of_threads()


def wait_for_the_end_of_threads():
    ends_at = time.monotonic() + 5
    while any(deadline.THREAD_NAME in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < ends_at, "an abandoned call still runs"
        time.sleep(0.05)


def test_a_key_that_http_cannot_carry_needs_a_person():
    with rude_server(says(answer(b"{}"))) as server, requests.Session() as session:
        session.trust_env = False
        credentials = Credentials(server.url, "ABCDE", "key \u2603", "demo-secret-0001")
        client = XCoverClient(credentials, HttpTransport(session, clock=lambda: NOW))
        with pytest.raises(XCoverMisconfigured):
            client.get_booking("AB-INS", deadline=5)


def test_an_abandoned_thread_gives_back_the_locks_it_holds():
    """An exception raised inside it could end it between taking a lock and giving it back."""
    lock, is_free = threading.Lock(), threading.Event()

    def work(is_abandoned):
        with lock:
            is_abandoned.wait(5)
            total = sum(range(1_000_000))  # byte code that an injected exception would end
        is_free.set()
        return total

    with pytest.raises(deadline.DeadlineExceeded):
        deadline.run_with_deadline(0.1, work)

    assert is_free.wait(5)
    assert lock.acquire(timeout=1)
    wait_for_the_end_of_threads()


def test_a_call_after_abandoned_ones_works_on_the_same_session():
    slow = drips(OK_HEAD + b"X-Slow: ", b"a")
    good = says(answer(b'{"type": "api_error"}', "404 Not Found"))

    # Not by the count of requests: on a busy machine one is given up before it has arrived.
    is_slow = threading.Event()
    is_slow.set()

    def behave(connection, ended):
        (slow if is_slow.is_set() else good)(connection, ended)

    with rude_server(behave) as server, requests.Session() as session:
        session.trust_env = False
        client = client_of(session, server.url)
        for _ in range(3):
            with pytest.raises(XCoverUnavailable):
                client.get_booking("AB-INS", deadline=0.3)
        is_slow.clear()
        client.probe(deadline=5)
        wait_for_the_end_of_threads()


def test_a_call_that_is_given_up_cuts_no_connection_it_has_handed_back():
    """The next call of another thread may use it already, and would lose its answer."""

    def slow(connection, ended):
        """In time, but not at once."""
        connection.sendall(OK_HEAD + b"Content-Length: 4\r\n\r\n")
        for _ in range(4):
            ended.wait(0.2)
            connection.sendall(b" ")

    with rude_server(slow) as server, requests.Session() as session:
        session.trust_env = False
        transport = HttpTransport(session, clock=lambda: NOW)
        request = Request("probe", "GET", server.url, {}, None)
        is_back = threading.Event()

        def first(is_abandoned):
            session.get(server.url, timeout=5)
            pools = session.get_adapter(server.url).poolmanager.pools
            (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118 it has no iterator
            connection = pool.pool.get()
            pool.pool.put(connection)
            assert connection is not None
            is_back.set()
            is_abandoned.wait(10)
            time.sleep(1)  # its thread still ends, with the connection in its hands
            return connection

        def other():
            is_back.wait(10)
            answers.append(transport.send(request, deadline=5))

        answers = []
        thread = threading.Thread(target=other)
        thread.start()
        # when the first call is given up while the other one reads through the same connection
        with pytest.raises(deadline.DeadlineExceeded):
            deadline.run_with_deadline(1.3, first)
        thread.join(10)
        # then the other one has its answer
        assert [answer.body for answer in answers] == [b"    "]
        assert server.connections == 1
    wait_for_the_end_of_threads()


@pytest.mark.parametrize("deadline", [0.3, 0.31, 0.32])
def test_a_handshake_that_drips_is_cut_off_and_its_thread_ends(deadline, tmp_path):
    drip = drips(b"", b"\x16")

    with rude_server(drip, reads=False) as server, requests.Session() as session:
        session.trust_env = False
        with pytest.raises(XCoverUnavailable, match="within"):
            client_of(session, server.url.replace("http:", "https:")).get_booking(
                "AB-INS", deadline=deadline
            )
        wait_for_the_end_of_threads()


class TimeIsUp(Exception):
    """As Celery raises its soft time limit: from a signal, wherever the worker just is."""


@contextlib.contextmanager
def interrupted_after(seconds):
    def interrupt(*_):
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_worker_told_to_stop_is_no_fault_of_the_network(caplog):
    caplog.set_level("INFO", logger="saleor_xcover_plugin")
    # given an XCover that drips, and a worker that has a time limit of its own
    with (
        rude_server(drips(OK_HEAD + b"X-Slow: ", b"a")) as server,
        requests.Session() as session,
        # then: what told it to stop comes out as it is
        pytest.raises(TimeIsUp),
        interrupted_after(0.3),
    ):
        client_of(session, server.url).create_offer(b"{}", deadline=30)

    (call,) = (record for record in caplog.records if record.message == "xcover.call")
    assert (call.operation, call.outcome, call.status) == ("create_offer", "interrupted", None)
    # and the call it left behind ends as well
    ends_at = time.monotonic() + 5
    while any(deadline.THREAD_NAME in thread.name for thread in threading.enumerate()):
        assert time.monotonic() < ends_at, "the call goes on without anybody waiting"
        time.sleep(0.05)
