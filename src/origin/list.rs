//! Lists of the configuration: bounded, and never empty.

use alloc::vec::Vec;

use super::{
    Origin, OriginError,
    host::{AllowedHost, Host, Scheme},
};

pub(super) fn configured_list<T>(
    texts: impl IntoIterator<Item = impl AsRef<str>>,
    parse: impl Fn(&str) -> Result<T, OriginError>,
) -> Result<Vec<T>, OriginError> {
    // One more than allowed is enough to see that there are too many.
    let items = texts.into_iter().take(Origin::MAX_LIST_LEN.saturating_add(1));
    let list = items.map(|text| parse(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
    if list.is_empty() || list.len() > Origin::MAX_LIST_LEN {
        return Err(OriginError::InvalidListLength);
    }
    Ok(list)
}

pub(super) fn host_list(
    hosts: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Vec<AllowedHost>, OriginError> {
    configured_list(hosts, |host| AllowedHost::parse(host).ok_or(OriginError::InvalidAllowedHost))
}

pub(super) fn pick<'a>(
    hosts: &'a [AllowedHost],
    scheme: Scheme,
    received: Host<'_>,
) -> Result<&'a AllowedHost, OriginError> {
    hosts.iter().find(|host| host.is(received, scheme)).ok_or(OriginError::HostNotAllowed)
}
