"""rediss:// to a real server, whose TLS somebody else does, with certificates of one's own."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import selectors
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from own_cluster import OwnCluster, ask

from storage.connection import open_redis
from storage.errors import RedisUnreachableError

PATIENCE_S = 30.0


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path
    private: ec.EllipticCurvePrivateKey
    name: x509.Name


def key_usage(*, signs: bool) -> x509.KeyUsage:
    """Of who signs certificates, or of a server or client."""
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def issue(folder: Path, name: str, issuer: Issued | None = None, *, host: str = "127.0.0.1") -> Issued:
    """Make a certificate, signed by another one or by itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer = issuer.private if issuer else private
    builder = (
        x509.CertificateBuilder(
            issuer.name if issuer else subject, subject, private.public_key(), x509.random_serial_number()
        )
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        # Python 3.13 insists on it.
        .add_extension(key_usage(signs=issuer is None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    made = Issued(folder / f"{name}.pem", folder / f"{name}.key", private, subject)
    made.certificate.write_bytes(
        builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    made.key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made


def pass_on(outer: ssl.SSLSocket, inner: socket.socket) -> None:
    """Hand on what either says until one has left."""
    outer.settimeout(PATIENCE_S)
    with selectors.DefaultSelector() as either:
        for one, other in ((outer, inner), (inner, outer)):
            either.register(one, selectors.EVENT_READ, (one, other))
        while True:
            ready = [outer] if outer.pending() else [key.fileobj for key, _ in either.select(PATIENCE_S)]
            if not ready:
                return
            for one in ready:
                data = one.recv(65536)  # type: ignore[union-attr]
                if not data:
                    return
                (inner if one is outer else outer).sendall(data)


@contextlib.contextmanager
def tls_before(client: redis.Redis, server: Issued, clients: Issued | None = None) -> Iterator[str]:
    """A port with TLS before the server of a client; asks for certificates of `clients`, if given."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.certificate)
    path = client.connection_pool.connection_kwargs["path"]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as outer,
                socket.socket(socket.AF_UNIX) as inner,
            ):
                inner.connect(path)
                pass_on(outer, inner)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield f"rediss://127.0.0.1:{listening.server_address[1]}/0"
        listening.shutdown()
        thread.join()


def test_a_ca_of_ones_own_is_trusted_and_no_other(client: redis.Redis, tmp_path: Path) -> None:
    ca, other = issue(tmp_path, "ca"), issue(tmp_path, "other")
    with tls_before(client, issue(tmp_path, "server", ca)) as url:
        with open_redis(f"{url}?ssl_ca_certs={ca.certificate}", None) as handle:
            with handle.client.pipeline() as pipe:
                pipe.set("fs:{tls}:x", b"\x00" * 100_000)
                pipe.get("fs:{tls}:x")
                assert pipe.execute()[1] == b"\x00" * 100_000
            assert handle.client.xread({"fs:{tls}:none": "$"}, block=50) == []
            handle.client.delete("fs:{tls}:x")
        for untrusted in (url, f"{url}?ssl_ca_certs={other.certificate}"):
            with pytest.raises(RedisUnreachableError, match="TLS"):
                open_redis(untrusted, None)


def test_the_nodes_of_a_cluster_are_reached_over_tls_as_well(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with contextlib.ExitStack() as stack:
        cluster = OwnCluster(tmp_path_factory.mktemp("rc"), size=1)
        stack.callback(cluster.end)
        node = cluster.nodes[0]
        ca = issue(tmp_path, "ca")
        client = stack.enter_context(contextlib.closing(redis.Redis(unix_socket_path=str(node.socket_path))))
        url = stack.enter_context(tls_before(client, issue(tmp_path, "server", ca)))
        # The node is told the port with TLS before it, which it names to others.
        ask(node, "CONFIG", "SET", "cluster-announce-port", str(urlsplit(url).port))
        with open_redis(f"{url}?ssl_ca_certs={ca.certificate}", None) as handle, handle.errors():
            assert handle.client.incr("fs:{default}:next_identity") == 1
            handle.client.connection_pool.disconnect()
            # Learnt from the node itself.
            assert [client.ping() for client in handle.primaries()] == [True]
        with pytest.raises(RedisUnreachableError, match="TLS"):
            open_redis(url, None)


def test_a_certificate_for_another_host_is_refused(client: redis.Redis, tmp_path: Path) -> None:
    ca = issue(tmp_path, "ca")
    with (
        tls_before(client, issue(tmp_path, "server", ca, host="127.0.0.9")) as url,
        pytest.raises(RedisUnreachableError, match="TLS"),
    ):
        open_redis(f"{url}?ssl_ca_certs={ca.certificate}", None)


def test_a_server_that_asks_for_a_certificate_gets_it(client: redis.Redis, tmp_path: Path) -> None:
    ca = issue(tmp_path, "ca")
    mine = issue(tmp_path, "mine", ca)
    with tls_before(client, issue(tmp_path, "server", ca), ca) as url:
        trusting = f"{url}?ssl_ca_certs={ca.certificate}"
        with open_redis(f"{trusting}&ssl_certfile={mine.certificate}&ssl_keyfile={mine.key}", None) as handle:
            assert handle.client.ping()
        with pytest.raises(RedisUnreachableError):
            open_redis(trusting, None)
