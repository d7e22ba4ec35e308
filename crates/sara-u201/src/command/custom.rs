//! A command put together on the spot.

use super::{Command, Spec};
use crate::at::{CommandLine, Fields};

/// A command made of its specification and two functions, for what this crate has no type for.
///
/// ```
/// use sara_u201::at::Fields;
/// use sara_u201::command::{Command, Custom, Reply, Spec};
///
/// // AT+CFUN? asks for the functionality.
/// const QUERY: Spec = Spec::new("+CFUN?").reply(Reply::Line);
/// let functionality = Custom::new(&QUERY, |_| {}, |mut answer| answer.number::<u8>());
/// assert_eq!(functionality.decode(Fields::new(b" 1")), Some(1));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Custom<E, R> {
    spec: &'static Spec,
    encode: E,
    decode: fn(Fields<'_>) -> Option<R>,
}

impl<E: Fn(&mut CommandLine), R> Custom<E, R> {
    /// Puts a command together.
    pub const fn new(spec: &'static Spec, encode: E, decode: fn(Fields<'_>) -> Option<R>) -> Self {
        Self { spec, encode, decode }
    }
}

impl<E: Fn(&mut CommandLine)> Custom<E, ()> {
    /// Puts a command together that answers OK alone.
    pub const fn plain(spec: &'static Spec, encode: E) -> Self {
        Self { spec, encode, decode: |_| Some(()) }
    }
}

impl<E: Fn(&mut CommandLine), R> Command for Custom<E, R> {
    type Response = R;

    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn encode(&self, line: &mut CommandLine) {
        (self.encode)(line);
    }

    fn decode(&self, answer: Fields<'_>) -> Option<R> {
        (self.decode)(answer)
    }
}
