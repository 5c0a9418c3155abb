"""Fetching from misbehaving hosts: slow ones, invalid URLs, and private networks under another
name.
"""

import datetime as dt
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from redactor.errors import Busy, RefusedInput
from redactor.service.ingest.fetch import fetch, is_public


@contextmanager
def host(*pieces, every=0.0, tls=None):
    """The address of a host that answers with these bytes, `every` so many seconds one."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            with suppress(OSError):
                connection, _ = server.accept()
                with tls.wrap_socket(connection, server_side=True) if tls else connection as made:
                    made.recv(9999)
                    for piece in pieces:
                        made.sendall(piece)
                        time.sleep(every)

        threading.Thread(target=answer, daemon=True).start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    """TLS contexts of a host with its own certificate, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "host")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(days=1)
    ).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "host.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(path)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    return server, client


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "head",
    [HEAD + b"X: ", HEAD + b"\r\n", HEAD + b"Content-Length: 99\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"],
)
@pytest.mark.parametrize("secure", [False, True])
def test_a_host_that_sends_byte_by_byte_is_cut_off(contexts, head, secure):
    server, client = contexts if secure else (None, None)
    with host(head, *[b"1"] * 30, every=0.2, tls=server) as url:
        begun = time.monotonic()
        with pytest.raises(Busy):
            fetch(f"{url}/a", (url,), limit=999, seconds=0.5, tls=client)
        assert 0.4 < time.monotonic() - begun < 3


def test_a_host_that_never_says_hello(contexts):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(Busy):
            fetch(f"{url}/a", (url,), limit=999, seconds=0.5, tls=contexts[1])


def test_a_slow_host_that_finishes_in_time(contexts):
    with host(HEAD + b"\r\n", b"ab", b"c", every=0.05, tls=contexts[0]) as url:
        assert fetch(f"{url}/a", (url,), limit=999, tls=contexts[1]) == b"abc"


@pytest.mark.parametrize("place", ["http://127.0.0.1:99999/", "http://[::1/", "//[x]/", "http://h:x/", "http://\x85/"])
def test_a_redirect_to_nonsense_is_refused(place):
    answer = f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"
    with host(answer.encode("latin-1")) as url, pytest.raises(RefusedInput):
        fetch(f"{url}/a", (url,), limit=999)


def test_an_invalid_host_name_is_not_reached():
    with pytest.raises(Busy):
        fetch("https://recordings..example.org/a", ("https://recordings..example.org",), limit=999)


PRIVATE = (
    "127.0.0.1 10.0.0.1 169.254.169.254 0.0.0.0 100.64.0.1 192.0.0.8 192.0.0.170 192.0.2.1 198.18.0.1 224.0.0.1 "
    "233.252.0.1 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 "
    "64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2001::1 2001:db8::1 fc00::1 fd00::1 fe80::1 "
    "fe80::1%eth0 fec0::1 ff02::1 ff0e::1 4000::1"
)
PUBLIC = "8.8.8.8 192.0.1.1 2606:4700::1111 2a00:1450::1 64:ff9b::808:808 2002:808:808::1 ::ffff:8.8.8.8"


def test_private_networks_are_known_under_every_name():
    assert not [address for address in PRIVATE.split() if is_public(address)]
    assert not [address for address in PUBLIC.split() if not is_public(address)]
