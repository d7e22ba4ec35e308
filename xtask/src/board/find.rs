//! From "a board" to the port of its loader or of its program.

use core::time::Duration;
use std::path::Path;
use std::thread;

use super::devices::{self, Device, Role};
use super::line;
use super::stop::{Kind, Stop};

/// How long a board takes to come back on the bus; the loader needs about a second.
const RETURN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(100);

const DOUBLE_TAP: &str =
    "Press the board's reset button twice within half a second: the loader starts, and the LED pulses.";

/// Which board is meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Selection {
    /// The serial port, such as /dev/ttyACM0 or COM3
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// The place on the USB, such as 1-2.3; see `cargo xtask devices`
    #[arg(long, value_name = "LOCATION", conflicts_with = "port")]
    pub(crate) location: Option<String>,
}

/// What finding a board needs of the machine.
pub(crate) trait Host {
    fn devices(&mut self) -> Result<Vec<Device>, Stop>;
    fn exists(&mut self, port: &str) -> bool;
    fn touch(&mut self, port: &str) -> Result<(), Stop>;
    fn wait(&mut self, time: Duration);
    fn say(&mut self, line: &str);
}

/// This machine.
#[derive(Debug)]
pub(crate) struct System;

impl Host for System {
    fn devices(&mut self) -> Result<Vec<Device>, Stop> {
        devices::list()
    }

    fn exists(&mut self, port: &str) -> bool {
        !cfg!(unix) || Path::new(port).exists()
    }

    fn touch(&mut self, port: &str) -> Result<(), Stop> {
        line::touch(port)
    }

    fn wait(&mut self, time: Duration) {
        thread::sleep(time);
    }

    fn say(&mut self, line: &str) {
        eprintln!("{line}");
    }
}

/// Finds the loader of the board that is meant, and brings the board there if its program is running.
pub(crate) fn loader(host: &mut impl Host, selection: &Selection) -> Result<Device, Stop> {
    let board = choose(host, selection)?;
    match board.role {
        Role::Loader => Ok(board),
        Role::Other => {
            host.say(&format!("{} is no port of a board that I know: taking it for a loader", board.port));
            Ok(board)
        }
        Role::Program => {
            host.say(&format!("{}: asking the program to start the loader", board.port));
            let before = host.devices()?;
            host.touch(&board.port)?;
            let found = appear(host, RETURN, |device| {
                let same_place = board.location.is_none() || device.location == board.location;
                device.role == Role::Loader && same_place && !before.contains(device)
            })?;
            found.ok_or_else(|| {
                let reason = format!("the board at {} did not come back as a loader", board.port);
                Stop::text(Kind::NoDevice, reason)
                    .advise(format!("A program without USB, or one that hangs, does not hear.\n{DOUBLE_TAP}"))
            })
        }
    }
}

/// Waits for the program of the board that `loader` was: its port, where the board is one that can be told apart.
pub(crate) fn program(host: &mut impl Host, loader: &Device) -> Result<Option<Device>, Stop> {
    if loader.role != Role::Loader {
        return Ok(None);
    }
    appear(host, RETURN / 2, |device| {
        device.role == Role::Program && (loader.location.is_none() || device.location == loader.location)
    })
}

/// Waits until a device is there that `wanted` accepts.
fn appear(
    host: &mut impl Host,
    patience: Duration,
    wanted: impl Fn(&Device) -> bool,
) -> Result<Option<Device>, Stop> {
    let mut waited = Duration::ZERO;
    while waited < patience {
        host.wait(POLL);
        waited += POLL;
        if let Some(found) = host.devices()?.into_iter().find(&wanted) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Returns the one board that the selection fits.
pub(crate) fn choose(host: &mut impl Host, selection: &Selection) -> Result<Device, Stop> {
    let all = host.devices()?;
    if let Some(port) = &selection.port {
        if let Some(device) = all.iter().find(|device| device.port == *port) {
            return Ok(device.clone());
        }
        if host.exists(port) {
            let port = port.clone();
            return Ok(Device { port, role: Role::Other, ids: None, location: None, product: None });
        }
        return Err(none(&all, format!("there is no port {port}")));
    }
    let boards: Vec<&Device> = all
        .iter()
        .filter(|device| device.role != Role::Other)
        .filter(|device| selection.location.is_none() || device.location == selection.location)
        .collect();
    match (boards.as_slice(), &selection.location) {
        ([board], _) => Ok((*board).clone()),
        ([], Some(location)) => Err(none(&all, format!("there is no MKR GSM 1400 at {location}"))),
        ([], None) => Err(none(&all, "there is no MKR GSM 1400".to_owned())),
        (several, _) => {
            let several: Vec<Device> = several.iter().map(|board| (*board).clone()).collect();
            let advice = format!("{}\nChoose one with --port or --location.", devices::shown(&several));
            Err(Stop::text(Kind::Usage, "there is more than one MKR GSM 1400").advise(advice))
        }
    }
}

fn none(all: &[Device], reason: String) -> Stop {
    let seen = if all.is_empty() {
        "This machine has no serial port at all.".to_owned()
    } else {
        format!("The ports there are:\n{}", devices::shown(all))
    };
    let mut advice = format!(
        "{seen}\nIs the board plugged in, with a cable that carries data?\n{DOUBLE_TAP}\n\
         Then run this again; name a port that is not recognised with --port."
    );
    if cfg!(target_os = "linux") {
        advice += "\nOn Linux the port is /dev/ttyACM*; its group (dialout) must be one of yours.\n\
                   ModemManager may hold it: a udev rule with ENV{ID_MM_DEVICE_IGNORE}=\"1\" for 2341 keeps it away.";
    }
    Stop::text(Kind::NoDevice, reason).advise(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose USB changes with time.
    #[derive(Default)]
    struct Bench {
        devices: Vec<Device>,
        touched: Vec<String>,
        said: Vec<String>,
        now: Duration,
        /// What there is from a time on.
        later: Vec<(Duration, Vec<Device>)>,
    }

    impl Host for Bench {
        fn devices(&mut self) -> Result<Vec<Device>, Stop> {
            let later = self.later.iter().rev().find(|(time, _)| *time <= self.now);
            Ok(later.map_or_else(|| self.devices.clone(), |(_, devices)| devices.clone()))
        }

        fn exists(&mut self, port: &str) -> bool {
            port == "/dev/pts/7"
        }

        fn touch(&mut self, port: &str) -> Result<(), Stop> {
            self.touched.push(port.to_owned());
            Ok(())
        }

        fn wait(&mut self, time: Duration) {
            self.now += time;
        }

        fn say(&mut self, line: &str) {
            self.said.push(line.to_owned());
        }
    }

    fn device(port: &str, role: Role, location: &str) -> Device {
        Device {
            port: port.into(),
            role,
            ids: None,
            location: (!location.is_empty()).then(|| location.to_owned()),
            product: None,
        }
    }

    fn at(port: Option<&str>, location: Option<&str>) -> Selection {
        Selection { port: port.map(str::to_owned), location: location.map(str::to_owned) }
    }

    #[test]
    fn a_board_in_its_loader_is_taken_as_it_is() {
        let loader_port = device("/dev/ttyACM1", Role::Loader, "1-2");
        let mut bench = Bench {
            devices: vec![device("/dev/ttyS0", Role::Other, ""), loader_port.clone()],
            ..Bench::default()
        };
        assert_eq!(loader(&mut bench, &Selection::default()).unwrap(), loader_port);
        assert_eq!(loader(&mut bench, &at(Some("/dev/ttyACM1"), None)).unwrap(), loader_port);
        assert!(bench.touched.is_empty());
    }

    #[test]
    fn a_running_program_is_touched_and_its_loader_found_under_another_name() {
        let other_loader = device("/dev/ttyACM1", Role::Loader, "1-1");
        let running = device("/dev/ttyACM0", Role::Program, "1-2");
        let found = device("/dev/ttyACM2", Role::Loader, "1-2");
        let mut bench = Bench {
            devices: vec![running.clone(), other_loader.clone()],
            later: vec![
                (Duration::from_millis(300), vec![other_loader.clone()]),
                (Duration::from_millis(1200), vec![other_loader, found.clone()]),
            ],
            ..Bench::default()
        };
        assert_eq!(loader(&mut bench, &at(None, Some("1-2"))).unwrap(), found);
        assert_eq!(bench.touched, ["/dev/ttyACM0"]);
    }

    #[test]
    fn a_board_that_does_not_come_back_ends_with_advice() {
        let running = device("/dev/ttyACM0", Role::Program, "1-2");
        let mut bench = Bench { devices: vec![running], ..Bench::default() };
        let stop = loader(&mut bench, &Selection::default()).unwrap_err();
        assert_eq!(stop.kind, Kind::NoDevice);
        assert!(stop.advice.contains("twice"), "{}", stop.advice);
        assert_eq!(bench.now, RETURN);
    }

    #[test]
    fn no_board_ends_with_what_was_seen_and_what_to_do() {
        let mut bench = Bench { devices: vec![device("/dev/ttyS0", Role::Other, "")], ..Bench::default() };
        let stop = loader(&mut bench, &Selection::default()).unwrap_err();
        assert_eq!((stop.kind, stop.kind as u8), (Kind::NoDevice, 3));
        assert!(stop.advice.contains("/dev/ttyS0") && stop.advice.contains("twice"), "{}", stop.advice);
        let stop = loader(&mut Bench::default(), &at(Some("/dev/ttyACM9"), None)).unwrap_err();
        assert_eq!(stop.kind, Kind::NoDevice);
        assert!(stop.reason.to_string().contains("/dev/ttyACM9"));
    }

    #[test]
    fn of_two_boards_one_must_be_chosen() {
        let devices =
            vec![device("/dev/ttyACM0", Role::Program, "1-2"), device("/dev/ttyACM1", Role::Loader, "1-3")];
        let mut bench = Bench { devices, ..Bench::default() };
        let stop = loader(&mut bench, &Selection::default()).unwrap_err();
        assert_eq!(stop.kind, Kind::Usage);
        assert!(stop.advice.contains("/dev/ttyACM0") && stop.advice.contains("1-3"), "{}", stop.advice);
        assert_eq!(loader(&mut bench, &at(None, Some("1-3"))).unwrap().port, "/dev/ttyACM1");
        assert!(bench.touched.is_empty());
    }

    #[test]
    fn a_port_that_is_no_usb_device_is_believed_to_be_a_loader() {
        let mut bench = Bench::default();
        let found = loader(&mut bench, &at(Some("/dev/pts/7"), None)).unwrap();
        assert_eq!((found.port.as_str(), found.role), ("/dev/pts/7", Role::Other));
        assert!(bench.said[0].contains("taking it for a loader"));
        assert_eq!(program(&mut bench, &found).unwrap(), None);
    }

    #[test]
    fn the_program_is_waited_for_where_its_loader_was() {
        let gone = device("/dev/ttyACM2", Role::Loader, "1-2");
        let back = device("/dev/ttyACM0", Role::Program, "1-2");
        let other = device("/dev/ttyACM1", Role::Program, "1-1");
        let mut bench = Bench {
            devices: vec![other.clone()],
            later: vec![(Duration::from_secs(1), vec![other, back.clone()])],
            ..Bench::default()
        };
        assert_eq!(program(&mut bench, &gone).unwrap(), Some(back));
    }
}
