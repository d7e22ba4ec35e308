//! The BQ24195L: power from USB, and the lithium cell.

use embedded_hal::i2c::I2c;

/// Its address on the bus.
const ADDRESS: u8 = 0x6B;
/// REG00, input source control (data sheet 8.5.1.1): lowest input voltage 3.88 V, at most 3 A.
const INPUT_SOURCE: [u8; 2] = [0x00, 0x07];
/// REG01, power-on configuration: charging on, system voltage at least 3.5 V.
const CHARGE: [u8; 2] = [0x01, 0x1B];
/// REG01 without charging.
const NO_CHARGE: [u8; 2] = [0x01, 0x0B];
/// REG07, miscellaneous operation: both interrupts on, the cell connected.
const WITH_CELL: [u8; 2] = [0x07, 0x0B];
/// REG07 with the cell's switch off.
const WITHOUT_CELL: [u8; 2] = [0x07, 0x2B];
/// REG08, system status.
const STATUS: u8 = 0x08;

/// Sets the charger up, as the board needs it: the boot loader leaves charging off and the input limited to 2 A.
///
/// Without a cell, its switch is opened, since the modem's bursts of some 2 A need one.
///
/// # Errors
/// Those of the bus.
pub fn set_up<B: I2c>(bus: &mut B, cell: bool) -> Result<(), B::Error> {
    bus.write(ADDRESS, if cell { &CHARGE } else { &NO_CHARGE })?;
    bus.write(ADDRESS, if cell { &WITH_CELL } else { &WITHOUT_CELL })?;
    bus.write(ADDRESS, &INPUT_SOURCE)
}

/// What the charger does (REG08).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChargerStatus(u8);

impl ChargerStatus {
    /// Asks the charger.
    ///
    /// # Errors
    /// Those of the bus.
    pub fn read<B: I2c>(bus: &mut B) -> Result<Self, B::Error> {
        let mut status = [0];
        bus.write_read(ADDRESS, &[STATUS], &mut status)?;
        Ok(Self(status[0]))
    }

    /// The state of the charge.
    #[must_use]
    pub const fn charge(self) -> Charge {
        match self.0 >> 4 & 0b11 {
            0 => Charge::Off,
            1 => Charge::PreCharge,
            2 => Charge::Fast,
            _ => Charge::Done,
        }
    }

    /// Whether USB or another supply gives good power.
    #[must_use]
    pub const fn has_input(self) -> bool {
        self.0 & 1 << 2 != 0
    }
}

/// The state of the charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Not charging.
    Off,
    /// A cell that is all but empty is charged gently.
    PreCharge,
    /// Charging.
    Fast,
    /// Full.
    Done,
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal::i2c::{ErrorType, Operation};

    /// A register file at 0x6B, as the boot loader leaves it.
    struct Charger([u8; 11]);

    impl ErrorType for Charger {
        type Error = core::convert::Infallible;
    }

    impl I2c for Charger {
        fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
            assert_eq!(address, 0x6B);
            match operations {
                [Operation::Write([register, value])] => self.0[usize::from(*register)] = *value,
                [Operation::Write([register]), Operation::Read(buffer)] => {
                    buffer[0] = self.0[usize::from(*register)];
                }
                _ => panic!("no access of this chip"),
            }
            Ok(())
        }
    }

    const FROM_LOADER: [u8; 11] = [0x36, 0x0B, 0x00, 0x11, 0x9A, 0x8A, 0x03, 0x4B, 0, 0, 0x23];

    #[test]
    fn a_cell_is_charged_and_the_input_may_give_3_amperes() {
        let mut charger = Charger(FROM_LOADER);
        set_up(&mut charger, true).unwrap();
        assert_eq!((charger.0[0], charger.0[1], charger.0[7]), (0x07, 0x1B, 0x0B));
    }

    #[test]
    fn without_a_cell_nothing_is_charged() {
        let mut charger = Charger(FROM_LOADER);
        set_up(&mut charger, false).unwrap();
        assert_eq!((charger.0[0], charger.0[1], charger.0[7]), (0x07, 0x0B, 0x2B));
    }

    #[test]
    fn the_status_is_read_field_by_field() {
        let mut charger = Charger(FROM_LOADER);
        charger.0[8] = 0b0010_0100;
        let status = ChargerStatus::read(&mut charger).unwrap();
        assert_eq!(status.charge(), Charge::Fast);
        assert!(status.has_input());
        charger.0[8] = 0b0011_0000;
        let status = ChargerStatus::read(&mut charger).unwrap();
        assert_eq!((status.charge(), status.has_input()), (Charge::Done, false));
    }
}
