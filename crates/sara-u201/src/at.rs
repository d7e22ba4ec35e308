//! The AT language: lines in, lines out, no I/O and no clock.

mod encode;
mod fields;
mod result;
mod tokenizer;

pub use encode::{CommandLine, HexDecoder, hex_digit};
pub use fields::{Fields, parse_number};
pub use result::{Cause, FinalResult};
pub use tokenizer::{DataFrame, Framing, Token, Tokenizer};
