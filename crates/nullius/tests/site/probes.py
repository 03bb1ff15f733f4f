"""Knocks on every door of a segment with frames made by scapy, and writes down who received what.

usage: probes.py PLAN, a JSON file: {"stations": [{"pid", "mac", "ipv4", "ipv6"}, …], "pairs": [[from, to], …],
"tcp": [ports], "udp": [ports], "frame": [ethertype, application], "lies": whether senders use addresses of others}. Prints a JSON list of {"from", "to", "kind", "port",
"arrived": [stations]}. One process holds a packet socket in the namespace of every station: the sender's, to send from, and
the receivers', so that what is reported is what came out of the far end of the cable.
"""

import ctypes
import json
import os
import select
import socket
import sys

from scapy.all import (ARP, ICMP, IP, TCP, UDP, Dot1AD, Dot1Q, Ether, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                       ICMPv6ND_RA, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPOption_LSRR, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, PadN, Raw, in6_getnsma,
                       in6_getnsmac, inet_ntop, inet_pton)

CLONE_NEWNET = 0x40000000
PACKET_OUTGOING = 4
TOKEN = b"nullius-probe-"
EPHEMERAL = 40000
libc = ctypes.CDLL(None, use_errno=True)


def socket_in(pid):
    """A packet socket inside the namespace of `pid`."""
    with open(f"/proc/{pid}/ns/net") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    opened.bind(("eth0", 0))
    opened.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
    opened.setblocking(False)
    return opened


def frames(plan, sender, receiver, spoofed):
    """Every kind of knock of one station at another's door: (kind, port, frame)."""
    ether = Ether(src=sender["mac"], dst=receiver["mac"])
    v4 = IP(src=sender["ipv4"], dst=receiver["ipv4"])
    v6 = IPv6(src=sender["ipv6"], dst=receiver["ipv6"])
    for name, ip in (("ipv4", v4), ("ipv6", v6)):
        for port in plan["tcp"]:
            yield f"{name} tcp", port, ether / ip / TCP(sport=EPHEMERAL, dport=port, flags="S")
            yield f"{name} tcp from the service's port", port, ether / ip / TCP(sport=port, dport=EPHEMERAL, flags="S")
            yield f"{name} tcp reply", port, ether / ip / TCP(sport=port, dport=EPHEMERAL, flags="A")
        for port in plan["udp"]:
            # the reply first: nobody has asked yet
            yield f"{name} udp reply", port, ether / ip / UDP(sport=port, dport=EPHEMERAL + 1)
            yield f"{name} udp", port, ether / ip / UDP(sport=EPHEMERAL, dport=port)
        yield f"{name} sctp", 0, ether / (ip.__class__(src=ip.src, dst=ip.dst, **{"proto" if name == "ipv4" else "nh": 132}))
    port = plan["tcp"][0]
    syn = TCP(sport=EPHEMERAL, dport=port, flags="S")
    yield "ipv4 echo", 0, ether / v4 / ICMP(type=8)
    yield "ipv6 echo", 0, ether / v6 / ICMPv6EchoRequest()
    yield "ipv4 redirect", 0, ether / v4 / ICMP(type=5, code=1, gw=sender["ipv4"])
    yield "ipv6 router advertisement", 0, ether / v6 / ICMPv6ND_RA()
    yield "ipv4 first fragment", port, ether / IP(src=v4.src, dst=v4.dst, flags="MF") / syn
    yield "ipv4 later fragment", port, ether / IP(src=v4.src, dst=v4.dst, frag=3, proto=6)
    yield "ipv4 source route", port, ether / IP(src=v4.src, dst=v4.dst, options=[IPOption_LSRR(routers=[receiver["ipv4"]])]) / syn
    yield "ipv4 in ipv4", port, ether / IP(src=v4.src, dst=v4.dst, proto=4) / v4 / syn
    yield "ipv6 fragment", port, ether / v6 / IPv6ExtHdrFragment(m=1, id=7) / syn
    yield "ipv6 hop-by-hop", port, ether / v6 / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / syn
    yield "ipv6 destination options", port, ether / v6 / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]) / syn
    yield "tagged", port, Ether(src=ether.src, dst=ether.dst) / Dot1Q(vlan=1) / v4 / syn
    yield "doubly tagged", port, Ether(src=ether.src, dst=ether.dst) / Dot1AD(vlan=1) / Dot1Q(vlan=2) / v4 / syn
    ethertype, application = plan["frame"]
    yield "frame", 0, Ether(src=ether.src, dst=ether.dst, type=ethertype) / Raw(application.to_bytes(2, "big"))
    yield "frame of another application", 0, Ether(src=ether.src, dst=ether.dst, type=ethertype) / Raw((application + 1).to_bytes(2, "big"))
    yield "802.2", 0, Ether(src=ether.src, dst=ether.dst, type=38) / Raw(b"\x42\x42\x03")
    yield "arp request", 0, Ether(src=ether.src, dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=sender["mac"], psrc=sender["ipv4"], pdst=receiver["ipv4"])
    group = in6_getnsma(inet_pton(socket.AF_INET6, receiver["ipv6"]))
    yield "neighbour solicitation", 0, (Ether(src=ether.src, dst=in6_getnsmac(group)) / IPv6(src=v6.src, dst=inet_ntop(socket.AF_INET6, group), hlim=255)
                                        / ICMPv6ND_NS(tgt=receiver["ipv6"]) / ICMPv6NDOptSrcLLAddr(lladdr=sender["mac"]))
    if plan["lies"]:
        yield from lies(sender, receiver, spoofed, port)


def lies(sender, receiver, spoofed, port):
    """Frames that use an address of a third station."""
    ether = Ether(src=sender["mac"], dst=receiver["mac"])
    v4 = IP(src=sender["ipv4"], dst=receiver["ipv4"])
    v6 = IPv6(src=sender["ipv6"], dst=receiver["ipv6"])
    syn = TCP(sport=EPHEMERAL, dport=port, flags="S")
    yield "arp claim of another's address", 0, ether / ARP(op=2, hwsrc=sender["mac"], psrc=spoofed["ipv4"], hwdst=receiver["mac"], pdst=receiver["ipv4"])
    yield "neighbour claim of another's address", 0, (ether / IPv6(src=v6.src, dst=v6.dst, hlim=255)
                                                      / ICMPv6ND_NA(tgt=spoofed["ipv6"], S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=sender["mac"]))
    yield "spoofed hardware address", port, Ether(src=spoofed["mac"], dst=ether.dst) / v4 / syn
    yield "spoofed network address", port, ether / IP(src=spoofed["ipv4"], dst=v4.dst) / syn
    yield "both spoofed", port, Ether(src=spoofed["mac"], dst=ether.dst) / IP(src=spoofed["ipv4"], dst=v4.dst) / syn
    yield "both spoofed, ipv6", port, Ether(src=spoofed["mac"], dst=ether.dst) / IPv6(src=spoofed["ipv6"], dst=v6.dst) / syn
    yield "another's hardware address as receiver", port, Ether(src=ether.src, dst=spoofed["mac"]) / v4 / syn


def knock(plan, sockets):
    """Sends every frame with a number in its payload, and collects the numbers that arrive."""
    stations = plan["stations"]
    sent = []
    for sender, receiver in plan["pairs"]:
        others = [index for index in range(len(stations)) if index not in (sender, receiver)]
        spoofed = stations[others[(sender + receiver) % len(others)]]
        for kind, port, frame in frames(plan, stations[sender], stations[receiver], spoofed):
            sockets[sender].send(numbered(frame, len(sent)))
            sent.append({"from": sender, "to": receiver, "kind": kind, "port": port, "arrived": []})
            if len(sent) % 32 == 0:
                collect(sockets, sent, 0)
    while collect(sockets, sent, 0.5):
        pass
    return sent


def numbered(frame, number):
    """The frame with its number in it, where the number makes it no other kind of frame."""
    token = TOKEN + b"%08d" % number
    for discovery in (ICMPv6ND_NS, ICMPv6ND_NA):
        if frame.haslayer(discovery):
            frame[discovery].res = number
            return bytes(frame)
    return bytes(frame) + b"\0" * 8 + token if frame.haslayer(ARP) else bytes(frame / Raw(token))


def number_of(frame):
    """The number of a frame that `numbered` made; None of another."""
    at = frame.find(TOKEN)
    if at >= 0:
        return int(frame[at + len(TOKEN):at + len(TOKEN) + 8])
    if frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] in (135, 136):
        return int.from_bytes(frame[58:62], "big") & 0x1fffffff
    return None


def collect(sockets, sent, patience):
    """Reads what has arrived; whether there was anything."""
    readable, _, _ = select.select(sockets, [], [], patience)
    for receiver in readable:
        while True:
            try:
                frame, address = receiver.recvfrom(4096)
            except BlockingIOError:
                break
            number = number_of(frame)
            if address[2] != PACKET_OUTGOING and number is not None:
                sent[number]["arrived"].append(sockets.index(receiver))
    return bool(readable)


def main():
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    sockets = [socket_in(station["pid"]) for station in plan["stations"]]
    libc.setns(home, CLONE_NEWNET)
    json.dump(knock(plan, sockets), sys.stdout)


main()
