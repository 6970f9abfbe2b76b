"""Which addresses of this machine to advertise as ICE candidates."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr


def local_addresses() -> list[str]:
    """All addresses of this machine, those that others can reach first, loopback last, link-local ones never."""
    found = [ipaddress.ip_address(_text(ip)) for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    usable = {address for address in found if not address.is_link_local}
    return [str(address) for address in sorted(usable, key=lambda a: (a.is_loopback, a.version, int(a)))]


def _text(ip: ifaddr.IP) -> str:
    return ip.ip if isinstance(ip.ip, str) else ip.ip[0]


def advertised(host: str, public: list[str] | None) -> list[str]:
    """The addresses to offer for a socket bound to `host`: the public ones if given, else all that reach it."""
    if public:
        return list(dict.fromkeys(public))
    bound = ipaddress.ip_address(host)
    if not bound.is_unspecified:
        return [str(bound)]
    return [address for address in local_addresses() if bound.version == 6 or ":" not in address]


def resolve(host: str) -> str:
    """A host name or ``localhost`` as an address; addresses and wildcards stay what they are.

    Raises:
        OSError: the name cannot be resolved.
    """
    try:
        return str(ipaddress.ip_address(host or "0.0.0.0"))
    except ValueError:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
