"""Which addresses of this machine to advertise as ICE candidates."""

from __future__ import annotations

import ipaddress
import itertools
import socket

import ifaddr


def local_addresses() -> list[str]:
    """All addresses of this machine, those that most can reach first, loopback last, link-local ones never.

    Public addresses stand before private ones; IPv4 and IPv6 take turns, so that clients in whose network one of them
    leads nowhere come to the other early (RFC 8421 section 4). IPv4 begins: some encoders read no further than that.
    """
    found = [ipaddress.ip_address(_text(ip)) for adapter in ifaddr.get_adapters() for ip in adapter.ips]
    usable = {address for address in found if not address.is_link_local}
    ranked: list[str] = []
    for reach in (_public, _private, _loopback):
        alike = sorted(filter(reach, usable), key=int)
        families = [[str(a) for a in alike if a.version == version] for version in (4, 6)]
        ranked += [a for pair in itertools.zip_longest(*families) for a in pair if a is not None]
    return ranked


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _loopback(address: _Address) -> bool:
    return address.is_loopback


def _public(address: _Address) -> bool:
    return address.is_global


def _private(address: _Address) -> bool:
    return not address.is_global and not address.is_loopback


def wildcard() -> str:
    """The address to bind to for all of this machine's: ``::`` takes IPv4 as well, where there is IPv6 at all."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            probe.bind(("::", 0))
    except OSError:
        return "0.0.0.0"
    return "::"


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
