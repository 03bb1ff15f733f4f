"""Asks a controller for a register twenty times a second, until it is ended; then says how often it was answered, and how
long the longest wait for an answer was.

usage: polls.py ADDRESS FILE
"""

import signal
import socket
import struct
import sys
import time

ADDRESS, FILE = sys.argv[1:]
running = True


def end(*_):
    global running
    running = False


signal.signal(signal.SIGTERM, end)
answered, longest = 0, 0.0
connection = socket.create_connection((ADDRESS, 502), timeout=5)
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
last = time.monotonic()
try:
    while running:
        connection.sendall(struct.pack(">HHHBBHH", answered & 0xFFFF, 0, 6, 1, 3, 0, 1))
        reply = b""
        while len(reply) < 11:
            part = connection.recv(11 - len(reply))
            if not part:
                raise OSError("closed")
            reply += part
        answered += 1
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        time.sleep(0.05)
    how = "ended"
except OSError as error:
    how = f"lost: {error}"
with open(FILE, "w") as told:
    told.write(f"{how} {answered} {longest:.3f}")
