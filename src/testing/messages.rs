//! Messages and their status.

use super::ACCOUNT_SID;
use super::fixture::Fixture;

const SMS: &str = "SM11111111111111110000000000000001";
const WHATSAPP: &str = "SM44444444444444440000000000000001";
const MMS: &str = "MM11111111111111110000000000000001";

/// An incoming SMS.
///
/// Source: <https://www.twilio.com/docs/messaging/guides/webhook-request>
///
/// # Examples
/// ```
/// use twilio_sig::{AuthToken, testing};
///
/// let token = AuthToken::new("a token of this test")?;
/// let signed = testing::sms().body("Ahoy").sign(&token, "https://example.com/sms")?;
/// assert!(signed.params().contains(&("Body".into(), "Ahoy".into())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sms() -> Fixture {
    message(SMS, "Ahoy 👋🏽, 1 + 1 = 2 & 100% naïve?\nYes; \"so\" it's. ")
}

/// An incoming MMS with two files and no text.
///
/// Source: as [`sms`].
///
/// # Examples
/// ```
/// let mms = twilio_sig::testing::mms().param("NumMedia", "1").without("MediaUrl1");
/// # let _ = mms;
/// ```
pub fn mms() -> Fixture {
    let media = |number: &str| {
        ["https://api.twilio.com/2010-04-01/Accounts/", ACCOUNT_SID, "/Messages/", MMS, number]
            .concat()
    };
    message(MMS, "")
        .param("NumMedia", "2")
        .param("MediaContentType0", "image/jpeg")
        .param("MediaUrl0", &media("/Media/ME22222222222222220000000000000001"))
        .param("MediaContentType1", "text/x-vcard")
        .param("MediaUrl1", &media("/Media/ME22222222222222220000000000000002"))
}

/// An incoming WhatsApp message that answers a button.
///
/// Source: as [`sms`].
///
/// # Examples
/// ```
/// let whatsapp = twilio_sig::testing::whatsapp().param("ProfileName", "Zoë 🐙");
/// # let _ = whatsapp;
/// ```
pub fn whatsapp() -> Fixture {
    let metadata = concat!(
        r#"{"type":"whatsapp","data":{"context":{"ProfileName":"Zoë 🐙","WaId":"#,
        r#""15005550006"}}}"#
    );
    message(WHATSAPP, "Yes, please ✅")
        .from("whatsapp:+15005550006")
        .to("whatsapp:+14155238886")
        .param("ProfileName", "Zoë 🐙")
        .param("WaId", "15005550006")
        .param("MessageType", "button")
        .param("ButtonText", "Yes, please ✅")
        .param("ButtonPayload", "order=42&yes=1+1")
        .param("OriginalRepliedMessageSender", "whatsapp:+14155238886")
        .param("OriginalRepliedMessageSid", "SM22222222222222220000000000000001")
        .param("ChannelMetadata", metadata)
        .param("Forwarded", "false")
}

fn message(sid: &str, body: &str) -> Fixture {
    Fixture::form(
        sid,
        &[
            ("MessageSid", sid),
            ("SmsSid", sid),
            ("SmsMessageSid", sid),
            ("AccountSid", ACCOUNT_SID),
            ("MessagingServiceSid", "MG33333333333333330000000000000001"),
            ("From", "+15005550006"),
            ("To", "+15005550001"),
            ("Body", body),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("SmsStatus", "received"),
            ("ApiVersion", "2010-04-01"),
            ("FromCity", "SAN FRANCISCO"),
            ("FromState", "CA"),
            ("FromZip", ""),
            ("FromCountry", "US"),
            ("ToCity", ""),
            ("ToState", "NY"),
            ("ToZip", "10001"),
            ("ToCountry", "US"),
        ],
    )
}

/// One report on the message of [`sms`], as on one that was sent; `status` is `queued`, `sent`, `delivered`, `undelivered`,
/// `failed` or `read`.
///
/// Source: <https://www.twilio.com/docs/messaging/guides/track-outbound-message-status>
///
/// # Examples
/// ```
/// let failed = twilio_sig::testing::sms_status("undelivered").param("ErrorCode", "30003");
/// # let _ = failed;
/// ```
pub fn sms_status(status: &str) -> Fixture {
    let fixture = Fixture::form(
        SMS,
        &[
            ("SmsSid", SMS),
            ("SmsStatus", status),
            ("MessageStatus", status),
            ("To", "+15005550006"),
            ("MessageSid", SMS),
            ("AccountSid", ACCOUNT_SID),
            ("From", "+15005550001"),
            ("ApiVersion", "2010-04-01"),
        ],
    );
    if status == "delivered" { fixture.param("RawDlrDoneDate", "2611260400") } else { fixture }
}

/// The reports on one message: queued, sent, delivered.
///
/// # Examples
/// ```
/// assert_eq!(twilio_sig::testing::sms_status_series().len(), 3);
/// ```
pub fn sms_status_series() -> [Fixture; 3] {
    ["queued", "sent", "delivered"].map(sms_status)
}
