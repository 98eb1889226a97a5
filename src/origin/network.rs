//! Addresses and ranges of addresses that are trusted.

use core::net::IpAddr;

/// An IP address, or the range of addresses that share its first `bits` bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().ok()?;
        let (width, zeros) = match address {
            IpAddr::V4(v4) => (u32::BITS, v4.to_bits().trailing_zeros()),
            IpAddr::V6(v6) => (u128::BITS, v6.to_bits().trailing_zeros()),
        };
        let bits = bits.map_or(Ok(width), str::parse).ok()?;
        // Mapped addresses would never match, and bits beyond the range are a mistake.
        let sound = address.to_canonical() == address && zeros >= width.checked_sub(bits)?;
        sound.then_some(Self { address, bits })
    }

    pub(super) fn contains(&self, peer: IpAddr) -> bool {
        let shared = match (self.address, peer) {
            (IpAddr::V4(ours), IpAddr::V4(peer)) => {
                (ours.to_bits() ^ peer.to_bits()).leading_zeros()
            }
            (IpAddr::V6(ours), IpAddr::V6(peer)) => {
                (ours.to_bits() ^ peer.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        shared >= self.bits
    }
}
