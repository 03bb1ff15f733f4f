"""Checks an exported audit log with Python's standard library and nothing of ours.

Usage: independent.py FOLDER VERIFIER_KEY. Written from RFC 6962, RFC 8032 and c2sp.org/{signed-note,tlog-tiles}; slow and
short on purpose. Prints the size and the root, or fails with the first thing that is wrong.
"""

import base64
import hashlib
import json
import pathlib
import sys

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def sha256(data):
    return hashlib.sha256(data).digest()


def decompress(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - square) % P == 0, "no point of the curve"
    return (P - x if x & 1 != sign else x, y)


def add(a, b):
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, P - 2, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, P - 2, P)
    return (x % P, y % P)


def times(factor, point):
    sum_ = (0, 1)
    while factor:
        if factor & 1:
            sum_ = add(sum_, point)
        point, factor = add(point, point), factor >> 1
    return sum_


def ed25519(key, message, signature):
    base = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    return s < Q and times(s, base) == add(decompress(signature[:32]), times(h, decompress(key)))


def checkpoint(note, verifier):
    name, key_id, key = verifier.split("+", 2)
    key = base64.b64decode(key)
    assert sha256(name.encode() + b"\n" + key)[:4].hex() == key_id, "the key's id is wrong"
    text, signatures = note.rsplit("\n\n", 1)
    for line in signatures.splitlines():
        dash, signer, made = line.split(" ")
        made = base64.b64decode(made)
        if signer == name and made[:4].hex() == key_id:
            assert ed25519(key[1:], (text + "\n").encode(), made[4:]), "the signature is wrong"
            origin, size, root = text.split("\n")[:3]
            assert origin == name
            return int(size), base64.b64decode(root)
    raise AssertionError("the checkpoint is not signed by this key")


def path(number, width):
    digits = f"{number % 1000:03}"
    while number := number // 1000:
        digits = f"x{number % 1000:03}/{digits}"
    return digits if width == 256 else f"{digits}.p/{width}"


def spans(count):
    return [(first // 256, min(256, count - first)) for first in range(0, count, 256)]


def entries(data):
    found = []
    while data:
        length = int.from_bytes(data[:2], "big")
        found.append(data[2 : 2 + length])
        assert len(found[-1]) == length, "an entry is cut"
        data = data[2 + length :]
    return found


def tree(leaves):
    """The definition of RFC 6962, section 2.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"")
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + tree(leaves[:half]) + tree(leaves[half:]))


def main(folder, verifier):
    folder = pathlib.Path(folder)
    size, root = checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), verifier)
    leaves = []
    for number, width in spans(size):
        bundle = entries((folder / "tile/entries" / path(number, width)).read_bytes())
        assert len(bundle) == width, f"bundle {number} has {len(bundle)} entries"
        assert all(json.loads(entry)["v"] == 1 for entry in bundle)
        leaves += [sha256(b"\x00" + entry) for entry in bundle]
    assert tree(leaves) == root, "the records do not hash to the signed root"
    level, hashes = 0, leaves
    while hashes:
        for number, width in spans(len(hashes)):
            tile = (folder / "tile" / str(level) / path(number, width)).read_bytes()
            assert tile == b"".join(hashes[number * 256 : number * 256 + width]), f"tile {level}/{number}"
        hashes = [tree(hashes[first : first + 256]) for first in range(0, len(hashes) - 255, 256)]
        level += 1
    print(size, root.hex())


main(*sys.argv[1:])
