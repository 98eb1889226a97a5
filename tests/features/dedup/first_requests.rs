//! The first request of a call, and what comes while it still rings and is none.

use twilio_sig::dedup::NoIdentity;

use super::rows::CALL;
use super::{key, kind, with};

const RESULT: Result<String, NoIdentity> = Err(NoIdentity::Repeatable("call_result"));

/// The parameters that Twilio documents for a first request.
const DOCUMENTED: &str = "AccountSid AddOns ApiVersion ApplicationSid CallToken Called CalledCity \
    CalledCountry CalledState CalledZip Caller CallerCity CallerCountry CallerName CallerState \
    CallerZip Direction ForwardedFrom From FromCity FromCountry FromState FromZip ParentCallSid \
    SipCallId SipDomain SipDomainSid SipSourceIp StirPassportToken StirStatus StirVerstat To ToCity \
    ToCountry ToState ToZip ErrorCode ErrorUrl SipHeader_X-Any";

#[test]
fn each_documented_parameter_can_be_in_a_first_request() {
    let least = "CallSid=CA1&CallStatus=ringing";
    assert_eq!(kind(least).as_deref(), Ok("call"));
    for name in DOCUMENTED.split_whitespace() {
        let value = if name == "AccountSid" { "AC1" } else { "1" };
        let event = with(least, &format!("{name}={value}"));
        assert_eq!(kind(&event).as_deref(), Ok("call"), "{name}");
        assert_ne!(key(&event), key(least), "{name} is a part of everything");
    }
}

/// Results of verbs and of sessions, alone and beside all that a first request has.
#[test]
fn whatever_else_a_request_says_it_is_no_first_request() {
    let results = "AnsweredBy=human BargeIn=1 Confidence=0.9 ConferenceSid=CF1 DequeueResult=x \
        DialBridged=true DialCallDuration=0 DialCallSid=CA2 DialCallStatus=busy Digits=1 \
        FinishedOnKey=# HandoffData={} Language=en-US MachineDetectionDuration=2 msg=Gather+End \
        NotifierCallSid=CA3 PaymentCardType=visa PaymentConfirmationCode=x QueueResult=x QueueSid=QU1 \
        QueueTime=3 RecordingDuration=3 ReferCallStatus=202 ReferSipResponseCode=202 Result=x \
        SessionDuration=3 SessionId=VX1 SessionStatus=ended SmsStatus=sent SpeechResult=yes \
        TranscriptionText=x NewInTwilio=1 SipHeade=x callstatus=ringing";
    for result in results.split_whitespace() {
        for call in ["CallSid=CA1&CallStatus=ringing", CALL] {
            assert_eq!(kind(&with(call, result)), RESULT, "{result}");
        }
    }
}

#[test]
fn a_call_that_does_not_ring_is_past_its_first_request() {
    for status in ["queued", "initiated", "in-progress", "completed", "Ringing"] {
        assert_eq!(kind(&with(CALL, &format!("CallStatus={status}"))), RESULT, "{status}");
    }
    assert_eq!(kind(&with(CALL, "CallStatus=-")), RESULT);
    let doubled = format!("{CALL}&CallStatus=completed");
    assert_eq!(kind(&doubled), RESULT);
    assert_eq!(kind("CallSid=CA1"), RESULT);
}
