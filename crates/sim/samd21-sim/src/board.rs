//! What is around the chip on the MKR GSM 1400.

pub mod modem;
pub mod usb_host;
