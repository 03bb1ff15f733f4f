"""Sets up the first account of a controller, or one that another person made, and prints a token with all it may.

usage: claim.py URL CODE [NAME_OF_THE_TOKEN]
"""

import base64
import hashlib
import hmac
import json
import ssl
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

URL, CLAIM = sys.argv[1:3]
NAME = sys.argv[3] if len(sys.argv) > 3 else "judge"
ANYBODY = ssl._create_unverified_context()


def call(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "none", **headers}
    request = urllib.request.Request(URL + path, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, context=ANYBODY) as answer:
        body = answer.read()
        return answer.headers, json.loads(body) if body else None


def code(uri):
    """RFC 6238 with its defaults."""
    secret = urllib.parse.parse_qs(urllib.parse.urlparse(uri).query)["secret"][0]
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6)


_, begun = call("POST", "/v1/setup", {"code": CLAIM, "name": "anna", "password": "correct horse battery staple"})
headers, _ = call("POST", "/v1/setup/finish", {"ceremony": begun["ceremony"], "code": code(begun["totp"])})
cookie = headers["Set-Cookie"].split(";")[0]
_, me = call("GET", "/v1/session", Cookie=cookie)
try:
    call("POST", "/v1/sites", {"name": "lab"}, Cookie=cookie)
except urllib.error.HTTPError as refused:
    if refused.code != 409:
        raise
wanted = {"name": NAME, "permissions": me["permissions"], "sites": ["*"], "days": 1}
_, made = call("POST", "/v1/tokens", wanted, Cookie=cookie)
print(made["secret"])
