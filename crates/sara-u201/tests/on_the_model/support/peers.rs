//! Far ends of TCP connections.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::VecDeque;
use std::rc::Rc;

use sara_u201_sim::PeerConnection;

/// What passed through a peer, and what it is to do; shared with the test.
#[derive(Default)]
pub(crate) struct Script {
    /// What the modem has sent.
    pub(crate) received: Vec<u8>,
    /// What is to be sent, and when.
    pub(crate) to_send: VecDeque<(Duration, Vec<u8>)>,
    /// Sends back what it receives.
    pub(crate) echo: bool,
    /// Closes when everything is sent and this many bytes have been received.
    pub(crate) close_after: Option<usize>,
    pub(crate) now: Duration,
}

pub(crate) type Shared = Rc<RefCell<Script>>;

pub(crate) fn script() -> Shared {
    Rc::default()
}

/// A peer that follows a script.
pub(crate) struct Scripted(pub Shared);

impl PeerConnection for Scripted {
    fn receive(&mut self, bytes: &[u8], now: Duration) {
        let mut script = self.0.borrow_mut();
        script.received.extend_from_slice(bytes);
        if script.echo {
            script.to_send.push_back((now, bytes.to_vec()));
        }
    }

    fn transmit(&mut self, now: Duration) -> Vec<u8> {
        let mut script = self.0.borrow_mut();
        script.now = now;
        let mut out = Vec::new();
        while script.to_send.front().is_some_and(|(at, _)| *at <= now) {
            out.extend(script.to_send.pop_front().unwrap().1);
        }
        out
    }

    fn is_closed(&self) -> bool {
        let script = self.0.borrow();
        let done = script.to_send.is_empty();
        script.close_after.is_some_and(|count| done && script.received.len() >= count)
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        self.0.borrow().to_send.front().map(|(at, _)| *at)
    }
}

/// Serves `script` at `host`.
pub(crate) fn serve(network: &sara_u201_sim::MemoryNetwork, host: &str, port: u16, script: &Shared) {
    let script = script.clone();
    network.serve(host, port, move |_: Duration| {
        let peer: Box<dyn PeerConnection> = Box::new(Scripted(script.clone()));
        peer
    });
}
