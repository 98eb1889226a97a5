"""Twilio's Python library: verifies what it is sent, a JSON request a line, and times it.

A form is read as Python's web frameworks read it, and that is timed too.
"""

import json
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests" / "interop"))
from serve import MultiDict, RequestValidator, twilio  # noqa: E402


def verifier(request: dict):
    validator = RequestValidator(request["token"])
    url, body, form, signature = map(request.get, ("url", "body", "form", "signature"))
    if body is not None:
        return lambda: validator.validate(url, body, signature)
    return lambda: validator.validate(url, MultiDict(form), signature)


def verify(request: dict) -> bool:
    try:
        return verifier(request)()
    except Exception:  # it raises a TypeError for a body without a hash: that is no acceptance
        return False


def timed(request: dict) -> int:
    verify_once = verifier(request)
    start = time.perf_counter_ns()
    for _ in range(request["repeats"]):
        verify_once()
    return time.perf_counter_ns() - start


OPS = {"version": lambda _: twilio.__version__, "verify": verify, "time": timed}

for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(OPS[request["op"]](request)), flush=True)
