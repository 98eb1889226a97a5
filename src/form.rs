//! What the text of a form or of a query stands for, by the rules of SPEC.md, section 2.
//!
//! ```text
//! raw        Body=a%2Bb+c&From=%2B1        split at `&` and `=` (`split`)
//! decoded    Body=a+b c&From=+1            escapes undone (`decode`)
//! canonical  Bodya+b cFrom+1               sorted, equal pairs once, no separators (`sort`)
//! ```

mod buffer;
mod decode;
mod params;
mod sort;
mod split;

pub use params::Params;

/// Default bound on the parameters of a request. The longest webhooks that Twilio documents have some
/// sixty parameters.
pub const MAX_PARAMS: usize = 1_024;

/// The highest bound on parameters that can be set.
pub(crate) const MAX_PARAMS_LIMIT: usize = 4_096;
