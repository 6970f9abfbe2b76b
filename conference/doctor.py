"""What would go wrong tomorrow: looked at today, said in words."""

from __future__ import annotations

import ipaddress
import shutil
import socket
import sqlite3
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from conference.config import Settings
from conference.media import libssl
from conference.media.addresses import local_addresses, wildcard

NEEDED_BYTES = 5 * 1024**3
NEEDED_SQLITE = (3, 35, 0)  # RETURNING


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    good: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """Look at ports, addresses, TLS, mail, disk and the address people type. Changes nothing but an empty directory."""
    checks: list[Callable[[Settings], Finding]] = [
        _disk,
        _sqlite,
        _port,
        _media_port,
        _addresses,
        _turn,
        _tls,
        _public_url,
        _encoders,
        _mail,
    ]
    return [check(settings) for check in checks]


def _disk(settings: Settings) -> Finding:
    directory = settings.directory
    while not directory.exists():
        directory = directory.parent
    free = shutil.disk_usage(directory).free
    return Finding(
        free >= NEEDED_BYTES,
        f"Platz: {free / 1024**3:.0f} GB frei unter {directory.resolve()} (gebraucht: 5)",
    )


def _sqlite(_settings: Settings) -> Finding:
    return Finding(sqlite3.sqlite_version_info >= NEEDED_SQLITE, f"SQLite {sqlite3.sqlite_version}")


def _port(settings: Settings) -> Finding:
    return _bindable(socket.SOCK_STREAM, settings.host, settings.port, "Seiten: TCP")


def _media_port(settings: Settings) -> Finding:
    """One UDP and TCP port for each media worker, one after the other."""
    ports = settings.media_ports
    if settings.media_port and settings.port in ports:
        return Finding(False, f"Seiten und Bild und Ton wollen beide TCP-Port {settings.port}: --media-port ändern")
    for port in ports:
        for kind, name in ((socket.SOCK_DGRAM, "UDP"), (socket.SOCK_STREAM, "TCP")):
            found = _bindable(kind, wildcard(), port, f"Bild und Ton: {name}")
            if not found.good:
                return found
    listed = f"{ports[0]}" if len(ports) == 1 else f"{ports[0]} bis {ports[-1]}"
    return Finding(True, f"Bild und Ton: UDP und TCP {wildcard()}:{listed} frei")


def _bindable(kind: socket.SocketKind, host: str, port: int, what: str) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return Finding(False, f"{what} {host}:{port}: {error.strerror} (läuft der Server schon?)")
    return Finding(True, f"{what} {host}:{port} ist frei")


def _addresses(settings: Settings) -> Finding:
    found = settings.media_addresses or local_addresses()
    outside = [a for a in found if not ipaddress.ip_address(a).is_loopback]
    listed = ", ".join(found)
    if not outside:
        return Finding(False, f"Bild und Ton gehen nur an {listed}: andere Rechner erreichen sie nicht (--media-host)")
    return Finding(True, f"Bild und Ton gehen an {listed}; von außen erreichbar machen oder --media-host setzen")


def _turn(settings: Settings) -> Finding:
    if not settings.turn_servers:
        return Finding(True, "kein TURN-Server: sehr strenge Netze bleiben draußen (--turn-urls, --turn-secret)")
    for url in settings.turn_servers:
        host = urlsplit(url.replace(":", "://", 1)).hostname or ""
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError):
            return Finding(False, f"TURN: {host} ist nicht zu finden")
    return Finding(True, f"TURN: {', '.join(settings.turn_servers)}")


def _tls(settings: Settings) -> Finding:
    if not settings.tls_cert:
        local = urlsplit(settings.url).hostname in ("127.0.0.1", "localhost", "::1")
        proxied = settings.public_url.startswith("https:")
        text = "kein TLS-Zertifikat: Kamera und Mikrofon gibt der Browser nur über HTTPS frei (oder auf diesem Rechner)"
        return Finding(local or proxied, text)
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key or None)
        certificate = x509.load_pem_x509_certificate(Path(settings.tls_cert).read_bytes())
    except (OSError, ValueError) as error:
        return Finding(False, f"TLS: {settings.tls_cert}: {error}")
    days = (certificate.not_valid_after_utc - datetime.now(UTC)).days
    return Finding(days > 7, f"TLS: Zertifikat gilt noch {days} Tage")


def _public_url(settings: Settings) -> Finding:
    if not settings.public_url:
        return Finding(True, f"Adresse für die Eingeladenen: {settings.url} (mit --public-url eine andere)")
    parts = urlsplit(settings.public_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
        return Finding(False, f"--public-url {settings.public_url}: erwartet wird https://name ohne Pfad")
    try:
        socket.getaddrinfo(parts.hostname, parts.port or 443)
    except OSError as error:
        return Finding(False, f"--public-url: {parts.hostname} ist nicht zu finden ({error.strerror})")
    return Finding(True, f"Adresse für die Eingeladenen: {settings.public_url}")


def _encoders(_settings: Settings) -> Finding:
    if libssl.available():
        return Finding(True, "Encoder: auch FFmpeg mit GnuTLS kann den Saal einspeisen")
    return Finding(False, "Encoder: ohne libssl.so.3 braucht FFmpeg (GnuTLS) -cert_file und -key_file")


def _mail(_settings: Settings) -> Finding:
    return Finding(True, "E-Mail ist nicht eingerichtet: Links mit »conference links« ausgeben")
