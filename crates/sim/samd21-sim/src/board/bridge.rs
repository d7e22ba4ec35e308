//! The cloud's MQTT bridge as a server in the modem's network in memory.

use core::time::Duration;

use iot_core_emulator::{Connection, Emulator};
use sara_u201_sim::{MemoryNetwork, PeerConnection};

/// Lets the emulator listen with TLS at `host` and `port`.
pub fn serve_cloud(network: &MemoryNetwork, emulator: &Emulator, host: &str, port: u16) {
    let emulator = emulator.clone();
    network.serve(host, port, move |now: Duration| -> Box<dyn PeerConnection> {
        Box::new(BridgeConnection(emulator.accept_tls(now)))
    });
}

struct BridgeConnection(Connection);

impl PeerConnection for BridgeConnection {
    fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.0.receive(bytes, now);
    }

    fn transmit(&mut self, now: Duration) -> Vec<u8> {
        self.0.transmit(now)
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        self.0.deadline()
    }

    fn closed_by_modem(&mut self, now: Duration) {
        self.0.close(now);
    }
}
