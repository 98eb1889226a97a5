"""Twilio's Python library as a child process: a JSON request a line in, a JSON answer a line out.

A request has an `op`: `version`, `sign` (of `url` and perhaps `form`), `verify` (`url`, `form` or
`body`, `signature`, `settings`) or `hash` (`body`). A form arrives as raw text and is read as
Python's web frameworks read it.
"""

import json
import logging
import sys
from urllib.parse import parse_qsl

import twilio
from twilio.request_validator import RequestValidator, get_signature_algorithm


class MultiDict(dict):
    """The pairs of a form, as the request objects of Django and Flask hold them."""

    def __init__(self, form: str) -> None:
        super().__init__()
        for name, value in parse_qsl(form, keep_blank_values=True):
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def sign(request: dict) -> dict:
    params = MultiDict(request.get("form") or "")
    signer = RequestValidator(request["secret"])
    return {"signature": signer.compute_signature(request["url"], params, request["algorithm"])}


def verify(request: dict) -> dict:
    body, form = request.get("body"), request.get("form")
    params = MultiDict(form or "") if body is None else body
    algorithm = get_signature_algorithm(request.get("settings"))
    validator = RequestValidator(request["secret"])
    try:
        accepted = validator.validate(request["url"], params, request["signature"], algorithm)
    except Exception as error:  # whatever it raises is its verdict
        return {"verdict": "raise", "detail": f"{type(error).__name__}: {error}"}
    return {"verdict": "accept" if accepted else "refuse"}


OPS = {
    "version": lambda request: {"version": twilio.__version__},
    "sign": sign,
    "verify": verify,
    "hash": lambda request: {"hash": RequestValidator("unused").compute_hash(request["body"])},
}


def main() -> None:
    logging.disable()  # an unknown algorithm is a case here, not a warning
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(OPS[request["op"]](request)), flush=True)


if __name__ == "__main__":
    main()
