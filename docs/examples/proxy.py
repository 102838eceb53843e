#!/usr/bin/env python3
"""What a proxy does with Rollcall, in the standard library alone.

    ROLLCALL_URL=http://127.0.0.1:8420 ROLLCALL_TOKEN=... python3 proxy.py

It registers a credential for a minute at a time, lists models, picks a client for a request, hands over the 429 that
the provider answered, sees the model cool down, and takes the credential away again. The token is needed only where the
daemon has tokens.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request


class Rollcall:
    """One daemon, or a load balancer in front of several."""

    def __init__(self, url, token=""):
        self.url = url.rstrip("/")
        self.token = token
        self.position = ""  # of what it wrote last, or read first: what it reads includes that, but for what waits, whichever daemon answers

    def call(self, method, path, body=None, expected=()):
        """Returns the status and the decoded answer of a success, or of an error that is expected. Others end the program."""
        data = None if body is None else json.dumps(body).encode()
        for left in (3, 2, 1, 0):
            with self.ask(method, path, data) as response:
                status, text = response.status, response.read().decode()
                position = response.headers["X-Rollcall-Position"]
            if status < 300 or status in expected:
                break
            if left and status == 409 and '"code":"epoch"' in text:
                self.position = ""  # what was written there is lost; who held it brings it back
            elif left and status == 503 and '"code":"view_stale"' in text:
                time.sleep(1)  # that daemon is cut off: it comes back, or a load balancer asks another one
            else:
                sys.exit(f"{method} {path} was answered with {status}: {text.strip()}")
        if status < 300 and (method != "GET" or not self.position):
            self.position = position
        return status, json.loads(text) if text else None

    def ask(self, method, path, data):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if self.position:
            headers["X-Rollcall-After"] = self.position
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            return urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            return error
        except OSError as error:
            sys.exit(f"{self.url} does not answer: {error}")


def told(status):
    """202 is no failure: Redis is away, and the write waits for it where it is safe. It must not be sent again."""
    return "waits" if status == 202 else status


def escaped(identifier):
    """An ID as one segment of a path; one that is dots alone would be taken for a directory."""
    return {".": "%2E", "..": "%2E%2E"}.get(identifier) or urllib.parse.quote(identifier, safe="")


def main():
    rollcall = Rollcall(os.environ.get("ROLLCALL_URL", "http://127.0.0.1:8420"), os.environ.get("ROLLCALL_TOKEN", ""))
    client, model = "python/key-1", "example/large:free"
    at_client, at_model = "/api/v1/clients/" + escaped(client), "/api/v1/models/" + escaped(model)

    status, answer = rollcall.call("PUT", at_client, {
        "provider": "example",
        "models": [{"id": model, "owned_by": "example"}, "example-small"],
        "ttl": "60s",
    })
    print("registered:", told(status), answer)

    # Again and again, well within the ttl, for as long as the proxy has the credential. The ttl is stated, since the
    # daemon that is asked may not hold the client yet, and then cannot know it.
    status, answer = rollcall.call("POST", at_client + "/heartbeat", {"ttl": "60s"})
    print("renewed:", told(status), answer)

    _, models = rollcall.call("GET", "/v1/models?provider=example")
    print("listed:", [m["id"] for m in models["data"]])

    status, answer = rollcall.call("POST", at_model + "/pick")
    print("picked:", status, answer)

    # The request begins here, and the provider answers 429.
    seen = rollcall.position
    status, answer = rollcall.call("POST", "/api/v1/429", {
        "provider": "example", "client": client, "model": model, "seen": seen,
        "status": 429, "headers": {"Retry-After": "120"}, "body": '{"error":{"message":"slow down"}}',
    })
    print("handed over:", told(status), answer["limit"]["source"], answer["mark"]["state"])

    status, answer = rollcall.call("POST", at_model + "/pick", expected=[429])
    print("picked:", status, answer["error"]["code"])

    _, models = rollcall.call("GET", "/v1/models?provider=example&available=true")
    print("available:", [m["id"] for m in models["data"]])

    # A request that had begun before that 429 succeeds late: the newer mark stays.
    rollcall.call("DELETE", f"{at_client}/models/{escaped(model)}/quota?seen=" + urllib.parse.quote(seen, safe=""))
    _, answer = rollcall.call("GET", f"{at_client}/models/{escaped(model)}")
    print("after a late success:", answer["state"])

    # One that begins now has seen the mark, and its success ends it. A mark that still waits for Redis has no position
    # that could be seen, so that one stays.
    rollcall.call("DELETE", f"{at_client}/models/{escaped(model)}/quota?seen=" + urllib.parse.quote(rollcall.position, safe=""))
    _, answer = rollcall.call("GET", f"{at_client}/models/{escaped(model)}")
    print("after a success:", answer["state"])

    status, _ = rollcall.call("DELETE", at_client)
    print("deleted:", told(status))
    _, models = rollcall.call("GET", "/v1/models?provider=example")
    print("listed:", [m["id"] for m in models["data"]])


if __name__ == "__main__":
    main()
