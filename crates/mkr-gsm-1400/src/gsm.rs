//! The modem's serial port and its two control lines.
#![expect(unsafe_code, reason = "the interrupt handler and the port share the registers")]

use core::cell::RefCell;
use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use atsamd_hal::gpio::{PA28, PB08, Pin, PushPullOutput};
use atsamd_hal::pac;
use atsamd_hal::sercom::Sercom4;
use atsamd_hal::sercom::uart::{self, BaudMode, Config, Oversampling};
use atsamd_hal::time::Hertz;
use cortex_m::peripheral::NVIC;
use critical_section::Mutex;
use embedded_hal::digital::OutputPin;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use heapless::spsc::{Consumer, Producer, Queue};
use monoclock::{Clock, Millis};

use crate::pins::{GsmCts, GsmDtr, GsmReset, GsmRts, GsmRx, GsmTx};
use crate::{Clocks, Timer, handler};

/// Bytes of the receive ring, one of which stays empty. While it is full the modem is told to wait.
const RING: usize = 256;
/// The modem holds back CTS no longer than this, and a byte that is waited for comes within this time.
const TIMEOUT: Millis = Millis::from_secs(10);

type Pads = uart::Pads<Sercom4, GsmRx, GsmTx, GsmRts, GsmCts>;

static RECEIVED: Mutex<RefCell<Option<Producer<'static, u8>>>> = Mutex::new(RefCell::new(None));
static OVERRUNS: AtomicU32 = AtomicU32::new(0);

/// The modem did not take a byte, or did not send one that was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the modem's serial port timed out")
    }
}

impl core::error::Error for TimedOut {}

impl embedded_io::Error for TimedOut {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::TimedOut
    }
}

/// What the modem's port is made of; [`GsmParts::start`] makes it.
pub struct GsmParts {
    pub(crate) sercom: pac::Sercom4,
    pub(crate) pads: Pads,
}

impl GsmParts {
    /// Starts the port with `baud` bits per second, 8N1, with RTS and CTS.
    #[must_use]
    pub fn start(self, clocks: &mut Clocks, timer: Timer, baud: u32) -> Option<GsmUart> {
        let ring = cortex_m::singleton!(GSM_RING: Queue<u8, RING> = Queue::new())?;
        let (producer, consumer) = ring.split();
        let main = clocks.main();
        let core = clocks.controller.sercom4_core(&main)?;
        let port = Config::new(&clocks.pm, self.sercom, self.pads, core.freq())
            .baud(Hertz::Hz(baud), FRACTIONAL)
            .enable();
        critical_section::with(|section| {
            if let Ok(mut received) = RECEIVED.borrow(section).try_borrow_mut() {
                *received = Some(producer);
            }
        });
        registers().intenset().write(|w| w.rxc().set_bit());
        handler::GSM.set(serve);
        // SAFETY: the handler is ready to run.
        unsafe { NVIC::unmask(pac::Interrupt::SERCOM4) };
        Some(GsmUart { port, received: consumer, timer, sent: false })
    }
}

/// The modem's serial port.
///
/// An interrupt takes what the modem sends into a ring. While the ring is full nothing is taken, the receiver's own
/// two bytes fill up, and the hardware tells the modem to wait (RTS), so nothing is lost. Sending heeds CTS. Both
/// sleep while they wait.
pub struct GsmUart {
    port: uart::Uart<Config<Pads>, uart::Duplex>,
    received: Consumer<'static, u8>,
    timer: Timer,
    /// Whether a byte was ever sent: before that, no flag tells that all are out.
    sent: bool,
}

/// 16 samples a bit with a fractional divider: 115200 and 921600 come out 0.16 % fast.
const FRACTIONAL: BaudMode = BaudMode::Fractional(Oversampling::Bits16);

impl GsmUart {
    /// Changes the baud rate, and drops what was received.
    pub fn set_baud_rate(&mut self, baud: u32) {
        // What does not get out by its time is lost with the old rate.
        let _ = self.flush();
        self.port.reconfigure(|config| config.set_baud(Hertz::Hz(baud), FRACTIONAL));
        while self.received.dequeue().is_some() {}
        registers().intenset().write(|w| w.rxc().set_bit());
    }

    /// Counts how often the receiver was full and bytes were lost, because the modem ignored RTS.
    #[must_use]
    pub fn overruns(&self) -> u32 {
        OVERRUNS.load(Ordering::Relaxed)
    }

    /// Takes a byte that has been received, if there is one.
    fn take(&mut self) -> Option<u8> {
        let byte = self.received.dequeue()?;
        // There is room again.
        registers().intenset().write(|w| w.rxc().set_bit());
        Some(byte)
    }

    /// Sleeps until `ready`, or until the modem has had its time.
    fn wait(&self, mut ready: impl FnMut() -> bool) -> Result<(), TimedOut> {
        let deadline = self.timer.now() + TIMEOUT;
        while !ready() {
            if self.timer.now().has_reached(deadline) {
                return Err(TimedOut);
            }
            self.timer.wait(deadline);
        }
        Ok(())
    }

    /// Sends one byte.
    fn send(&mut self, byte: u8) -> Result<(), TimedOut> {
        let registers = registers();
        if registers.intflag().read().dre().bit_is_clear() {
            self.wait(can_send)?;
        }
        self.put(byte);
        Ok(())
    }

    /// Gives the transmitter a byte, for which there is room.
    pub(crate) fn put(&mut self, byte: u8) {
        // SAFETY: any byte may be sent.
        registers().data().write(|w| unsafe { w.data().bits(u16::from(byte)) });
        self.sent = true;
    }

    /// Takes what has been received, as far as it fits.
    pub(crate) fn take_into(&mut self, buffer: &mut [u8]) -> usize {
        let mut count = 0;
        for place in buffer {
            let Some(byte) = self.take() else { break };
            *place = byte;
            count += 1;
        }
        count
    }

    /// Tells whether every byte is out; an interrupt tells when.
    pub(crate) fn is_flushed(&self) -> bool {
        let registers = registers();
        registers.intenset().write(|w| w.txc().set_bit());
        // TXC is set when the last bit is out, and cleared by the next byte.
        !self.sent || registers.intflag().read().txc().bit_is_set()
    }
}

impl ErrorType for GsmUart {
    type Error = TimedOut;
}

impl ReadReady for GsmUart {
    fn read_ready(&mut self) -> Result<bool, TimedOut> {
        Ok(self.received.ready())
    }
}

impl Read for GsmUart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TimedOut> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.wait(|| self.received.ready())?;
        Ok(self.take_into(buffer))
    }
}

impl Write for GsmUart {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, TimedOut> {
        let mut count = 0;
        for &byte in buffer {
            match self.send(byte) {
                Ok(()) => count += 1,
                Err(error) if count == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(count)
    }

    fn flush(&mut self) -> Result<(), TimedOut> {
        self.wait(|| self.is_flushed())
    }
}

/// The lines that reset and wake the modem.
pub struct GsmLines {
    reset: Pin<PB08, PushPullOutput>,
    dtr: Pin<PA28, PushPullOutput>,
}

impl GsmLines {
    /// Holds the modem in reset, as after power-up, and asserts DTR.
    pub(crate) fn new(reset: GsmReset, dtr: GsmDtr) -> Self {
        let mut lines = Self { reset, dtr };
        lines.set_reset(true);
        lines.set_dtr(true);
        lines
    }

    /// Pulls the modem's RESET_N low (`asserted`), or lets it go. An inverter lies between.
    pub fn set_reset(&mut self, asserted: bool) {
        // A pin of the port cannot fail.
        let _ = self.reset.set_state(asserted.into());
    }

    /// Asserts DTR, which is low, or lets it go.
    pub fn set_dtr(&mut self, asserted: bool) {
        let _ = self.dtr.set_state((!asserted).into());
    }
}

/// Tells whether the transmitter takes a byte; an interrupt tells when.
pub(crate) fn can_send() -> bool {
    let registers = registers();
    registers.intenset().write(|w| w.dre().set_bit());
    registers.intflag().read().dre().bit_is_set()
}

fn registers() -> &'static pac::sercom0::Usart {
    // SAFETY: the registers are always there; `GsmUart` took the peripheral, and what the handler writes (flag
    // registers, INTENCLR) is atomic.
    unsafe { &*pac::Sercom4::ptr() }.usart()
}

/// Serves the port's interrupt.
fn serve() {
    let registers = registers();
    let flags = registers.intflag().read();
    if flags.error().bit_is_set() {
        if registers.status().read().bufovf().bit_is_set() {
            OVERRUNS.store(OVERRUNS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
        registers.status().write(|w| w.bufovf().set_bit().ferr().set_bit().perr().set_bit());
        registers.intflag().write(|w| w.error().set_bit());
    }
    // Whoever waits for these looks at the flags, and asks for the next interrupt.
    registers.intenclr().write(|w| w.dre().set_bit().txc().set_bit());
    critical_section::with(|section| {
        let Ok(mut received) = RECEIVED.borrow(section).try_borrow_mut() else { return };
        let Some(ring) = received.as_mut() else { return };
        while registers.intflag().read().rxc().bit_is_set() {
            if !ring.ready() {
                registers.intenclr().write(|w| w.rxc().set_bit());
                break;
            }
            let [byte, _] = registers.data().read().bits().to_le_bytes();
            // There is room: it was just looked at.
            let _ = ring.enqueue(byte);
        }
    });
}

crate::opaque!(GsmParts, GsmUart, GsmLines);
