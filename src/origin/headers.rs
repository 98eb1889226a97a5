//! What the headers of a trusted proxy say. No header is copied: each is looked up on a list.

use super::{
    OriginError, TrustedProxy,
    forwarded::parse_forwarded,
    host::{Host, Scheme, parse_port},
    prefix::{NO_PREFIX, Prefix},
    request::{FORWARDED, RequestHead, X_HOST, X_PORT, X_PREFIX, X_PROTO},
};

impl TrustedProxy {
    /// The scheme, the host (not yet looked up) and the configured prefix of a request.
    pub(super) fn read<'a>(
        &self,
        head: &RequestHead<'a>,
    ) -> Result<(Scheme, Host<'a>, &Prefix), OriginError> {
        let peer = head.socket_peer().ok_or(OriginError::UnknownPeer)?.to_canonical();
        if !self.peers.iter().any(|network| network.contains(peer)) {
            return Err(OriginError::UntrustedPeer);
        }
        if self.forwarded {
            let (scheme, host) = parse_forwarded(head.value(FORWARDED)?)
                .ok_or(OriginError::MalformedHeader(FORWARDED))?;
            return Ok((scheme, host, &NO_PREFIX));
        }
        let scheme =
            Scheme::parse(head.value(X_PROTO)?).ok_or(OriginError::MalformedHeader(X_PROTO))?;
        let mut host = if self.host_header { head.host_in(X_HOST)? } else { head.host()? };
        if self.port_header {
            let port = parse_port(head.value(X_PORT)?);
            let port = port.ok_or(OriginError::MalformedHeader(X_PORT))?;
            if host.port.replace(port).is_some_and(|named| named != port) {
                return Err(OriginError::HostConflict);
            }
        }
        Ok((scheme, host, self.prefix(head)?))
    }

    fn prefix(&self, head: &RequestHead<'_>) -> Result<&Prefix, OriginError> {
        if self.prefixes.is_empty() {
            return Ok(&NO_PREFIX);
        }
        let received = head.value(X_PREFIX)?;
        let prefix = self.prefixes.iter().find(|prefix| prefix.is(received));
        prefix.ok_or(OriginError::PrefixNotAllowed)
    }
}
