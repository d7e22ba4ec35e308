//! Raw AT: the user's own lines, the modem's own words.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use crate::at::FinalResult;
use crate::command::{Custom, Reply, Spec};
use crate::device::Sink;
use crate::engine::Payload;
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Sends `AT` and `line`, gives every line of the answer to `show` (a long one in pieces), and waits
    /// for the final result, which decides whether this is an error.
    ///
    /// URCs go their usual way. A command that would change what the driver has set up (`E1`, `+CMEE`,
    /// `+UDCONF`, sockets) is the caller's risk.
    ///
    /// # Errors
    /// As the modem answers.
    pub fn raw(&mut self, line: &str, mut show: impl FnMut(&[u8])) -> Result<(), Error> {
        let spec = const { &Spec::new("").reply(Reply::Lines).within(Spec::NETWORK).abortable() };
        let command = Custom::plain(spec, |out| {
            // Quotes are part of the user's line; line ends are not.
            for piece in line.split_inclusive('"') {
                match piece.strip_suffix('"') {
                    Some(text) => out.plain(text).raw(b"\""),
                    None => out.plain(piece),
                };
            }
        });
        self.execute_into(&command, Payload::None, &[], &mut Show(&mut show))
    }
}

struct Show<'f>(&'f mut dyn FnMut(&[u8]));

impl Sink for Show<'_> {
    fn line(&mut self, text: &[u8], _last: bool) {
        if FinalResult::parse(text).is_none() {
            (self.0)(text);
        }
    }
}
