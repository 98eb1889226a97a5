//! A service on actix-web, behind the middleware of `twilio_sig_actix`. See `claims_live::handler`.

use alloc::sync::Arc;
use core::error::Error;

use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use claims_live::handler::{Handler, work};
use claims_live::journal::Journal;
use claims_live::twilio;
use twilio_sig_actix::{Proven, VerifiedWebhook, VerifyWebhook};

extern crate alloc;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (Handler { gate, journal, .. }, listener) = Handler::start().await?;
    let ready = listener.try_clone()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::from(Arc::clone(&journal)))
            .route(twilio::PATH, web::post().to(handle))
            .wrap(VerifyWebhook::new(gate.clone()))
    });
    let server = server.workers(2).listen(listener)?.run();
    Handler::ready(&ready)?;
    Ok(server.await?)
}

async fn handle(
    journal: Data<Journal>,
    webhook: Proven<VerifiedWebhook>,
    request: HttpRequest,
) -> HttpResponse {
    let order = request.headers().get("x-do").and_then(|value| value.to_str().ok());
    match work(&journal, &webhook, order.unwrap_or_default()).await {
        Ok(body) => HttpResponse::Ok().content_type("text/xml").body(body),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
