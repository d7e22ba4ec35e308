//! The time by SNTP, through the `embedded-nal` traits alone: any stack would do. It runs on the model.
//!
//! `cargo run -p sara-u201 --example ntp`

use core::fmt::Debug;
use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use core::time::Duration;
use std::rc::Rc;

use embedded_nal::{AddrType, Dns, UdpClientStack, nb};
use monoclock::{Clock, ManualClock, Millis};
use sara_u201::{Apn, Config, Modem, NoWiring};
use sara_u201_sim::{DatagramPeer, MemoryNetwork, PowerAtStart, Profile, Simulation};

/// Seconds from 1900, where NTP counts from, to 1970.
const NTP_EPOCH: u32 = 2_208_988_800;
/// What the server of this example shows: 2026-11-23 07:10:00 UTC.
const NOW: u32 = 1_795_417_800;

/// Asks a server for the seconds since 1970; nothing when it does not answer in time.
fn sntp<N, E: Debug>(stack: &mut N, clock: &impl Clock, host: &str) -> nb::Result<Option<u32>, E>
where
    N: UdpClientStack<Error = E> + Dns<Error = E>,
{
    let ip = wait(clock, || stack.get_host_by_name(host, AddrType::IPv4))?;
    let mut socket = stack.socket()?;
    stack.connect(&mut socket, SocketAddr::new(ip, 123))?;
    // RFC 4330 section 5: version 4, mode 3 (client), all else zero.
    let mut packet = [0; 48];
    packet[0] = 0x23;
    wait(clock, || stack.send(&mut socket, &packet))?;
    let deadline = clock.now() + Millis::from_secs(5);
    let mut time = None;
    while time.is_none() && !clock.now().has_reached(deadline) {
        match stack.receive(&mut socket, &mut packet) {
            Ok((48, _)) => {
                let seconds = packet[40..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
                time = Some(seconds.wrapping_sub(NTP_EPOCH));
            }
            Ok(_) => {}
            Err(nb::Error::WouldBlock) => clock.wait(clock.now() + Millis(10)),
            Err(error) => return Err(error),
        }
    }
    stack.close(socket)?;
    Ok(time)
}

/// Polls until there is a result. A real program would do something else meanwhile.
fn wait<T, E>(clock: &impl Clock, mut call: impl FnMut() -> nb::Result<T, E>) -> nb::Result<T, E> {
    loop {
        match call() {
            Err(nb::Error::WouldBlock) => clock.wait(clock.now() + Millis(10)),
            result => return result,
        }
    }
}

/// A server in the model's network.
struct Server;

impl DatagramPeer for Server {
    fn receive(&mut self, _from: SocketAddrV4, packet: &[u8], _now: Duration) -> Vec<Vec<u8>> {
        assert_eq!(packet.len(), 48);
        let mut answer = vec![0; 48];
        (answer[0], answer[1]) = (0x24, 2);
        answer[40..44].copy_from_slice(&NOW.wrapping_add(NTP_EPOCH).to_be_bytes());
        vec![answer]
    }
}

fn main() {
    let network = MemoryNetwork::new(0);
    network.set_address("ntp.example", Ipv4Addr::new(192, 0, 2, 123));
    network.serve_datagrams("ntp.example", 123, Server);
    let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
    let simulation = Simulation::new(profile, network, Rc::new(ManualClock::new()));
    let clock = simulation.clock();
    let mut modem = Modem::new(simulation.serial(), NoWiring, simulation.clock());
    modem.start(&Config::new(Apn::new("internet"))).expect("the modem comes up");
    let time = sntp(&mut modem, &clock, "ntp.example").expect("the server answers");
    println!("{time:?} seconds since 1970");
    assert_eq!(time, Some(NOW));
}

#[test]
fn the_example_runs() {
    main();
}
