"""A webhook, and what Twilio's Python library makes of it. The keys are fictional."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator, get_signature_algorithm

PRIMARY = "0123456789abcdef0123456789abcdef"
SECONDARY = "fedcba9876543210fedcba9876543210"
# A token of the past: it signs one tampering, and no record holds it.
RETIRED = "deadbeefdeadbeefdeadbeefdeadbeef"


def require(holds: bool, what: str) -> None:
    """Stops before the file is written. Unlike `assert`, it cannot be switched off."""
    if not holds:
        raise SystemExit(f"not as it should be: {what}")


@dataclass(frozen=True)
class SharedKey:
    id: str
    secret: str


@dataclass(frozen=True)
class Tamper:
    """`value` in place of the webhook's `field` must make verification fail with `error`."""

    field: str
    value: str
    error: str


@dataclass(frozen=True)
class Webhook:
    name: str
    title: str
    url: str
    coverage: str
    body: str | None = None
    websocket: bool = False
    token: str | None = PRIMARY
    secondary_token: str | None = None
    shared_key: SharedKey | None = None
    settings: str | None = None
    # The place in `keys` of the one that signs.
    key: int = 0

    @property
    def keys(self) -> list[str]:
        shared = self.shared_key.secret if self.shared_key else None
        return [key for key in (self.token, self.secondary_token, shared) if key is not None]

    @property
    def algorithm(self) -> str:
        return get_signature_algorithm(self.settings)

    def sign(self, key: str) -> str:
        # A hashed body is signed through the hash in the URL.
        params = {} if self.coverage == "body_hash" else self._params(self.body)
        url = self._signed_url(self.url)
        return RequestValidator(key).compute_signature(url, params, self.algorithm)

    def accepts(self, url: str, body: str | None, signature: str) -> bool:
        """Whether the library accepts this under any of the keys."""
        url, params = self._signed_url(url), self._params(body)
        return any(
            RequestValidator(key).validate(url, params, signature, self.algorithm)
            for key in self.keys
        )

    def _signed_url(self, url: str) -> str:
        # Twilio signs ws or wss; the server sees the same request as http or https.
        return "ws" + url.removeprefix("http") if self.websocket else url

    def _params(self, body: str | None) -> dict[str, str] | str:
        # The library takes the text of a hashed body, else the pairs: read back from the raw form,
        # so that a body spelled wrongly does not verify.
        if self.coverage == "body_hash":
            return body or ""
        pairs = parse_qsl(body or "", keep_blank_values=True, strict_parsing=bool(body))
        require(len(dict(pairs)) == len(pairs), f"{self.name}: each name stands once")
        return dict(pairs)
