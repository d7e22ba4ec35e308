//! Calls, DTMF tones, and the switches of the I2S audio interface.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use heapless::String;
use monoclock::Millis;

use crate::at::CommandLine;
use crate::command::{Custom, Reply, Spec};
use crate::device::Sink;
use crate::engine::Payload;
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;

/// Longest time to hang up.
const HANG_UP: Millis = Millis::from_secs(200);
/// Longest time to answer.
const ANSWER: Millis = Millis::from_secs(20);

/// A call, as `AT+CLCC` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whether the other side called.
    pub incoming: bool,
    /// How it stands.
    pub state: CallState,
    /// The other side's number, if it is shown.
    pub number: String<24>,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallState {
    /// 0: both sides talk.
    Active,
    /// 1: held.
    Held,
    /// 2: dialling.
    Dialling,
    /// 3: it rings on the other side.
    Alerting,
    /// 4: it rings here.
    Incoming,
    /// 5: it waits behind another call.
    Waiting,
}

/// Samples per second of the I2S interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the rates in hertz")]
pub enum SampleRate {
    Hz8000,
    Hz11025,
    Hz12000,
    Hz16000,
    Hz22050,
    Hz24000,
    Hz32000,
    Hz44100,
    Hz48000,
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Calls a number; [`crate::Urc::Call`] tells how it goes on.
    ///
    /// # Errors
    /// [`Error::Argument`] for a number that is none; `NoCarrier`, `Busy` and `NoAnswer` as causes.
    pub fn dial(&mut self, number: &str) -> Result<(), Error> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        let good = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'#'));
        if !good {
            return Err(Error::Argument("the number"));
        }
        self.execute(&Custom::plain(const { &Spec::new("+UCALLSTAT=1") }, |_| {}))?;
        self.execute(&Custom::plain(const { &Spec::new("D").within(Spec::NETWORK).abortable() }, |line| {
            line.plain(number).plain(";");
        }))
    }

    /// Answers the call that comes in.
    ///
    /// # Errors
    /// `NoCarrier` when there is none.
    pub fn answer_call(&mut self) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("A").within(ANSWER).abortable() }, |_| {}))
    }

    /// Ends all calls.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn hang_up(&mut self) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("H").within(HANG_UP) }, |_| {}))
    }

    /// The first call there is.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn current_call(&mut self) -> Result<Option<Call>, Error> {
        let mut list = CallList(None);
        let spec = const { &Spec::new("+CLCC").reply(Reply::Lines) };
        self.execute_into(&Custom::plain(spec, |_| {}), Payload::None, &[], &mut list)?;
        Ok(list.0)
    }

    /// Plays a tone to the other side: a digit, `*`, `#` or `A` to `D`.
    ///
    /// # Errors
    /// [`Error::Argument`] for another character; refused without a call.
    pub fn send_tone(&mut self, tone: char) -> Result<(), Error> {
        let mut buffer = [0; 4];
        if !matches!(tone, '0'..='9' | '*' | '#' | 'A'..='D') {
            return Err(Error::Argument("the tone"));
        }
        let text: &str = tone.encode_utf8(&mut buffer);
        self.execute(&Custom::plain(const { &Spec::new("+VTS=").within(Spec::NETWORK) }, |line| {
            line.plain(text);
        }))
    }

    /// Lets the modem tell the tones that it hears by [`crate::Urc::Dtmf`].
    ///
    /// # Errors
    /// The modem refuses.
    pub fn enable_tone_detection(&mut self) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("+UDTMFD=1,2") }, |_| {}))
    }

    /// Switches the audio of calls to the I2S pins.
    ///
    /// # Errors
    /// The modem refuses.
    pub fn enable_audio(&mut self, rate: SampleRate) -> Result<(), Error> {
        let rate = match rate {
            SampleRate::Hz8000 => 0u8,
            SampleRate::Hz11025 => 1,
            SampleRate::Hz12000 => 2,
            SampleRate::Hz16000 => 3,
            SampleRate::Hz22050 => 4,
            SampleRate::Hz24000 => 5,
            SampleRate::Hz32000 => 6,
            SampleRate::Hz44100 => 7,
            SampleRate::Hz48000 => 8,
        };
        self.execute(&Custom::plain(const { &Spec::new("+UI2S=") }, |line: &mut CommandLine| {
            line.number(11u8).number(1u8).number(0u8).number(rate).number(1u8);
        }))?;
        self.execute(&Custom::plain(const { &Spec::new("+USPM=1,1,0,0,2") }, |_| {}))
    }

    /// Switches the audio of calls off the I2S pins.
    ///
    /// # Errors
    /// The modem refuses.
    pub fn disable_audio(&mut self) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("+USPM=255,255,0,0,2") }, |_| {}))
    }
}

/// Keeps the first line of `+CLCC: id,direction,state,mode,multiparty,"number",type`.
struct CallList(Option<Call>);

impl Sink for CallList {
    fn line(&mut self, text: &[u8], _last: bool) {
        if self.0.is_none()
            && let Some(fields) = text.strip_prefix(b"+CLCC:")
        {
            self.0 = call(crate::at::Fields::new(fields));
        }
    }
}

fn call(mut fields: crate::at::Fields<'_>) -> Option<Call> {
    let _id = fields.raw()?;
    let incoming = fields.number::<u8>()? == 1;
    let state = match fields.number::<u8>()? {
        0 => CallState::Active,
        1 => CallState::Held,
        2 => CallState::Dialling,
        3 => CallState::Alerting,
        4 => CallState::Incoming,
        5 => CallState::Waiting,
        _ => return None,
    };
    let (_mode, _multiparty) = (fields.raw()?, fields.raw()?);
    let number = String::try_from(fields.text().unwrap_or("")).ok()?;
    Some(Call { incoming, state, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read() {
        let call = call(crate::at::Fields::new(b" 1,1,4,0,0,\"+31612345678\",145")).unwrap();
        assert!(call.incoming);
        assert_eq!(call.state, CallState::Incoming);
        assert_eq!(call.number, "+31612345678");
    }
}
