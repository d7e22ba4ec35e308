//! The USB serial port: the console, and the way into the boot loader.
#![expect(unsafe_code, reason = "the interrupt is enabled")]

use core::cell::RefCell;
use core::convert::Infallible;
use core::fmt;

use atsamd_hal::gpio::{Disabled, Floating, PA24, PA25, Pin};
use atsamd_hal::pac;
use atsamd_hal::usb::UsbBus;
use cortex_m::peripheral::NVIC;
use critical_section::Mutex;
use monoclock::{Clock, Millis};
use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid};
use usbd_serial::{SerialPort, USB_CLASS_CDC};

use crate::{Clocks, Echo, Line, Shown, Timer, handler, reset, timer};

/// Arduino's number for this board: existing tools and rules know it.
const IDENTITY: UsbVidPid = UsbVidPid(0x2341, 0x8052);
/// Bytes of each of the two buffers of the port.
const BUFFER: usize = 64;
/// How long a terminal may take nothing before text is dropped.
const PATIENCE: Millis = Millis(100);
/// Baud rate that, when DTR falls, asks for the boot loader.
const TOUCH: u32 = 1200;
/// How long the host's last request is still answered after the touch.
const GOODBYE: Millis = Millis(20);

type Serial = SerialPort<'static, UsbBus, [u8; BUFFER], [u8; BUFFER]>;
type Device = UsbDevice<'static, UsbBus>;

/// Device and port.
struct Port {
    device: &'static mut Device,
    serial: &'static mut Serial,
}

impl Port {
    #[inline(never)]
    fn poll(&mut self) {
        self.device.poll(&mut [self.serial]);
    }
}

static PORT: Mutex<RefCell<Option<Port>>> = Mutex::new(RefCell::new(None));

/// What the console is made of; [`UsbParts::start`] makes it.
pub struct UsbParts {
    pub(crate) usb: pac::Usb,
    pub(crate) dm: Pin<PA24, Disabled<Floating>>,
    pub(crate) dp: Pin<PA25, Disabled<Floating>>,
}

impl UsbParts {
    /// Attaches to the bus.
    #[must_use]
    pub fn start(self, clocks: &mut Clocks, timer: Timer) -> Option<Console> {
        let allocator = self.allocator(clocks)?;
        let serial = serial(allocator)?;
        let device = device(allocator)?;
        critical_section::with(|section| {
            if let Ok(mut port) = PORT.borrow(section).try_borrow_mut() {
                *port = Some(Port { device, serial });
            }
        });
        reset::set_last_words(say_last_words);
        handler::USB_DEVICE.set(serve);
        // SAFETY: the handler is ready to run.
        unsafe { NVIC::unmask(pac::Interrupt::USB) };
        Some(Console { timer, is_read: true, after_return: false })
    }

    // What is built here, and in the two functions below, takes much stack before it is in its place: one after the
    // other, not all at once.
    #[inline(never)]
    fn allocator(self, clocks: &mut Clocks) -> Option<&'static UsbBusAllocator<UsbBus>> {
        let main = clocks.main();
        let clock = clocks.controller.usb(&main)?;
        let bus = UsbBus::new(&clock, &mut clocks.pm, self.dm, self.dp, self.usb);
        let allocator = cortex_m::singleton!(USB: UsbBusAllocator<UsbBus> = UsbBusAllocator::new(bus))?;
        Some(allocator)
    }
}

#[inline(never)]
fn serial(allocator: &'static UsbBusAllocator<UsbBus>) -> Option<&'static mut Serial> {
    cortex_m::singleton!(
        SERIAL: Serial = SerialPort::new_with_store(allocator, [0; BUFFER], [0; BUFFER])
    )
}

#[inline(never)]
fn device(allocator: &'static UsbBusAllocator<UsbBus>) -> Option<&'static mut Device> {
    let strings = StringDescriptors::default().manufacturer("Arduino LLC").product("Arduino MKR GSM 1400");
    let builder = UsbDeviceBuilder::new(allocator, IDENTITY).strings(&[strings]).ok()?;
    let builder = builder.device_class(USB_CLASS_CDC);
    cortex_m::singleton!(DEVICE: Device = builder.build())
}

/// The console.
///
/// An interrupt serves the bus, so it stays alive whatever the program does. What is written while nobody listens is
/// dropped, and so is what a terminal does not take in time. When the host opens the port with 1200 baud and closes
/// it, the boot loader starts.
#[derive(Debug)]
pub struct Console {
    timer: Timer,
    /// Whether the terminal takes what is written.
    is_read: bool,
    /// Whether the last byte was CR: an LF after it is the same line's end.
    after_return: bool,
}

impl Console {
    /// Tells whether somebody has opened the port.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        with_port(|port| port.device.state() == UsbDeviceState::Configured && port.serial.dtr())
            .unwrap_or(false)
    }

    /// Waits until somebody opens the port, or for `time`; tells whether somebody did.
    pub fn wait_attached(&mut self, time: Millis) -> bool {
        self.wait(time, |console| console.is_attached())
    }

    /// Waits until something is typed, or for `time`; tells whether it was. What was typed is dropped.
    pub fn wait_typed(&mut self, time: Millis) -> bool {
        self.wait(time, |console| console.read().is_ok())
    }

    fn wait(&mut self, time: Millis, mut done: impl FnMut(&mut Self) -> bool) -> bool {
        let deadline = self.timer.now() + time;
        loop {
            if done(self) {
                return true;
            }
            if self.timer.now().has_reached(deadline) {
                return false;
            }
            self.timer.wait(deadline);
        }
    }

    /// Takes a byte that was typed.
    ///
    /// # Errors
    /// [`nb::Error::WouldBlock`] if there is none.
    pub fn read(&mut self) -> nb::Result<u8, Infallible> {
        let mut byte = [0];
        match with_port(|port| port.serial.read(&mut byte)) {
            Some(Ok(1)) => Ok(u8::from_le_bytes(byte)),
            _ => Err(nb::Error::WouldBlock),
        }
    }

    /// Waits for a line, however long the person takes, and returns it without its end.
    ///
    /// Each character is shown as `shown` says of the line before it. What does not fit `buffer` is not taken.
    pub fn read_line<'b>(&mut self, buffer: &'b mut [u8], shown: impl Fn(&str) -> Shown) -> &'b str {
        let mut line = Line::new(buffer);
        loop {
            let Ok(byte) = self.read() else {
                self.timer.wait(self.timer.now() + PATIENCE);
                continue;
            };
            if core::mem::replace(&mut self.after_return, byte == b'\r') && byte == b'\n' {
                continue;
            }
            let shown = shown(line.so_far());
            match line.take(byte) {
                Echo::End => break,
                Echo::Byte(byte) => self.write(&[if shown == Shown::Plain { byte } else { b'*' }]),
                Echo::Erase => self.write(b"\x08 \x08"),
                Echo::Bell => self.write(b"\x07"),
                Echo::Nothing => {}
            }
        }
        self.write(b"\r\n");
        line.finish()
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, mut bytes: &[u8]) {
        let deadline = self.timer.now() + PATIENCE;
        while !bytes.is_empty() && self.is_attached() {
            match with_port(|port| port.serial.write(bytes)) {
                Some(Ok(count)) => {
                    self.is_read = true;
                    bytes = bytes.get(count..).unwrap_or_default();
                }
                _ if !self.is_read => return,
                _ if self.timer.now().has_reached(deadline) => self.is_read = false,
                _ => self.timer.wait(deadline),
            }
        }
    }
}

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(line) => {
                    self.write(line.as_bytes());
                    self.write(b"\r\n");
                }
                None => self.write(line.as_bytes()),
            }
        }
        Ok(())
    }
}

/// Says a last word, with interrupts disabled.
fn say_last_words(text: &str) {
    with_port(|port| {
        let mut rest = text.as_bytes();
        for _ in 0..LAST_POLLS {
            if let Ok(count) = port.serial.write(rest) {
                rest = rest.get(count..).unwrap_or_default();
            }
            port.poll();
        }
    });
}

/// Some tens of milliseconds.
const LAST_POLLS: u32 = 20_000;

fn with_port<R>(what: impl FnOnce(&mut Port) -> R) -> Option<R> {
    critical_section::with(|section| {
        let mut port = PORT.borrow(section).try_borrow_mut().ok()?;
        port.as_mut().map(what)
    })
}

/// Serves the bus's interrupt.
fn serve() {
    let touched = with_port(|port| {
        port.poll();
        port.serial.line_coding().data_rate() == TOUCH && !port.serial.dtr()
    });
    if touched == Some(true) {
        // The host's last request is to come to its end.
        let start = timer::now();
        while timer::now() - start < GOODBYE {
            with_port(Port::poll);
        }
        reset::enter_loader()
    }
}

crate::opaque!(UsbParts);
