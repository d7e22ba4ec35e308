//! What the sketch keeps in `arduino_secrets.h`, and its constants.

use eccx08::Slot;
use gcp_iot_core::{DevicePath, Endpoint};
use monoclock::Millis;
use sara_u201::{Apn, Certificate};

/// Everything that differs from one device, operator, or cloud to another.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// PIN of the SIM, if it wants one.
    pub pin: Option<&'a str>,
    /// Access point of the mobile operator, with its login.
    pub apn: Apn<'a>,
    /// Project, region, registry and device.
    pub device: DevicePath<'a>,
    /// Where the cloud is.
    pub endpoint: Endpoint<'a>,
    /// The root certificate that the cloud's certificate hangs on.
    pub root: Certificate<'a>,
    /// The slot of the element that holds the private key.
    pub slot: Slot,
    /// How often the state is published.
    pub state_interval: Millis,
    /// How many failures in a row end the program; none: it tries for ever.
    pub attempts: Option<u32>,
}

impl Settings<'_> {
    /// The sketch publishes a state every 5 seconds.
    pub const STATE_INTERVAL: Millis = Millis::from_secs(5);
}
