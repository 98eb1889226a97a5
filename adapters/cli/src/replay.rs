//! `twilio-sig replay`

use crate::args::ReplayArgs;
use crate::deliver::{self, deliver};
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::overrides::Overrides;
use crate::report::{self, Expected};
use crate::signing_key::SigningKey;
use crate::twiml::Use;
use crate::url_arg::UrlArg;
use crate::{Ending, capture, output, request};

pub(crate) fn run(args: &ReplayArgs) -> Result<Ending, Failure> {
    let place = UrlArg::new("--to", &args.to)?;
    let overrides = Overrides::of(&args.to)?;
    let text = request::read(&args.file, request::MAX_REQUEST_LEN)?;
    let saved = capture::read(&text, args.entry)?.whole()?;
    let outgoing = if args.sign_anew {
        let key = SigningKey::read(&args.keys)?;
        let public = args.url.as_deref().map(|url| UrlArg::new("--url", url)).transpose()?;
        let url = public.as_ref().unwrap_or(&place).url(&saved.target);
        Outgoing::anew(&saved, &key, &url, public.is_some())?
    } else {
        Outgoing::as_it_was(&saved)
    };
    let name = if args.sign_anew { "replay, signed anew" } else { "replay, as it was" };
    output::print(&report::sent(name, &outgoing))?;
    let agent = deliver::agent(&overrides, overrides.total);
    let answer = deliver(&agent, &place, &outgoing)?;
    let used = Use::of(None, outgoing.is_handshake);
    output::print(&report::answered(used, &answer, Expected::Useful))?;
    Ok(if Expected::Useful.is_met(used, &answer) { Ending::Good } else { Ending::Refused })
}
