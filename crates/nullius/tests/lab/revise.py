"""Changes texts of a site's policy and puts it in force.

usage: revise.py URL TOKEN (FILE BEFORE AFTER)…
"""

import json
import ssl
import sys
import urllib.request

URL, TOKEN, *CHANGES = sys.argv[1:]
REVISIONS = URL + "/v1/sites/lab/policy/revisions"


def call(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + TOKEN}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, context=ssl._create_unverified_context()) as answer:
        return json.loads(answer.read() or "null")


last = max(revision["number"] for revision in call("GET", REVISIONS)["items"])
files = call("GET", f"{REVISIONS}/{last}")["files"]
for file, before, after in zip(CHANGES[0::3], CHANGES[1::3], CHANGES[2::3], strict=True):
    assert before in files[file], files[file]
    files[file] = files[file].replace(before, after)
kept = call("POST", REVISIONS, {"files": files, "message": "a key is wanted"})
print(call("POST", f"{REVISIONS}/{kept['number']}/apply", {"reason": "a key is wanted"}))
