"""Sends numbered datagrams for ever, to every address each time.

usage: stream.py PORT SECONDS ADDRESS…

Each holds its number and when it was sent in nanoseconds since 1970, eight bytes each, and eight more, which no request of
CoAP has: the service behind the port takes none for one.
"""

import socket
import struct
import sys
import time

PORT, PERIOD, ADDRESSES = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]

families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in ADDRESSES]
sockets = [socket.socket(family, socket.SOCK_DGRAM) for family in families]
number, due = 0, time.monotonic()
while True:
    for sender, address in zip(sockets, ADDRESSES):
        try:
            sender.sendto(struct.pack(">QQ8x", number, time.time_ns()), (address, PORT))
        except OSError:
            # nobody answers for the address while this device is cut off
            pass
    number += 1
    # who was held up does not send the rest at once
    due = max(due + PERIOD, time.monotonic())
    time.sleep(max(0, due - time.monotonic()))
