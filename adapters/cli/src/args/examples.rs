//! The examples of the help. A line has at most 80 columns.

pub(super) const FIRST_STEPS: &str = "\
First steps:
  export TWILIO_AUTH_TOKEN=…            # or --token-file FILE
  twilio-sig listen                     # in one terminal
  twilio-sig send sms --to http://localhost:4010/sms
  twilio-sig diagnose --http request.txt";

pub(super) const VERIFY: &str = "\
Examples:
  twilio-sig verify --http request.txt --base https://hooks.example.com
  twilio-sig verify --url https://hooks.example.com/sms \\
      --body-file body.bin --signature RSOY…8B8=
  pbpaste | twilio-sig verify --http - --base https://hooks.example.com --json";

pub(super) const SIGN: &str = "\
Examples:
  twilio-sig sign --url https://hooks.example.com/sms --param Body=Ahoy --curl
  twilio-sig sign --url https://hooks.example.com/events \\
      --body-file event.json --hash-body";

pub(super) const SEND: &str = "\
Examples:
  twilio-sig send --list
  twilio-sig send sms --to http://localhost:8080/sms --param Body=Ahoy
  twilio-sig send voice --to http://localhost:8080/voice \\
      --url https://hooks.example.com/voice
  twilio-sig send call-status --to http://localhost:8080/status --twice
  twilio-sig send sms --to http://localhost:8080/sms --forged
  twilio-sig send sms --to http://localhost:8080/sms --parallel 8 --number 1
  twilio-sig send voice --to 'http://localhost:8080/voice#rc=2&rp=5xx,rt' \\
      --retry --fallback http://localhost:8080/fallback
  twilio-sig send --file capture.http --to http://localhost:8080

Exit status: 0 if Twilio could use every answer (with --forged: if all were
refused), 1 otherwise, 3 if there was no answer.";

pub(super) const LISTEN: &str = "\
Examples:
  twilio-sig listen
  twilio-sig listen --url https://abcd.ngrok.app \\
      --forward-to http://localhost:3000
  twilio-sig listen --forward-to http://localhost:3000 --sign-anew \\
      --save captures

It listens on this machine alone, until Ctrl-C. Without --url, the URL is
http:// with the Host header and the request target: what a service behind a TLS
terminator sees.";

pub(super) const REPLAY: &str = "\
Examples:
  twilio-sig replay capture.http --to http://localhost:3000
  twilio-sig replay capture.har --entry 2 --sign-anew \\
      --to http://localhost:3000/sms
  twilio-sig replay capture.http --to http://localhost:3000 --sign-anew \\
      --url https://hooks.example.com

Exit status: 0 if Twilio could use the answer, 1 otherwise, 3 if there was none.";

pub(super) const DIAGNOSE: &str = "\
Examples:
  twilio-sig diagnose --http request.txt
  twilio-sig diagnose --http request.txt \\
      --configured-url https://hooks.example.com/sms
  twilio-sig diagnose --http request.txt --secondary-token-file old.txt --json

Without --url or --base, the URL is http:// with the Host header and the request
target: what a service behind a TLS terminator sees. A line `# @token-file NAME`
at the top of the request file names a file beside it that holds the auth token;
`diagnose` alone reads it.";

pub(super) const BATCH: &str = "\
Examples:
  twilio-sig batch requests.jsonl > verdicts.jsonl
  twilio-sig batch requests.jsonl --diagnose > verdicts.jsonl
  echo '{\"url\":\"https://e.com/\",\"signature\":\"…\",\"auth_tokens\":[\"…\"]}' |
      twilio-sig batch";

pub(super) const MAN: &str = "\
Examples:
  twilio-sig man | man -l -
  twilio-sig man listen > /usr/local/share/man/man1/twilio-sig-listen.1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_a_terminal() {
        let all = [FIRST_STEPS, VERIFY, SIGN, SEND, LISTEN, REPLAY, DIAGNOSE, BATCH, MAN];
        for line in all.iter().flat_map(|text| text.lines()) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
