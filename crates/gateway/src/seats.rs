//! Connections counted by where they come from.
//!
//! Attack: one machine takes every connection there may be and leaves them open. Answer: an address has so
//! many places and no more; whoever speaks for many clients is named by the operator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use doorward_core::address::Prefix;
use tokio::sync::OwnedSemaphorePermit;

use crate::peer::PeerAddr;
use crate::serve::Limits;

/// How many connections each address has. No entry outlives its last connection, and there are never more
/// than connections.
#[derive(Debug, Default)]
pub(crate) struct Seats(Mutex<HashMap<Prefix, usize>>);

/// An address has all it may have.
#[derive(Debug)]
pub(crate) struct Full;

impl Seats {
    /// A seat for a peer; none for those who are not counted.
    pub(crate) fn take(
        self: &Arc<Self>,
        peer: PeerAddr,
        limits: &Limits,
    ) -> Result<Option<Seat>, Full> {
        let PeerAddr::Tcp(peer) = peer else {
            return Ok(None);
        };
        if limits.exempt.holds(peer.ip()) {
            return Ok(None);
        }
        let address = Prefix::of(peer.ip());
        let mut taken = self.taken();
        let count = taken.entry(address).or_default();
        if *count >= limits.connections_per_address {
            if *count == 0 {
                taken.remove(&address);
            }
            return Err(Full);
        }
        *count = count.saturating_add(1);
        Ok(Some(Seat {
            seats: Arc::clone(self),
            address,
        }))
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Prefix, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection of an address; free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    address: Prefix,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        if let Some(count) = taken.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// What a connection holds for as long as its socket is open, whatever protocol it changes to.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) _seat: Option<Seat>,
    pub(crate) _permit: Option<OwnedSemaphorePermit>,
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::serve::Exempt;

    fn peer(address: &str) -> PeerAddr {
        PeerAddr::Tcp((address.parse::<IpAddr>().unwrap(), 9).into())
    }

    #[test]
    fn an_address_has_so_many_seats_and_a_network_of_one_subscriber_is_one() {
        let seats = Arc::new(Seats::default());
        let limits = Limits {
            connections_per_address: 2,
            ..Limits::default()
        };
        for [one, same, other] in [
            ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
            ["2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"],
        ] {
            let first = seats.take(peer(one), &limits).unwrap();
            let _second = seats.take(peer(same), &limits).unwrap();
            assert!(seats.take(peer(one), &limits).is_err());
            let _other = seats.take(peer(other), &limits).unwrap();
            drop(first);
            seats.take(peer(same), &limits).unwrap();
        }
        assert!(seats.taken().is_empty());
    }

    #[test]
    fn exempt_addresses_and_unix_sockets_are_not_counted() {
        let seats = Arc::new(Seats::default());
        let limits = Limits {
            connections_per_address: 0,
            exempt: Exempt::new(vec!["10.0.0.0/8".parse().unwrap()]),
            ..Limits::default()
        };
        assert!(seats.take(peer("10.1.2.3"), &limits).unwrap().is_none());
        assert!(seats.take(PeerAddr::Unix, &limits).unwrap().is_none());
        assert!(seats.take(peer("192.0.2.1"), &limits).is_err());
        limits.exempt.replace(vec!["192.0.2.0/24".parse().unwrap()]);
        assert!(seats.take(peer("192.0.2.1"), &limits).unwrap().is_none());
        assert!(seats.take(peer("10.1.2.3"), &limits).is_err());
        assert!(seats.taken().is_empty());
    }
}
