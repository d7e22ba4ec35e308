//! Name look-up (chapter 22 of the manual), and what the module remembers of it.

use core::time::Duration;

use super::WRONG;
use crate::at::Command;
use crate::fault::Effect;
use crate::modem::{ModemCore, Step, Wait};
use crate::network::NetworkError;
use crate::result::{NOT_ALLOWED, errno};

/// How many answers the resolver remembers.
const MOST_NAMES: usize = 32;
/// How long a name look-up takes at most.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(70);

impl ModemCore {
    pub(super) fn resolve_name(&mut self, command: &Command, now: Duration) -> Step {
        let (Some(direction @ (0 | 1)), Some(host)) = (command.number(0), command.text(1)) else {
            return WRONG;
        };
        if !self.contexts.any_active() {
            return Step::Final(NOT_ALLOWED);
        }
        if direction == 1 {
            return self.network_failure(None, errno::of(NetworkError::UnknownHost));
        }
        match self.resolver_fault() {
            Some(Some(stale)) => return Step::line(format!("+UDNSRN: \"{stale}\"")),
            Some(None) => return self.network_failure(None, errno::of(NetworkError::UnknownHost)),
            None => {}
        }
        if let Some(known) = self.remembered_address(host) {
            return Step::line(format!("+UDNSRN: \"{known}\""));
        }
        let query = self.network.resolve(host, now);
        Step::Wait(Wait::Resolve { query, host: host.to_owned(), deadline: now + RESOLVE_TIMEOUT })
    }

    /// What a fault makes of a look-up: no answer, or an old one.
    pub(crate) fn resolver_fault(&mut self) -> Option<Option<core::net::Ipv4Addr>> {
        self.faults.consume(|effect| match effect {
            Effect::Resolver { stale } => Some(*stale),
            _ => None,
        })
    }

    /// An answer that the resolver remembers.
    pub(crate) fn remembered_address(&self, host: &str) -> Option<core::net::Ipv4Addr> {
        let known = self.resolver_cache.iter().find(|(name, _)| name.eq_ignore_ascii_case(host));
        known.filter(|_| self.profile.quirks.resolver_cache).map(|(_, address)| *address)
    }

    /// Remembers an answer in the place of the oldest.
    pub(crate) fn remember_address(&mut self, host: &str, address: core::net::Ipv4Addr) {
        self.resolver_cache.retain(|(name, _)| !name.eq_ignore_ascii_case(host));
        if self.resolver_cache.len() >= MOST_NAMES {
            self.resolver_cache.remove(0);
        }
        self.resolver_cache.push((host.to_owned(), address));
    }

    pub(crate) fn poll_resolve(
        &mut self,
        query: crate::network::Handle,
        host: &str,
        deadline: Duration,
        now: Duration,
    ) -> Option<Step> {
        match self.network.resolved(query, now) {
            Some(Ok(address)) => {
                self.remember_address(host, address);
                Some(Step::line(format!("+UDNSRN: \"{address}\"")))
            }
            Some(Err(error)) => Some(self.network_failure(None, errno::of(error))),
            None if now >= deadline => {
                self.network.close(query, now);
                Some(self.network_failure(None, errno::of(NetworkError::ResolverTimeout)))
            }
            None => None,
        }
    }

    /// The address of a datagram's destination, which the module looks up on the side.
    pub(super) fn address_now(&mut self, host: &str, now: Duration) -> Option<core::net::Ipv4Addr> {
        if let Ok(address) = host.parse() {
            return Some(address);
        }
        if let Some(known) = self.remembered_address(host) {
            return Some(known);
        }
        let query = self.network.resolve(host, now);
        let answer = self.network.resolved(query, now + RESOLVE_TIMEOUT)?.ok()?;
        self.remember_address(host, answer);
        Some(answer)
    }
}
