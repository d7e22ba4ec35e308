//! All connections of the emulator, and what passes between them.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::cloud::Cloud;
use crate::journal::{ConnectionId, Event};
use crate::session::{Command, Session};
use crate::{CloseReason, DevicePath};

#[derive(Debug)]
pub(crate) struct Bridge {
    pub(crate) cloud: Cloud,
    sessions: BTreeMap<ConnectionId, Session>,
    opened: u64,
    now: Duration,
}

impl Bridge {
    pub(crate) const fn new(cloud: Cloud) -> Self {
        Self { cloud, sessions: BTreeMap::new(), opened: 0, now: Duration::ZERO }
    }

    /// The latest time that anyone has told.
    pub(crate) const fn now(&self) -> Duration {
        self.now
    }

    /// Opens a connection, which is closed at once while the service is down.
    pub(crate) fn open(&mut self, tls: bool, now: Duration) -> ConnectionId {
        self.advance(now);
        self.opened += 1;
        let id = ConnectionId(self.opened);
        let down = self.cloud.faults.down_until.is_some_and(|until| now < until);
        let event = if down { Event::TurnedAway } else { Event::Opened { tls } };
        self.cloud.journal.record(now, Some(id), None, event);
        let session = if down { Session::turned_away(id, now) } else { Session::new(id, now) };
        self.sessions.insert(id, session);
        id
    }

    pub(crate) fn receive(&mut self, id: ConnectionId, bytes: &[u8], now: Duration) {
        self.advance(now);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.receive(bytes);
            if !self.cloud.faults.is_silent(now) {
                session.advance(&mut self.cloud, now);
            }
        }
        self.settle(now);
    }

    /// Does what is due on a connection and takes what it sends.
    pub(crate) fn transmit(&mut self, id: ConnectionId, now: Duration) -> Vec<u8> {
        self.advance(now);
        let Some(session) = self.sessions.get_mut(&id) else { return Vec::new() };
        if self.cloud.faults.is_silent(now) && !session.is_closed() {
            return Vec::new();
        }
        session.advance(&mut self.cloud, now);
        let output = session.take_output();
        self.settle(now);
        output
    }

    pub(crate) fn transports(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn is_closed(&self, id: ConnectionId) -> bool {
        self.sessions.get(&id).is_none_or(Session::is_closed)
    }

    pub(crate) fn deadline(&self, id: ConnectionId) -> Option<Duration> {
        let session = self.sessions.get(&id)?;
        let drop = self.cloud.faults.next_drop().filter(|_| !session.is_closed());
        let silent = self.cloud.faults.silent_until.filter(|until| self.now < *until && !session.is_closed());
        if silent.is_some() {
            return [silent, drop].into_iter().flatten().min();
        }
        if session.has_output() {
            return Some(self.now);
        }
        [session.deadline(&self.cloud), drop].into_iter().flatten().min()
    }

    /// Ends a connection from outside.
    pub(crate) fn close(&mut self, id: ConnectionId, reason: CloseReason, now: Duration) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.close(&mut self.cloud, reason, now);
        }
        self.settle(now);
    }

    /// Forgets a connection whose transport is gone.
    pub(crate) fn forget(&mut self, id: ConnectionId) {
        self.close(id, CloseReason::ByPeer, self.now);
        self.sessions.remove(&id);
    }

    /// Drops every connection without a word.
    pub(crate) fn drop_all(&mut self, now: Duration) {
        self.drop_opened_before(now, now);
    }

    /// Closes the connection of a device, or detaches it from its gateway.
    pub(crate) fn expel(&mut self, device: &DevicePath, now: Duration) {
        let Some(id) = self.cloud.routes.remove(device) else { return };
        if let Some(session) = self.sessions.get_mut(&id) {
            session.expel(&mut self.cloud, device, now);
        }
        self.settle(now);
    }

    /// Sends the newest configuration to a device that is connected.
    pub(crate) fn push_config(&mut self, device: &DevicePath, now: Duration) {
        if let Some(session) = self.cloud.routes.get(device).and_then(|id| self.sessions.get_mut(id)) {
            session.push_config(&mut self.cloud, device, now);
        }
    }

    /// Sends a command to a device that is connected; `false` if it is not, or does not subscribe.
    pub(crate) fn push_command(&mut self, device: &DevicePath, command: &Command<'_>, now: Duration) -> bool {
        match self.cloud.routes.get(device).and_then(|id| self.sessions.get_mut(id)) {
            Some(session) => session.push_command(&mut self.cloud, device, command, now),
            None => false,
        }
    }

    /// Moves time on, and applies the faults that are due.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.cloud.faults.silent_until.is_some_and(|until| until <= now) {
            self.cloud.faults.silent_until = None;
            for session in self.sessions.values_mut() {
                session.catch_up(&mut self.cloud, now);
            }
            self.settle(now);
        }
        if let Some(at) = self.cloud.faults.take_drops(now) {
            self.drop_opened_before(at, now);
        }
    }

    fn drop_opened_before(&mut self, at: Duration, now: Duration) {
        for session in self.sessions.values_mut().filter(|session| session.opened() <= at) {
            session.drop_silently(&mut self.cloud, CloseReason::Dropped, now);
        }
    }

    /// Tells connections of the devices that have moved away from them.
    fn settle(&mut self, now: Duration) {
        for (id, device) in core::mem::take(&mut self.cloud.displaced) {
            if let Some(session) = self.sessions.get_mut(&id) {
                session.displace(&mut self.cloud, &device, now);
            }
        }
    }
}
