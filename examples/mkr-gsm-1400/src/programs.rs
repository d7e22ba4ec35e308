//! What programs that show one thing have in common: a console, a part of the board, and Enter to begin again.

use core::convert::Infallible;
use core::error::Error;
use core::fmt::Write;

use mkr_gsm_1400::{Board, reset};
use monoclock::Millis;
use sara_u201::Config;
use tutorial::{Causes, Console, Explain, Key, Settings, Store, menu};

use crate::{Element, GsmModem, Monitor, Stored, element, modem, set_up_power};

/// Runs `show` on the secure element, now and whenever Enter is pressed.
pub fn with_element<E: Error>(show: impl Fn(&mut Element, &mut Monitor) -> Result<(), E>) -> ! {
    let _ = try_with_element(show);
    reset::restart()
}

fn try_with_element<E: Error>(
    show: impl Fn(&mut Element, &mut Monitor) -> Result<(), E>,
) -> Option<Infallible> {
    let mut board = Board::take()?;
    let mut monitor = Monitor(board.usb.start(&mut board.clocks, board.timer)?);
    let mut element = element(board.bus.start(&mut board.clocks, board.timer)?, board.timer);
    loop {
        while !monitor.0.wait_attached(Millis::from_secs(60)) {}
        if let Err(error) = show(&mut element, &mut monitor) {
            let _ = writeln!(monitor, "{}", Causes(&error));
        }
        begin_again(&mut monitor);
    }
}

/// What a program on the modem is shown with.
#[derive(Debug)]
pub struct Gsm<'g> {
    /// The modem.
    pub modem: &'g mut GsmModem,
    /// The SIM's PIN and the access point, for [`sara_u201::Modem::start`].
    pub config: Config<'g>,
    /// The console.
    pub monitor: &'g mut Monitor,
}

/// Runs `show` on the modem, which is still off, now and whenever Enter is pressed.
pub fn with_modem(show: impl Fn(Gsm<'_>) -> Result<(), sara_u201::Error>) -> ! {
    let _ = try_with_modem(show);
    reset::restart()
}

fn try_with_modem(show: impl Fn(Gsm<'_>) -> Result<(), sara_u201::Error>) -> Option<Infallible> {
    let mut board = Board::take()?;
    let (clocks, timer) = (&mut board.clocks, board.timer);
    let mut monitor = Monitor(board.usb.start(clocks, timer)?);
    let mut bus = board.bus.start(clocks, timer)?;
    let mut modem = modem(board.gsm, board.gsm_lines, clocks, timer)?;
    board.watchdog.start(clocks);
    let mut stored = Stored::new(board.settings);
    while !monitor.0.wait_attached(Millis::from_secs(60)) {}
    let _ = set_up_power(board.battery, &mut bus, clocks, timer, &mut monitor);
    loop {
        if stored.value(Key::Apn).is_none() {
            let _ = writeln!(monitor, "Set the apn, and the pin if the SIM has one.");
            menu::run(&mut stored, &mut monitor);
        }
        let config = Settings::modem(&stored);
        if let Err(error) = show(Gsm { modem: &mut modem, config, monitor: &mut monitor }) {
            let _ = error.explain(&mut monitor).and_then(|()| writeln!(monitor));
        }
        begin_again(&mut monitor);
    }
}

fn begin_again(monitor: &mut Monitor) {
    let _ = writeln!(monitor, "Press Enter to begin again.");
    monitor.read_line(&mut [0; 1]);
}
