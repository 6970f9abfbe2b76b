"""DTLS by the system's OpenSSL 3, for encoders whose certificates newer libraries no longer read.

FFmpeg built with GnuTLS signs with a P-224 certificate; OpenSSL 4, which pyOpenSSL brings along, was compiled without
that curve. The library is found at run time and spoken to through cffi; where it is missing, `available` says so and
such encoders need a certificate of their own (FFmpeg: ``-cert_file`` and ``-key_file``).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from cffi import FFI

ffi: Any = FFI()
ffi.cdef(
    """
    typedef struct { const char *name; unsigned long id; } SRTP_PROTECTION_PROFILE;
    struct timeval { long tv_sec; long tv_usec; };
    const void *DTLS_method(void);
    void *SSL_CTX_new(const void *method);
    void SSL_CTX_free(void *ctx);
    long SSL_CTX_ctrl(void *ctx, int cmd, long larg, void *parg);
    int SSL_CTX_use_certificate_ASN1(void *ctx, int len, const char *der);
    int SSL_CTX_use_PrivateKey_ASN1(int type, void *ctx, const char *der, long len);
    void SSL_CTX_set_verify(void *ctx, int mode, int (*callback)(int, void *));
    int SSL_CTX_set_cipher_list(void *ctx, const char *list);
    int SSL_CTX_set_tlsext_use_srtp(void *ctx, const char *profiles);
    void *SSL_new(void *ctx);
    void SSL_free(void *ssl);
    uint64_t SSL_set_options(void *ssl, uint64_t options);
    void DTLS_set_timer_cb(void *ssl, unsigned int (*callback)(void *, unsigned int));
    long SSL_ctrl(void *ssl, int cmd, long larg, void *parg);
    void SSL_set_bio(void *ssl, void *rbio, void *wbio);
    void SSL_set_accept_state(void *ssl);
    void SSL_set_connect_state(void *ssl);
    int SSL_do_handshake(void *ssl);
    int SSL_read(void *ssl, char *buffer, int size);
    int SSL_shutdown(void *ssl);
    int SSL_get_error(void *ssl, int result);
    void *SSL_get1_peer_certificate(void *ssl);
    SRTP_PROTECTION_PROFILE *SSL_get_selected_srtp_profile(void *ssl);
    int SSL_export_keying_material(void *ssl, char *out, size_t size, const char *label, size_t label_size,
                                   const char *context, size_t context_size, int use_context);
    void *BIO_s_mem(void);
    void *BIO_new(void *type);
    long BIO_ctrl(void *bio, int cmd, long larg, void *parg);
    int BIO_write(void *bio, const char *data, int size);
    int BIO_read(void *bio, char *data, int size);
    void ERR_clear_error(void);
    int i2d_X509(void *certificate, unsigned char **out);
    void X509_free(void *certificate);
    """
)

EC_KEY = 408
VERIFY_PEER_STRICTLY = 1 | 2
ERROR_WANT_READ, ERROR_ZERO_RETURN = 2, 6
CTRL_SET_MTU, CTRL_GET_TIMEOUT, CTRL_HANDLE_TIMEOUT, CTRL_SET_GROUPS = 17, 73, 74, 92
BIO_SET_EOF_RETURN = 130
NO_QUERY_MTU = 0x1000
MTU = 1200
FIRST_TIMER, LAST_TIMER = 150_000, 5_000_000
QUEUE = 64
GROUPS = b"X25519:P-256:P-384:P-224"
CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA"
PROFILES = b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"
EXPORTER = b"EXTRACTOR-dtls_srtp"

try:
    _lib: Any = ffi.dlopen("libssl.so.3")
except OSError:
    _lib = None


@ffi.callback("int(int, void *)")  # type: ignore[untyped-decorator]
def _accept_any(_ok: int, _store: Any) -> int:
    """Certificates are self-signed; what counts is the fingerprint, checked after the handshake."""
    return 1


@ffi.callback("unsigned int(void *, unsigned int)")  # type: ignore[untyped-decorator]
def _timer(_ssl: Any, microseconds: int) -> int:
    """When to send a flight again: FFmpeg throws the first ClientHello away, so not only after OpenSSL's second."""
    return min(2 * microseconds, LAST_TIMER) or FIRST_TIMER


def available() -> bool:
    """Whether the library was found."""
    return _lib is not None


class LibsslTransport:
    """A DTLS association over `send`; datagrams come in by `feed`."""

    def __init__(self, certificate: bytes, key: bytes, role: str, send: Callable[[bytes], None]) -> None:
        """`certificate` and `key` (EC) are DER; `role` is ``client`` or ``server``."""
        self._send = send
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self._closed: Callable[[], None] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._buffer = ffi.new("char[]", 2048)
        self._context = ffi.gc(_lib.SSL_CTX_new(_lib.DTLS_method()), _lib.SSL_CTX_free)
        self._configure(certificate, key)
        self._ssl = ffi.gc(_lib.SSL_new(self._context), _lib.SSL_free)
        self._connect_bios()
        (_lib.SSL_set_connect_state if role == "client" else _lib.SSL_set_accept_state)(self._ssl)

    def _configure(self, certificate: bytes, key: bytes) -> None:
        context = self._context
        done = [
            _lib.SSL_CTX_use_certificate_ASN1(context, len(certificate), certificate),
            _lib.SSL_CTX_use_PrivateKey_ASN1(EC_KEY, context, key, len(key)),
            _lib.SSL_CTX_set_cipher_list(context, CIPHERS),
            _lib.SSL_CTX_ctrl(context, CTRL_SET_GROUPS, 0, ffi.new("char[]", GROUPS)),
            not _lib.SSL_CTX_set_tlsext_use_srtp(context, PROFILES),
        ]
        if not all(done):
            raise RuntimeError("libssl refuses our DTLS settings")
        _lib.SSL_CTX_set_verify(context, VERIFY_PEER_STRICTLY, _accept_any)

    def _connect_bios(self) -> None:
        self._in, self._out = _lib.BIO_new(_lib.BIO_s_mem()), _lib.BIO_new(_lib.BIO_s_mem())
        for bio in (self._in, self._out):
            _lib.BIO_ctrl(bio, BIO_SET_EOF_RETURN, -1, ffi.NULL)
        _lib.SSL_set_bio(self._ssl, self._in, self._out)
        _lib.SSL_set_options(self._ssl, NO_QUERY_MTU)
        _lib.SSL_ctrl(self._ssl, CTRL_SET_MTU, MTU, ffi.NULL)
        _lib.DTLS_set_timer_cb(self._ssl, _timer)

    def feed(self, datagram: bytes) -> None:
        """Hand over a received datagram; too many unread ones are dropped."""
        if not self._inbox.full():
            self._inbox.put_nowait(datagram)

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the peer ends the association."""
        self._closed = callback

    async def handshake(self, fingerprints: Sequence[tuple[str, str]]) -> tuple[str, bytes] | None:
        """Run the handshake and check the peer's certificate.

        Returns:
            ``(SRTP profile, exported keying material)``, or None when it failed.
        """
        while (result := self._advance()) != 1:
            if _lib.SSL_get_error(self._ssl, result) != ERROR_WANT_READ:
                return None
            await self._next_datagram()
        if not self._certificate_matches(fingerprints):
            return None
        self._pump = asyncio.get_running_loop().create_task(self._watch())
        return self._keys()

    def _advance(self) -> int:
        _lib.ERR_clear_error()
        result: int = _lib.SSL_do_handshake(self._ssl)
        self._flush()
        return result

    async def _next_datagram(self) -> None:
        """Wait for the peer, or for the time to send the last flight again (RFC 6347 section 4.2.4)."""
        left = ffi.new("struct timeval *")
        running = _lib.SSL_ctrl(self._ssl, CTRL_GET_TIMEOUT, 0, left) == 1
        timeout = left.tv_sec + left.tv_usec / 1e6 if running else None
        try:
            datagram = await asyncio.wait_for(self._inbox.get(), timeout)
        except TimeoutError:
            _lib.SSL_ctrl(self._ssl, CTRL_HANDLE_TIMEOUT, 0, ffi.NULL)
            self._flush()
        else:
            _lib.BIO_write(self._in, datagram, len(datagram))

    def _flush(self) -> None:
        """Send what libssl wrote: whole DTLS records (RFC 6347 section 4.1), as many as fit a datagram."""
        pending = b""
        while (size := _lib.BIO_read(self._out, self._buffer, len(self._buffer))) > 0:
            pending += bytes(ffi.buffer(self._buffer, size))
        datagram = b""
        while len(pending) >= 13:
            size = 13 + int.from_bytes(pending[11:13], "big")
            if datagram and len(datagram) + size > MTU:
                self._send(datagram)
                datagram = b""
            datagram, pending = datagram + pending[:size], pending[size:]
        if datagram:
            self._send(datagram)

    def _certificate_matches(self, fingerprints: Sequence[tuple[str, str]]) -> bool:
        certificate = _lib.SSL_get1_peer_certificate(self._ssl)
        if certificate == ffi.NULL:
            return False
        der = bytearray(_lib.i2d_X509(certificate, ffi.NULL))
        out = ffi.new("unsigned char **", ffi.from_buffer("unsigned char[]", der))
        _lib.i2d_X509(certificate, out)
        _lib.X509_free(certificate)
        return bool(fingerprints) and all(
            hashlib.new(algorithm.replace("-", ""), der).hexdigest().upper() == value.replace(":", "")
            for algorithm, value in fingerprints
        )

    def _keys(self) -> tuple[str, bytes] | None:
        profile = _lib.SSL_get_selected_srtp_profile(self._ssl)
        material = ffi.new("char[]", 60)
        exported = _lib.SSL_export_keying_material(self._ssl, material, 60, EXPORTER, len(EXPORTER), ffi.NULL, 0, 0)
        if profile == ffi.NULL or exported != 1:
            return None
        return ffi.string(profile.name).decode("ascii"), bytes(ffi.buffer(material, 60))

    async def _watch(self) -> None:
        """Read on until the peer closes."""
        while True:
            datagram = await self._inbox.get()
            _lib.BIO_write(self._in, datagram, len(datagram))
            _lib.ERR_clear_error()
            result = _lib.SSL_read(self._ssl, self._buffer, len(self._buffer))
            self._flush()
            if result <= 0 and _lib.SSL_get_error(self._ssl, result) == ERROR_ZERO_RETURN:
                break
        if self._closed is not None:
            self._closed()

    async def stop(self) -> None:
        """Send close_notify and end."""
        if self._pump is not None:
            if self._pump is not asyncio.current_task():
                self._pump.cancel()
            self._pump = None
            _lib.SSL_shutdown(self._ssl)
            self._flush()
