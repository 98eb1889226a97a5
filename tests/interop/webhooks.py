"""The seven webhooks, each with one tampering. No clock, no random numbers, fictional ids."""

import json
from urllib.parse import urlencode

from twilio.request_validator import HMAC_SHA256, RequestValidator

from signing import PRIMARY, RETIRED, SECONDARY, SharedKey, Tamper, Webhook, require

SHARED_KEY = SharedKey(
    id="webhooks_sharedkey_00000000000000000000000001",
    secret="a-fictional-shared-key-secret",
)


def sid(prefix: str, number: int) -> str:
    """An id of Twilio's shape, two letters and 32 hex digits, that nobody takes for a real one."""
    return f"{prefix}{number:032x}"


ACCOUNT = sid("AC", 1)


def form(*pairs: tuple[str, str]) -> str:
    """A form as Twilio sends it: UTF-8 as %XX, spaces as `+`, the order of the pairs kept."""
    return urlencode(pairs)


def swap(text: str, old: str, new: str) -> str:
    """`text` with the single `old` in it replaced, so that no tampering misses its mark."""
    require(text.count(old) == 1, f"{old!r} stands once")
    return text.replace(old, new)


def whatsapp_message() -> tuple[Webhook, Tamper]:
    message, wa_id = sid("SM", 0x101), "447700900123"
    body = form(
        ("SmsMessageSid", message),
        ("NumMedia", "0"),
        ("ProfileName", "Zoë Ångström"),
        ("MessageType", "text"),
        ("SmsSid", message),
        ("WaId", wa_id),
        ("SmsStatus", "received"),
        ("Body", "Running 10 min late 🏃‍♀️ – keep table 4 & the 🎂, it's her 30th!"),
        ("To", "whatsapp:+14155550123"),
        ("NumSegments", "1"),
        ("ReferralNumMedia", "0"),
        ("MessageSid", message),
        ("AccountSid", ACCOUNT),
        ("From", f"whatsapp:+{wa_id}"),
        ("ApiVersion", "2010-04-01"),
    )
    webhook = Webhook(
        name="whatsapp_message",
        title="An incoming WhatsApp message with emoji",
        url="https://hooks.example.com/whatsapp",
        coverage="form",
        body=body,
    )
    return webhook, Tamper("body", swap(body, "table+4", "table+5"), "mismatch")


def voice_call() -> tuple[Webhook, Tamper]:
    # The order is Twilio's: a hash map's, not the alphabet's.
    body = form(
        ("Called", "+14155550123"),
        ("ToState", "CA"),
        ("CallerCountry", "US"),
        ("Direction", "inbound"),
        ("CallerState", "NY"),
        ("ToZip", "94105"),
        ("CallSid", sid("CA", 0x201)),
        ("To", "+14155550123"),
        ("CallerZip", ""),
        ("ToCountry", "US"),
        ("ApiVersion", "2010-04-01"),
        ("CalledZip", "94105"),
        ("CalledCity", "SAN FRANCISCO"),
        ("CallStatus", "ringing"),
        ("From", "+12125550187"),
        ("AccountSid", ACCOUNT),
        ("CalledCountry", "US"),
        ("CallerCity", ""),
        ("Caller", "+12125550187"),
        ("FromCountry", "US"),
        ("ToCity", "SAN FRANCISCO"),
        ("FromCity", ""),
        ("CalledState", "CA"),
        ("FromZip", ""),
        ("FromState", "NY"),
    )
    require(body.count("&") == 24, "25 parameters")
    url = "https://voice.example.com/incoming?tenant=acme"
    webhook = Webhook(
        name="voice_call",
        title="An incoming call with 25 parameters",
        url=url,
        coverage="form",
        body=body,
    )
    return webhook, Tamper("url", swap(url, "voice.example.com", "voice.example.net"), "mismatch")


def event_stream() -> tuple[Webhook, Tamper]:
    def event(number: int, kind: str, time: str, schema: str, data: dict[str, object]) -> dict:
        return {
            "specversion": "1.0",
            "type": kind,
            "source": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{data['messageSid']}.json",
            "id": sid("EZ", number),
            "dataschema": f"https://events-schemas.twilio.com/{schema}",
            "datacontenttype": "application/json",
            "time": time,
            "data": data,
        }

    received = event(
        0x301,
        "com.twilio.messaging.inbound-message.received",
        "2026-03-14T15:09:26.535Z",
        "Messaging.InboundMessageV1/5",
        {
            "accountSid": ACCOUNT,
            "messageSid": sid("SM", 0x301),
            "from": "+12125550187",
            "to": "+14155550123",
            "body": 'Two questions:\n1. open on "bank holidays"?\n2. café or bar?',
            "numMedia": 0,
            "timestamp": "2026-03-14T15:09:26.535Z",
        },
    )
    delivered = event(
        0x302,
        "com.twilio.messaging.message.delivered",
        "2026-03-14T15:09:27.897Z",
        "Messaging.MessageStatus/4",
        {
            "accountSid": ACCOUNT,
            "messageSid": sid("SM", 0x302),
            "messageStatus": "DELIVERED",
            "timestamp": "2026-03-14T15:09:27.897Z",
        },
    )

    def text(*events: dict) -> str:
        return json.dumps(events, ensure_ascii=False, separators=(",", ":"))

    body = text(received, delivered)
    digest = RequestValidator(PRIMARY).compute_hash(body)
    webhook = Webhook(
        name="event_stream",
        title="A batch of Event Streams events as JSON",
        url=f"https://hooks.example.com/events?sink=prod&bodySHA256={digest}",
        coverage="body_hash",
        body=body,
    )
    # Still an array of events, one shorter, under a URL whose signature is good.
    return webhook, Tamper("body", text(received), "body_hash_mismatch")


def gather_by_get() -> tuple[Webhook, Tamper]:
    query = form(
        ("AccountSid", ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", sid("CA", 0x401)),
        ("CallStatus", "in-progress"),
        ("Digits", "2"),
        ("Direction", "inbound"),
        ("FinishedOnKey", ""),
        ("From", "+12125550187"),
        ("To", "+14155550123"),
        ("msg", "Gather End"),
    )
    url = f"https://voice.example.com/menu?step=2&{query}"
    webhook = Webhook(
        name="gather_by_get",
        title="A caller's key press, sent with GET",
        url=url,
        coverage="url_only",
    )
    return webhook, Tamper("url", f"{url}&admin=1", "mismatch")


def media_stream() -> tuple[Webhook, Tamper]:
    url = "https://media.example.com/streams/live"
    webhook = Webhook(
        name="media_stream",
        title="The WebSocket handshake of a media stream",
        url=url,
        coverage="url_only",
        websocket=True,
    )
    # The same handshake without TLS: ws:// was never signed.
    return webhook, Tamper("url", swap(url, "https://", "http://"), "mismatch")


def message_status() -> tuple[Webhook, Tamper]:
    message = sid("SM", 0x601)
    settings = f"key={SHARED_KEY.id},algorithm={HMAC_SHA256}"
    webhook = Webhook(
        name="message_status",
        title="A message status signed with a shared key and HMAC-SHA256",
        url="https://hooks.example.com/message-status",
        coverage="form",
        body=form(
            ("SmsSid", message),
            ("SmsStatus", "undelivered"),
            ("MessageStatus", "undelivered"),
            ("ErrorCode", "30003"),
            ("To", "+12125550187"),
            ("MessagingServiceSid", sid("MG", 0x601)),
            ("MessageSid", message),
            ("AccountSid", ACCOUNT),
            ("From", "+14155550123"),
            ("ApiVersion", "2010-04-01"),
            ("RawDlrDoneDate", "2603141509"),
        ),
        token=None,
        shared_key=SHARED_KEY,
        settings=settings,
    )
    unknown = swap(settings, SHARED_KEY.id, f"{SHARED_KEY.id[:-1]}2")
    return webhook, Tamper("settings", unknown, "unknown_key")


def recording_status() -> tuple[Webhook, Tamper]:
    recording = sid("RE", 0x701)
    webhook = Webhook(
        name="recording_status",
        title="A recording status signed with the secondary token during a rotation",
        url="https://voice.example.com/recordings/done",
        coverage="form",
        body=form(
            ("RecordingSource", "RecordVerb"),
            ("RecordingSid", recording),
            (
                "RecordingUrl",
                f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording}",
            ),
            ("RecordingStatus", "completed"),
            ("RecordingChannels", "1"),
            ("ErrorCode", "0"),
            ("CallSid", sid("CA", 0x701)),
            ("RecordingStartTime", "Sat, 14 Mar 2026 15:09:26 +0000"),
            ("AccountSid", ACCOUNT),
            ("RecordingDuration", "42"),
        ),
        secondary_token=SECONDARY,
        key=1,
    )
    # A true signature of this very webhook, by a token that is no longer held.
    return webhook, Tamper("signature", webhook.sign(RETIRED), "mismatch")


def all_webhooks() -> list[tuple[Webhook, Tamper]]:
    return [
        whatsapp_message(),
        voice_call(),
        event_stream(),
        gather_by_get(),
        media_stream(),
        message_status(),
        recording_status(),
    ]
