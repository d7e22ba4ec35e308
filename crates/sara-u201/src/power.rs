//! What the board has wired to the modem besides the serial data lines.

/// The board's side of the modem's pins, and of the baud rate. Every part is optional.
///
/// A method answers `false` when the board has no such wire; the driver then goes another way.
///
/// On the MKR GSM 1400 RESET_N hangs on an inverting transistor (the pin is high while the modem is held
/// in reset), DTR is wired, PWR_ON is not.
///
/// ```
/// use sara_u201::Wiring;
///
/// struct Board {
///     reset_pin_high: bool,
/// }
///
/// impl<S> Wiring<S> for Board {
///     fn reset(&mut self, asserted: bool) -> bool {
///         self.reset_pin_high = asserted;
///         true
///     }
/// }
///
/// let mut board = Board { reset_pin_high: false };
/// assert!(Wiring::<()>::reset(&mut board, true));
/// assert!(board.reset_pin_high);
/// assert!(!Wiring::<()>::dtr(&mut board, true));
/// ```
pub trait Wiring<S> {
    /// Pulls RESET_N low (`asserted`) or lets it go.
    fn reset(&mut self, asserted: bool) -> bool {
        let _ = asserted;
        false
    }

    /// Gives the PWR_ON pulse that switches the modem on (SARA-U2: low for 50 to 80 µs).
    fn pulse_power_on(&mut self) -> bool {
        false
    }

    /// Asserts DTR (low at the modem), or lets it go.
    fn dtr(&mut self, asserted: bool) -> bool {
        let _ = asserted;
        false
    }

    /// Changes the baud rate of the board's own serial port, and drops what it has received.
    fn set_baud_rate(&mut self, serial: &mut S, rate: u32) -> bool {
        let _ = (serial, rate);
        false
    }
}

/// Nothing is wired but the data lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWiring;

impl<S> Wiring<S> for NoWiring {}

impl<S, W: Wiring<S> + ?Sized> Wiring<S> for &mut W {
    fn reset(&mut self, asserted: bool) -> bool {
        (**self).reset(asserted)
    }

    fn pulse_power_on(&mut self) -> bool {
        (**self).pulse_power_on()
    }

    fn dtr(&mut self, asserted: bool) -> bool {
        (**self).dtr(asserted)
    }

    fn set_baud_rate(&mut self, serial: &mut S, rate: u32) -> bool {
        (**self).set_baud_rate(serial, rate)
    }
}
