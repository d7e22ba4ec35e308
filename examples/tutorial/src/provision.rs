//! The sketch `ECCX08JWSPublicKey`: lock the element once, make a key in it, print the public key.

use eccx08::provision::Survey;
use eccx08::{Consent, Eccx08, Image, ProvisionError, Slot};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use jwt_signer::PublicKey;

use crate::Console;

/// Slots that hold a private key in the configuration of this stack.
const KEY_SLOTS: core::ops::RangeInclusive<u8> = 0..=4;

/// What became of the element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The slot holds the private key of this public key.
    Key(Slot, PublicKey),
    /// The person does not want to lock the element: nothing was changed.
    Declined,
}

/// Asks what to do, does it, and prints the public key to be registered with the cloud.
///
/// # Errors
/// [`ProvisionError`]; nothing is locked without the person's word.
// Not inlined: its stack is not to lie under what the caller did before.
#[inline(never)]
pub fn run<I: I2c, D: DelayNs, K: Console>(
    element: &mut Eccx08<I, D>,
    console: &mut K,
) -> Result<Outcome, ProvisionError<I::Error>> {
    let chip = element.chip()?;
    let survey = element.survey(Image::for_chip(chip))?;
    if let Survey::Provisioned(_) = survey {
        let _ = writeln!(console, "The {chip} is locked with this configuration already.");
    } else {
        let serial_number = survey.serial_number();
        let _ = writeln!(console, "{chip}, serial number {serial_number}, is not locked.");
        if let Survey::Blank(blank) = &survey {
            let words = blank.changes().count();
            let _ = write!(console, "These {words} words of its configuration will be written:\n{blank}");
        }
        let _ = writeln!(console, "PERMANENTLY configure and lock it? It cannot be undone. (y/N)");
        if !confirms(console, false) {
            let _ = writeln!(console, "Nothing was changed.");
            return Ok(Outcome::Declined);
        }
        survey.complete(&Consent::to_lock_for_ever(serial_number))?;
        let _ = writeln!(console, "Locked: configuration, data and OTP zones.");
    }

    let slot = ask_slot(console);
    let mut key = element.key(slot);
    let _ = writeln!(console, "Make a new private key? The old one is lost for ever. (Y/n)");
    let x_and_y = if confirms(console, true) { key.generate()? } else { key.public_key()? };
    let public_key = PublicKey::from_bytes(x_and_y);
    let _ = write!(console, "The public key in slot {}:\n\n{public_key}", slot.number());
    Ok(Outcome::Key(slot, public_key))
}

fn ask_slot(console: &mut impl Console) -> Slot {
    loop {
        let _ = writeln!(console, "Which slot holds the key? (0 to 4, 0 by default)");
        let mut line = [0; 8];
        match console.read_line(&mut line).trim() {
            "" => return Slot::S0,
            number => {
                let number = number.parse().ok().filter(|number| KEY_SLOTS.contains(number));
                if let Some(slot) = number.and_then(Slot::new) {
                    return slot;
                }
            }
        }
    }
}

fn confirms(console: &mut impl Console, default: bool) -> bool {
    let mut line = [0; 8];
    match console.read_line(&mut line).trim().as_bytes().first() {
        Some(b'y' | b'Y') => true,
        Some(_) => false,
        None => default,
    }
}
