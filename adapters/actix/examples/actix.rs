//! An actix-web service that answers messages from Twilio and refuses every other request.
//!
//! ```sh
//! TWILIO_AUTH_TOKEN=12345 cargo run -p twilio_sig_actix --example actix
//! curl -i localhost:8080/sms -d Body=Ahoy  # 403
//! curl -i localhost:8080/sms -d Body=Ahoy \
//!     -H 'X-Twilio-Signature: ZmPdm48OMhZPAXi12ePxecHG9OQ='  # 200
//! ```

use actix_web::web::{self, Form};
use actix_web::{App, HttpResponse, HttpServer};
use twilio_sig::{AuthToken, Origin, Verifier};
use twilio_sig_actix::{Gate, Proven, VerifyWebhook};

#[derive(serde::Deserialize)]
struct Sms {
    #[serde(rename = "Body")]
    body: String,
}

async fn sms(sms: Proven<Form<Sms>>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body(format!("you said {}\n", sms.body))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    let token = AuthToken::from_env("TWILIO_AUTH_TOKEN")?;
    let gate = Gate::new(Verifier::new(token), Origin::fixed("https://example.com")?);
    let server = HttpServer::new(move || {
        App::new().route("/sms", web::post().to(sms)).wrap(VerifyWebhook::new(gate.clone()))
    });
    Ok(server.bind("127.0.0.1:8080")?.run().await?)
}
