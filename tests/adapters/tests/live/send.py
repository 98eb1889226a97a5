"""Signs the cases with Twilio's Python library, sends them through the proxy, and lets the library
judge what was sent. One JSON line a case.

    python send.py CASES PORT TOKEN
"""

import hashlib
import http.client
import json
import ssl
import sys
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

BASE = "https://example.com"


class Params(dict):
    """Decoded parameters, some of which repeat: what web frameworks hand to the library."""

    def getlist(self, name: str) -> list[str]:
        values = self[name]
        return values if isinstance(values, list) else [values]


def url_of(path: str, body: str | None, scheme: str) -> str:
    if body is not None:
        digest = hashlib.sha256(body.encode()).hexdigest()
        path += ("&" if "?" in path else "?") + "bodySHA256=" + digest
    return scheme + BASE.removeprefix("https") + path


def params_of(case: dict) -> Params:
    if "many" in case:
        return Params({f"Name{n}": f"value {n}" for n in range(case["many"])})
    params = Params(case.get("params", {}))
    if "repeat" in case:
        params["Body"] *= case["repeat"]
    return params


def send(case: dict, port: int, token: str) -> dict:
    scheme = "wss" if case.get("websocket") else "https"
    signed_url = url_of(case["path"], case.get("json"), scheme)
    signer = RequestValidator(case.get("token", token))
    signature = signer.compute_signature(signed_url, params_of(case))

    sent = {**case, **case.get("sent", {})}
    # A forger keeps the URL of the captured signature.
    url = url_of(sent["path"], case.get("json"), scheme)
    headers = {"Host": "example.com", "X-Twilio-Signature": signature, **case.get("headers", {})}
    body = b""
    judged = params_of(sent)
    if "json" in sent:
        body, judged = sent["json"].encode(), sent["json"]
        headers["Content-Type"] = "application/json"
    elif judged:
        body = urlencode(judged, doseq=True).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if case.get("websocket"):
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket"}
    accepted = RequestValidator(token).validate(url, judged, signature)

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
    target = url.split("example.com", 1)[1]
    connection.request(case.get("method", "POST"), target, body=body or None, headers=headers)
    answer = connection.getresponse()
    echoed = answer.read() == body
    return {"name": case["name"], "judge": accepted, "status": answer.status, "echoed": echoed}


def main(cases: str, port: str, token: str) -> None:
    with open(cases, encoding="utf-8") as file:
        for case in json.load(file):
            print(json.dumps(send(case, int(port), token)))


main(*sys.argv[1:])
