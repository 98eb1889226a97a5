//! Calls, and what they make: recordings, transcriptions, conferences.

use super::ACCOUNT_SID;
use super::fixture::{FIRST_TIMESTAMP, Fixture};

const CALL: &str = "CA11111111111111110000000000000001";
const RECORDING: &str = "RE11111111111111110000000000000001";
const TRANSCRIPTION: &str = "TR11111111111111110000000000000001";
const CONFERENCE: &str = "CF11111111111111110000000000000001";
const RECORDING_URL: &str = "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Recordings/RE11111111111111110000000000000001";

/// The first request of an incoming call.
///
/// Source: <https://www.twilio.com/docs/voice/twiml#request-parameters>
///
/// # Examples
/// ```
/// let voice = twilio_sig::testing::voice().from("+15005550009");
/// # let _ = voice;
/// ```
pub fn voice() -> Fixture {
    call("ringing")
}

/// The answer to a `<Gather>` of digits and speech.
///
/// Source: <https://www.twilio.com/docs/voice/twiml/gather>
///
/// # Examples
/// ```
/// let digits = twilio_sig::testing::gather().param("Digits", "42*").without("SpeechResult");
/// # let _ = digits;
/// ```
pub fn gather() -> Fixture {
    call("in-progress")
        .param("Digits", "1*2")
        .param("FinishedOnKey", "#")
        .param("SpeechResult", "Zwei + drei, bitte – danke schön!")
        .param("Confidence", "0.9267655")
        .param("Language", "de-DE")
}

fn call(status: &str) -> Fixture {
    Fixture::form(
        CALL,
        &[
            ("CallSid", CALL),
            ("AccountSid", ACCOUNT_SID),
            ("From", "+15005550006"),
            ("To", "+15005550001"),
            ("Caller", "+15005550006"),
            ("Called", "+15005550001"),
            ("CallStatus", status),
            ("ApiVersion", "2010-04-01"),
            ("Direction", "inbound"),
            ("CallerName", "O'BRIEN & SØN"),
            ("StirVerstat", "TN-Validation-Passed-A"),
            ("FromCity", ""),
            ("FromState", "CA"),
            ("FromZip", "94105"),
            ("FromCountry", "US"),
            ("CallerCity", ""),
            ("CallerState", "CA"),
            ("CallerZip", "94105"),
            ("CallerCountry", "US"),
            ("ToCity", ""),
            ("ToState", ""),
            ("ToZip", ""),
            ("ToCountry", "US"),
            ("CalledCity", ""),
            ("CalledState", ""),
            ("CalledZip", ""),
            ("CalledCountry", "US"),
        ],
    )
}

/// One report on a call that was made; `status` is `initiated`, `ringing`, `in-progress`,
/// `completed`, `busy`, `failed`, `no-answer` or `canceled`. The reports of one call are numbered.
///
/// Source: <https://www.twilio.com/docs/voice/api/call-resource#statuscallback>
///
/// # Examples
/// ```
/// let busy = twilio_sig::testing::call_status("busy");
/// # let _ = busy;
/// ```
pub fn call_status(status: &str) -> Fixture {
    let number = match status {
        "initiated" => "0",
        "ringing" => "1",
        "in-progress" => "2",
        _ => "3",
    };
    let fixture = call(status)
        .param("Direction", "outbound-api")
        .param("CallbackSource", "call-progress-events")
        .param("SequenceNumber", number)
        .param("Timestamp", FIRST_TIMESTAMP);
    if status == "completed" {
        fixture.param("CallDuration", "61").param("Duration", "2").param("SipResponseCode", "200")
    } else {
        fixture
    }
}

/// The reports on one call: initiated, ringing, in-progress, completed.
///
/// # Examples
/// ```
/// assert_eq!(twilio_sig::testing::call_status_series().len(), 4);
/// ```
pub fn call_status_series() -> [Fixture; 4] {
    ["initiated", "ringing", "in-progress", "completed"].map(call_status)
}

/// A recording that is ready.
///
/// Source: <https://www.twilio.com/docs/voice/api/recording>
///
/// # Examples
/// ```
/// let absent = twilio_sig::testing::recording().param("RecordingStatus", "absent");
/// # let _ = absent;
/// ```
pub fn recording() -> Fixture {
    Fixture::form(
        RECORDING,
        &[
            ("AccountSid", ACCOUNT_SID),
            ("CallSid", CALL),
            ("RecordingSid", RECORDING),
            ("RecordingUrl", RECORDING_URL),
            ("RecordingStatus", "completed"),
            ("RecordingDuration", "7"),
            ("RecordingChannels", "1"),
            ("RecordingStartTime", FIRST_TIMESTAMP),
            ("RecordingSource", "RecordVerb"),
            ("RecordingTrack", "both"),
            ("ErrorCode", "0"),
        ],
    )
}

/// The text of a recording.
///
/// Source: <https://www.twilio.com/docs/voice/twiml/record#transcribecallback>
///
/// # Examples
/// ```
/// let text = twilio_sig::testing::transcription().param("TranscriptionText", "Ahoy.");
/// # let _ = text;
/// ```
pub fn transcription() -> Fixture {
    let fixture = call("completed").param("TranscriptionSid", TRANSCRIPTION);
    let fixture = fixture
        .param("TranscriptionText", "Call me back at +1 500 555 0006 & ask for Zoë – 50% off?")
        .param("TranscriptionStatus", "completed")
        .param("TranscriptionType", "fast")
        .param("TranscriptionUrl", "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Transcriptions/TR11111111111111110000000000000001")
        .param("RecordingSid", RECORDING)
        .param("RecordingUrl", RECORDING_URL);
    fixture.told_apart_by(TRANSCRIPTION)
}

/// A participant joins a conference. The name `Reason` begins the name `ReasonConferenceEnded`: code that
/// sorts whole pairs as text sorts the two the other way.
///
/// Source: <https://www.twilio.com/docs/voice/api/conference-resource>
///
/// # Examples
/// ```
/// let end = twilio_sig::testing::conference().param("StatusCallbackEvent", "conference-end");
/// # let _ = end;
/// ```
pub fn conference() -> Fixture {
    Fixture::form(
        CONFERENCE,
        &[
            ("ConferenceSid", CONFERENCE),
            ("FriendlyName", "Stand-up ☕ 9+1"),
            ("AccountSid", ACCOUNT_SID),
            ("SequenceNumber", "1"),
            ("Timestamp", FIRST_TIMESTAMP),
            ("StatusCallbackEvent", "participant-join"),
            ("CallSid", CALL),
            ("ParticipantLabel", ""),
            ("Muted", "false"),
            ("Hold", "false"),
            ("Coaching", "false"),
            ("EndConferenceOnExit", "false"),
            ("StartConferenceOnEnter", "true"),
            ("ReasonConferenceEnded", ""),
            ("Reason", "Zoë joined"),
        ],
    )
}
