"""Writes `examples/webhooks.txt`: seven webhooks, signed by Twilio's Python library.

The crate must accept what Twilio's own code signs, so no signature in that file comes from the
crate. Every run writes the same bytes.

    python make_fixtures.py            writes the file
    python make_fixtures.py --check    fails if the file is not what this script writes
"""

import sys
from pathlib import Path

import twilio

from signing import Tamper, Webhook, require
from webhooks import all_webhooks

PINNED = "9.13.0"
OUTPUT = Path(__file__).resolve().parents[2] / "examples" / "webhooks.txt"

HEADER = f"""\
# Seven webhooks, signed by Twilio's Python library {PINNED}. Tokens, ids and numbers are fictional.
# Made by tests/interop/make_fixtures.py: change that script, not this file.
#
# A record is a block of lines `field: value`; a blank line ends it. One space after the first `:`
# is dropped, the rest of the line is the value. Escapes: \\\\ \\n \\r \\t.
#
# `coverage`, `candidate` and `key` are what verification reports; `key` counts from 0 in the order
# token, secondary_token, shared key. With `tamper_value` in place of the field that `tamper_field`
# names, and nothing else changed, verification fails with `tamper_error`.
"""


def check(webhook: Webhook, signature: str, tamper: Tamper) -> None:
    """The library accepts the webhook and refuses the tampered one, or nothing is written."""
    sent = {"url": webhook.url, "body": webhook.body, "signature": signature}
    require(webhook.accepts(**sent), f"{webhook.name}: the library accepts it")
    if tamper.field == "settings":
        # The library leaves the choice of the key to its caller: it never sees the id.
        id_held = webhook.shared_key is not None and webhook.shared_key.id in tamper.value
        require(not id_held, f"{webhook.name}: the tampering names another key")
        return
    require(tamper.field in sent, f"{webhook.name}: a field that can be tampered with")
    require(sent[tamper.field] != tamper.value, f"{webhook.name}: the tampering changes the field")
    sent[tamper.field] = tamper.value
    require(not webhook.accepts(**sent), f"{webhook.name}: the library refuses the tampering")


def escape(value: str) -> str:
    """The four escapes of the format; the backslash first."""
    for char, escaped in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(char, escaped)
    return value


def record(webhook: Webhook, tamper: Tamper) -> str:
    signature = webhook.sign(webhook.keys[webhook.key])
    check(webhook, signature, tamper)
    shared_key = webhook.shared_key
    fields = {
        "name": webhook.name,
        "title": webhook.title,
        "source": f"twilio-python {PINNED}",
        "kind": "request",
        "token": webhook.token,
        "secondary_token": webhook.secondary_token,
        "shared_key_id": shared_key and shared_key.id,
        "shared_secret": shared_key and shared_key.secret,
        "algorithm": webhook.algorithm,
        "url": webhook.url,
        "websocket": "true" if webhook.websocket else None,
        "body": webhook.body,
        "signature": signature,
        "settings": webhook.settings,
        "expect": "accept",
        "coverage": webhook.coverage,
        "candidate": "as_given",
        "key": str(webhook.key),
        "tamper_field": tamper.field,
        "tamper_value": tamper.value,
        "tamper_error": tamper.error,
    }
    lines = [f"{name}: {escape(value)}" for name, value in fields.items() if value is not None]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    require(twilio.__version__ == PINNED, f"twilio {PINNED} is installed, not {twilio.__version__}")
    made = "\n".join([HEADER, *(record(*pair) for pair in all_webhooks())]).encode()
    if not arguments:
        OUTPUT.write_bytes(made)
    elif not OUTPUT.is_file() or OUTPUT.read_bytes() != made:
        print("examples/webhooks.txt is not what this script writes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
