# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The protocol of tests/interop/line.h for drivers in Python: serve() answers requests up to the end of standard input.
What a function of a driver raises becomes the answer's reason."""

import base64
import json
import sys


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def serve(version, **functions):
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"version": version} if request["op"] == "hello" else functions[request["op"]](request)
        except Exception as error:  # whatever a library raises is its reason
            answer = {"why": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def own_header(request, i):
    """Returns the members of the header of recipient |i| of several, else of none."""
    if len(request["keys"]) == 1:
        return {}
    members = {"kid": request["keys"][i]["kid"]}
    return members | {"alg": request["algs"][i]} if request.get("algs") else members


def header(request):
    """Returns the members of a protected header, as one who calls a library writes them."""
    members = {"enc": request["enc"]} if request.get("algs") else {"alg": request["alg"], "enc": request["enc"]}
    if request.get("kid"):
        members["kid"] = request["kid"]
    for name in ("apu", "apv"):
        if request.get(name):
            members[name] = base64url(bytes.fromhex(request[name]))
    return members
