"""Settings: flags, then ``CONFERENCE_*`` variables, then ``conference.toml``, then sound defaults."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from conference.core.errors import ConferenceError
from conference.store.engine import database_url

_TURN = re.compile(r"turns?:([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\?transport=(udp|tcp))?\Z")


MAX_WORKERS = 64


def _setting(help_text: str, default: Any = None) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True)
class Settings:
    """What can be set: each field is a flag ``--name``, a variable ``CONFERENCE_NAME`` and a key in the file."""

    data: str = _setting("directory of the database and the key", "data")
    host: str = _setting("address to listen on", "127.0.0.1")
    port: int = _setting("TCP port of pages and socket", 8080)
    media_port: int = _setting("UDP and TCP port of picture and sound", 8081)
    media_host: str = _setting(
        "IPv4 and IPv6 addresses of the media port for browsers, comma-separated (default: this machine's)", ""
    )
    media_workers: int = _setting("processes for picture and sound, on as many ports (default: one per core)", 0)
    public_url: str = _setting("the address people type, e.g. https://konferenz.example.org", "")
    tls_cert: str = _setting("certificate chain (PEM); without it serve behind a reverse proxy", "")
    tls_key: str = _setting("private key (PEM)", "")
    turn_urls: str = _setting(
        "TURN servers to hand to browsers, e.g. turn:turn.example.org?transport=udp, comma-separated", ""
    )
    turn_secret: str = _setting("secret shared with them (coturn's static-auth-secret)", "")
    trusted_proxy: str = _setting("addresses whose forwarded headers are believed, comma-separated", "")
    database: str = _setting("SQLAlchemy URL (default: SQLite in the data directory)", "")

    @property
    def directory(self) -> Path:
        """The data directory."""
        return Path(self.data)

    @property
    def database_url(self) -> str:
        """Where the database is."""
        return self.database or database_url(self.directory)

    @property
    def url(self) -> str:
        """The address under which browsers reach the server, without a slash at its end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        scheme = "https" if self.tls_cert else "http"
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::", "") else self.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def media_addresses(self) -> list[str]:
        """Addresses for ICE candidates, best first; empty: all of this machine."""
        return [item.strip("[]") for item in _listed(self.media_host)]

    @property
    def media_processes(self) -> int:
        """How many media workers to run: worker n listens on ``media_port + n``."""
        return self.media_workers or len(os.sched_getaffinity(0))

    @property
    def media_ports(self) -> list[int]:
        """The ports of the media workers; where any will do, 0 alone."""
        return [self.media_port + number for number in range(self.media_processes if self.media_port else 1)]

    @property
    def turn_servers(self) -> list[str]:
        """TURN addresses (RFC 7065)."""
        return _listed(self.turn_urls)

    @property
    def proxies(self) -> list[str]:
        """Peers whose ``X-Forwarded-*`` headers are believed."""
        return _listed(self.trusted_proxy)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def load(flags: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Put the settings together.

    Args:
        flags: by field name; None means not given.

    Raises:
        ConferenceError: ``settings.invalid`` for an unknown key in the file or a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    data = flags.get("data") or environ.get("CONFERENCE_DATA") or "data"
    values: dict[str, Any] = {**_file(Path("conference.toml")), **_file(Path(data) / "conference.toml")}
    for known in fields(Settings):
        variable = environ.get(f"CONFERENCE_{known.name.upper()}")
        if variable is not None:
            values[known.name] = variable
        if flags.get(known.name) is not None:
            values[known.name] = flags[known.name]
    settings = Settings(**{**_typed(values), "data": str(data)})
    _check_addresses(settings)
    _check_turn(settings)
    if settings.media_ports[-1] > 65535:
        raise ConferenceError("settings.invalid", f"media_port: über {settings.media_port} sind nicht genug Ports.")
    return settings


def _file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConferenceError("settings.invalid", f"{path}: {error}") from error
    unknown = set(values) - {known.name for known in fields(Settings)}
    if unknown:
        raise ConferenceError("settings.invalid", f"{path}: unbekannt: {', '.join(sorted(unknown))}")
    return values


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for name, value in values.items():
        if name == "media_workers":
            if not str(value).isdigit() or int(value) > MAX_WORKERS:
                raise ConferenceError("settings.invalid", f"{name}: »{value}« ist keine Zahl von 0 bis {MAX_WORKERS}.")
            typed[name] = int(value)
        elif name not in ("port", "media_port"):
            typed[name] = str(value)
        elif not str(value).isdigit() or not 0 <= int(value) <= 65535:
            raise ConferenceError("settings.invalid", f"{name}: »{value}« ist kein Port.")
        else:
            typed[name] = int(value)
    return typed


def _check_addresses(settings: Settings) -> None:
    for address in settings.media_addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise ConferenceError("settings.invalid", f"media_host: »{address}« ist keine IP-Adresse.") from None


def _check_turn(settings: Settings) -> None:
    for url in settings.turn_servers:
        if not _TURN.match(url):
            raise ConferenceError(
                "settings.invalid", f"turn_urls: »{url}« ist keine TURN-Adresse (turn:name:3478?transport=udp)."
            )
    if bool(settings.turn_servers) != bool(settings.turn_secret):
        raise ConferenceError("settings.invalid", "turn_urls und turn_secret gehören zusammen: beide oder keins.")


def secret_key(directory: Path) -> bytes:
    """The key that signs links and cookies: made once, readable by the owner only. Losing it kills every link."""
    path = directory / "secret.key"
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    key = path.read_text("ascii").strip()
    if len(key) < 64:
        raise ConferenceError("settings.invalid", f"{path} ist beschädigt.")
    return bytes.fromhex(key)
