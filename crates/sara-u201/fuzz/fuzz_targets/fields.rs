//! Any line: parameters, URCs, registrations and messages are read without panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sara_u201::at::{Fields, FinalResult};
use sara_u201::command::ClockReading;
use sara_u201::{Deliver, Registration, Urc};

fuzz_target!(|line: &[u8]| {
    let mut fields = Fields::new(line);
    while fields.has_more() {
        let _ = fields.clone().hex();
        let _ = fields.clone().number::<u16>();
        let _ = fields.text();
        if fields.clone().raw().is_none() {
            break;
        }
    }
    let _ = (FinalResult::parse(line), Urc::parse(line), Registration::parse(Fields::new(line)));
    let _ = (Registration::is_answer(line), ClockReading::parse(line), Deliver::parse(line));
});
