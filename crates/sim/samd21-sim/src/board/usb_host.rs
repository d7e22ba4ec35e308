//! A host that enumerates what is plugged in, and opens it as a serial port when it is one (CDC ACM).

use core::fmt;

use crate::plug::{UsbAction, UsbHandshake, UsbHost, UsbTransaction};
use crate::time::Time;

mod console;
mod control;
mod descriptors;
mod enumeration;

pub use console::{Console, Identity, Line};
use control::{Control, Outcome, Request};
use descriptors::Function;
use enumeration::Step;

/// USB 2.0, section 7.1.7.3: a connection has to last as long before the host resets the device.
const DEBOUNCE: Time = Time::from_millis(100);
/// Length of a reset that a host gives (TDRSTR).
const RESET: Time = Time::from_millis(50);
/// Recovery after a reset, and after a new address.
const RECOVERY: Time = Time::from_millis(10);
/// How long a control transfer may take (section 9.2.6.1).
const CONTROL_LIMIT: Time = Time::from_millis(5_000);
/// Time on the wire without the data: token, handshake, gaps.
const OVERHEAD: Time = Time::from_micros(8);
/// A host's software hears of the end of a transfer with the end of its frame, and begins the next one after it.
const BETWEEN_TRANSFERS: Time = Time::from_millis(1);
/// The address that the host gives.
const ADDRESS: u8 = 7;
/// Packet of a bulk endpoint.
const PACKET: usize = 64;

/// Where the host is with the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is plugged in, or it was given up.
    Idle,
    /// It has been plugged in; the second reset gives it its address.
    Debounce,
    Enumerate(Step),
    Configured,
}

/// What the host does once its wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Reset(Step),
    Begin(Step),
}

/// The host.
pub struct CdcHost {
    console: Console,
    phase: Phase,
    pending: Option<(Pending, Time)>,
    address: u8,
    control: Option<Control>,
    control_began: Time,
    device: Vec<u8>,
    configuration: Vec<u8>,
    identity: Identity,
    function: Option<Function>,
    told: Option<Line>,
    /// Bulk OUT in flight.
    sending: Vec<u8>,
    toggle_out: bool,
    toggle_in: bool,
    toggle_notify: bool,
    /// Endpoints that answered NAK and have not stirred since.
    waiting: Waiting,
    asked: Asked,
    /// The wire is free from then on.
    free_at: Time,
}

#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    control: bool,
    into: bool,
    out: bool,
    notify: bool,
}

/// Whose transaction the last one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Control,
    In,
    Out,
    Notify,
}

impl CdcHost {
    /// Makes a host and the console that it has of the device.
    #[must_use]
    pub fn new() -> (Self, Console) {
        let console = Console::default();
        let host = Self {
            console: console.clone(),
            phase: Phase::Idle,
            pending: None,
            address: 0,
            control: None,
            control_began: Time::ZERO,
            device: Vec::new(),
            configuration: Vec::new(),
            identity: Identity::default(),
            function: None,
            told: None,
            sending: Vec::new(),
            toggle_out: false,
            toggle_in: false,
            toggle_notify: false,
            waiting: Waiting::default(),
            asked: Asked::Control,
            free_at: Time::ZERO,
        };
        (host, console)
    }

    fn give_up(&mut self, why: &str) {
        self.console.0.borrow_mut().failure = Some(why.to_owned());
        self.phase = Phase::Idle;
        self.pending = None;
        self.control = None;
    }

    /// The port's state that the device has not been told of.
    fn line_request(&mut self) -> Option<Request> {
        let function = self.function?;
        let wanted = self.console.0.borrow().wanted;
        let told = self.told.unwrap_or(Line { baud: 0, open: false });
        let interface = function.control_interface;
        if told.baud != wanted.baud {
            self.told = Some(Line { baud: wanted.baud, ..told });
            return Some(Request::set_line_coding(interface, wanted.baud));
        }
        if told.open != wanted.open {
            self.told = Some(wanted);
            return Some(Request::set_control_line_state(interface, wanted.open));
        }
        None
    }

    /// The next transaction of a configured device: control first, then what it sends, then what it gets.
    fn transaction(&mut self, now: Time) -> Option<(u8, UsbTransaction)> {
        if self.control.is_none()
            && self.phase == Phase::Configured
            && let Some(request) = self.line_request()
        {
            self.begin(request, now);
        }
        if let Some(control) = self.control.as_ref().filter(|_| !self.waiting.control) {
            self.asked = Asked::Control;
            return Some((0, control.transaction()));
        }
        let function = self.function.filter(|_| self.phase == Phase::Configured)?;
        let open = self.told.is_some_and(|line| line.open);
        if open && !self.waiting.into {
            self.asked = Asked::In;
            return Some((function.bulk_in, UsbTransaction::In));
        }
        if let Some(endpoint) = function.notify.filter(|_| open && !self.waiting.notify) {
            self.asked = Asked::Notify;
            return Some((endpoint, UsbTransaction::In));
        }
        if open && !self.waiting.out && self.has_input() {
            if self.sending.is_empty() {
                let mut shared = self.console.0.borrow_mut();
                let count = shared.input.len().min(PACKET);
                self.sending = shared.input.drain(..count).collect();
            }
            self.asked = Asked::Out;
            return Some((function.bulk_out, UsbTransaction::Out(self.sending.clone(), self.toggle_out)));
        }
        None
    }

    fn has_input(&self) -> bool {
        !self.sending.is_empty() || !self.console.0.borrow().input.is_empty()
    }

    fn line_differs(&self) -> bool {
        self.function.is_some() && self.told != Some(self.console.0.borrow().wanted)
    }

    fn control_answered(&mut self, handshake: UsbHandshake, now: Time) {
        let Some(control) = &mut self.control else { return };
        match control.answered(handshake) {
            Outcome::Going => {}
            Outcome::NotNow if now - self.control_began > CONTROL_LIMIT => {
                self.give_up("a control transfer took more than five seconds");
            }
            Outcome::NotNow => self.waiting.control = true,
            Outcome::Done => {
                let data = self.control.take().map(Control::into_data).unwrap_or_default();
                self.free_at = now + BETWEEN_TRANSFERS;
                self.finished(data, now);
            }
            Outcome::Stalled => {
                self.control = None;
                self.stalled(now);
            }
            Outcome::Silence => self.give_up("the device does not answer"),
        }
    }
}

impl UsbHost for CdcHost {
    fn attached(&mut self, attached: bool, now: Time) {
        self.control = None;
        self.function = None;
        self.address = 0;
        self.sending.clear();
        self.identity = Identity::default();
        self.device.clear();
        self.configuration.clear();
        self.console.0.borrow_mut().identity = None;
        self.console.0.borrow_mut().configured_at = None;
        if attached {
            self.phase = Phase::Debounce;
            self.pending = Some((Pending::Reset(Step::FirstDescriptor), now + DEBOUNCE + RESET));
        } else {
            self.phase = Phase::Idle;
            self.pending = None;
        }
    }

    fn stirred(&mut self, _now: Time) {
        self.waiting = Waiting::default();
    }

    fn next_event(&self) -> Time {
        if let Some((_, at)) = self.pending {
            return at;
        }
        let open = self.phase == Phase::Configured && self.function.is_some();
        let control = self.control.is_some() && !self.waiting.control;
        let line = open && self.control.is_none() && self.line_differs();
        let told = open && self.told.is_some_and(|line| line.open);
        let notify = self.function.is_some_and(|function| function.notify.is_some());
        let data = told
            && (!self.waiting.into
                || notify && !self.waiting.notify
                || !self.waiting.out && self.has_input());
        if control || line || data {
            self.free_at
        } else if self.control.is_some() {
            self.control_began + CONTROL_LIMIT
        } else {
            Time::NEVER
        }
    }

    fn act(&mut self, now: Time) -> Option<UsbAction> {
        if let Some((pending, _)) = self.pending.take_if(|(_, at)| *at <= now) {
            match pending {
                Pending::Reset(step) => {
                    self.address = 0;
                    self.phase = Phase::Enumerate(step);
                    self.pending = Some((Pending::Begin(step), now + RECOVERY));
                    return Some(UsbAction::Reset);
                }
                Pending::Begin(step) => {
                    self.phase = Phase::Enumerate(step);
                    self.begin(self.request_of(step), now);
                }
            }
        }
        if self.control.is_some() && self.waiting.control && now >= self.control_began + CONTROL_LIMIT {
            self.give_up("a control transfer took more than five seconds");
            return None;
        }
        if self.pending.is_some() || now < self.free_at {
            return None;
        }
        let (endpoint, transaction) = self.transaction(now)?;
        Some(UsbAction::Transaction { address: self.address, endpoint, transaction })
    }

    fn answered(&mut self, handshake: UsbHandshake, now: Time) {
        let bytes = match (&handshake, self.asked) {
            (UsbHandshake::Data(data, _), _) => data.len(),
            (_, Asked::Out) => self.sending.len(),
            _ => 8,
        };
        self.free_at = now + OVERHEAD + Time::of_ticks(bytes as u64 * 8, 12_000_000);
        match self.asked {
            Asked::Control => self.control_answered(handshake, now),
            Asked::In => match handshake {
                UsbHandshake::Data(data, toggle) => {
                    if toggle == self.toggle_in {
                        self.toggle_in = !toggle;
                        self.console.0.borrow_mut().output.extend(data);
                    }
                }
                _ => self.waiting.into = true,
            },
            Asked::Notify => match handshake {
                UsbHandshake::Data(_, toggle) => self.toggle_notify = !toggle,
                _ => self.waiting.notify = true,
            },
            Asked::Out => match handshake {
                UsbHandshake::Ack => {
                    self.toggle_out = !self.toggle_out;
                    self.sending.clear();
                }
                _ => self.waiting.out = true,
            },
        }
    }
}

impl fmt::Debug for CdcHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CdcHost")
            .field("phase", &self.phase)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}
