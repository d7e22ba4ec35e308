//! Faults as text: `NAME[:key=value[,key=value]...][@TRIGGER]`.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use super::{
    CardFault, ClockFault, Effect, Fault, Moment, NoiseKind, PromptFault, StoreFault, Trigger, Wire,
    WriteFault,
};

/// Why a fault could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultError {
    /// No fault has this name.
    UnknownName(String),
    /// The fault has no such key.
    UnknownKey(String),
    /// The value does not fit its key.
    BadValue(String),
    /// The part after `@` is neither a time nor a command.
    BadTrigger(String),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName(name) => {
                write!(f, "no fault is called {name:?}; there are {}", NAMES.join(", "))
            }
            Self::UnknownKey(key) => write!(f, "the fault has no key {key:?}"),
            Self::BadValue(pair) => write!(f, "{pair:?} is not a value for that key"),
            Self::BadTrigger(text) => {
                write!(f, "{text:?} is neither a time (5s, 300ms) nor a command (+USOWR#2/prompt)")
            }
        }
    }
}

impl core::error::Error for FaultError {}

/// How many lines one `urc` fault sends at most.
const MOST_LINES: u32 = 100_000;

/// The names of faults.
const NAMES: [&str; 24] = [
    "drop-urc",
    "urc",
    "noise",
    "delay",
    "fragment",
    "registration-lost",
    "context-lost",
    "card",
    "reboot",
    "fifo",
    "prompt",
    "peer-close",
    "write",
    "connect",
    "resolver",
    "clock",
    "rate",
    "sleep",
    "stale-sockets",
    "late-close",
    "store",
    "message",
    "message-error",
    "cts-off",
];

/// The keys of a fault that have not been used yet.
struct Keys<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Keys<'a> {
    fn parse(text: &'a str) -> Result<Self, FaultError> {
        let pair = |pair: &'a str| pair.split_once('=').ok_or_else(|| FaultError::BadValue(pair.to_owned()));
        let pairs = text.split(',').filter(|part| !part.is_empty()).map(pair);
        pairs.collect::<Result<_, _>>().map(Self)
    }

    fn take(&mut self, key: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(name, _)| *name == key)?;
        Some(self.0.swap_remove(at).1)
    }

    fn text(&mut self, key: &str, default: &str) -> String {
        self.take(key).unwrap_or(default).replace("\\r", "\r").replace("\\n", "\n").replace("\\c", ",")
    }

    fn number<N: FromStr>(&mut self, key: &str, default: N) -> Result<N, FaultError> {
        match self.take(key) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| FaultError::BadValue(format!("{key}={text}"))),
        }
    }

    /// One of several words, each with its meaning; the first is the default.
    fn choice<C: Copy>(&mut self, key: &str, choices: &[(&str, C)]) -> Result<C, FaultError> {
        let word = self.take(key).or(choices.first().map(|choice| choice.0)).unwrap_or_default();
        let found = choices.iter().find(|choice| choice.0 == word);
        found.map(|choice| choice.1).ok_or_else(|| FaultError::BadValue(format!("{key}={word}")))
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (body, trigger) = match text.rsplit_once('@') {
            Some((body, trigger)) => (body, trigger.parse()?),
            None => (text, Trigger::Start),
        };
        let (name, keys) = body.split_once(':').unwrap_or((body, ""));
        let mut keys = Keys::parse(keys)?;
        let times = keys.number("times", 1)?;
        let effect = effect(name, &mut keys)?;
        match keys.0.first() {
            Some((key, _)) => Err(FaultError::UnknownKey((*key).to_owned())),
            None => Ok(Self { effect, trigger, times }),
        }
    }
}

fn effect(name: &str, keys: &mut Keys<'_>) -> Result<Effect, FaultError> {
    Ok(match name {
        "drop-urc" => Effect::DropUrc { name: keys.text("name", "+UUSORD") },
        "urc" => Effect::Urc {
            text: keys.text("text", "+CIEV: 2\\c3"),
            count: match keys.number("count", 1)? {
                count @ 0..=MOST_LINES => count,
                count => return Err(FaultError::BadValue(format!("count={count}"))),
            },
            gap: keys.number("gap", 0)?,
        },
        "noise" => Effect::Noise {
            rate: keys.number("rate", 10)?,
            kind: keys.choice(
                "kind",
                &[("flip", NoiseKind::Flip), ("drop", NoiseKind::Drop), ("duplicate", NoiseKind::Duplicate)],
            )?,
            wire: keys.choice(
                "wire",
                &[("both", Wire::Both), ("to-host", Wire::ToHost), ("to-module", Wire::ToModule)],
            )?,
        },
        "delay" => Effect::Delay { ms: keys.number("ms", 12_000)? },
        "fragment" => Effect::Fragment { size: keys.number("size", 1)?, gap: keys.number("gap", 3)? },
        "registration-lost" => Effect::RegistrationLost { ms: keys.number("ms", 10_000)? },
        "context-lost" => Effect::ContextLost { profile: keys.number("profile", 0)? },
        "card" => Effect::Card(match keys.take("state").unwrap_or("absent") {
            "absent" => CardFault::Absent,
            "busy" => CardFault::Busy(keys.number("ms", 20_000)?),
            "puk" => CardFault::Puk,
            "unknown-pin" => CardFault::UnknownPin,
            other => return Err(FaultError::BadValue(format!("state={other}"))),
        }),
        "reboot" => Effect::Reboot { greeting: keys.text("greeting", "") },
        "fifo" => Effect::Fifo { size: keys.number("size", 64)? },
        "prompt" => Effect::Prompt(
            keys.choice("kind", &[("never", PromptFault::Never), ("error", PromptFault::Error)])?,
        ),
        "peer-close" => Effect::PeerClose,
        "write" => Effect::Write(match keys.take("kind").unwrap_or("partial") {
            "partial" => WriteFault::Partial(keys.number("bytes", 1)?),
            "zero" => WriteFault::Zero,
            "bare" => WriteFault::Bare,
            "would-block" => WriteFault::WouldBlock,
            other => return Err(FaultError::BadValue(format!("kind={other}"))),
        }),
        "connect" => Effect::Connect { number: keys.number("number", 111)? },
        "resolver" => Effect::Resolver {
            stale: keys
                .take("stale")
                .map(|ip| ip.parse().map_err(|_| FaultError::BadValue(format!("stale={ip}"))))
                .transpose()?,
        },
        "clock" => Effect::Clock(match keys.take("kind").unwrap_or("unset") {
            "unset" => ClockFault::Unset,
            "no-zone" => ClockFault::NoZone,
            "negative" => ClockFault::Negative,
            "late" => ClockFault::Late(keys.number("ms", 20_000)?),
            other => return Err(FaultError::BadValue(format!("kind={other}"))),
        }),
        "rate" => Effect::Rate { rate: keys.number("rate", 921_600)? },
        "sleep" => Effect::Sleep { mode: keys.number("mode", 1)? },
        "stale-sockets" => Effect::StaleSockets { count: keys.number("count", 7)? },
        "late-close" => Effect::LateClose,
        "store" => Effect::Store(keys.choice(
            "kind",
            &[
                ("full", StoreFault::Full),
                ("wrong-sum", StoreFault::WrongSum),
                ("lost-byte", StoreFault::LostByte),
            ],
        )?),
        "message" => Effect::Message {
            from: keys.text("from", "+491700000000"),
            text: keys.text("text", "first\\r\\nOK\\r\\n+UUSOCL: 0\\r\\nhello OK"),
        },
        "message-error" => Effect::MessageError { code: keys.number("code", 331)? },
        "cts-off" => Effect::ClearToSend { ms: keys.number("ms", 5_000)? },
        other => return Err(FaultError::UnknownName(other.to_owned())),
    })
}

impl FromStr for Trigger {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let bad = || FaultError::BadTrigger(text.to_owned());
        let time = |digits: &str, unit| {
            let millis = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
            millis.map(|millis| Self::At(Duration::from_millis(millis))).ok_or_else(bad)
        };
        if let Some(digits) = text.strip_suffix("ms") {
            return time(digits, 1);
        }
        if !text.starts_with('+') {
            let digits = text.strip_suffix('s').ok_or_else(bad)?;
            return time(digits, 1000);
        }
        let (command, moment) = text.split_once('/').unwrap_or((text, "begin"));
        let (name, nth) = match command.split_once('#') {
            Some((name, nth)) => (name, nth.parse().map_err(|_| bad())?),
            None => (command, 1),
        };
        let moment = match moment {
            "begin" => Moment::Begin,
            "prompt" => Moment::Prompt,
            "data" => Moment::Data,
            "reply" => Moment::Reply,
            "middle" => Moment::Middle,
            "result" => Moment::Result,
            _ => return Err(bad()),
        };
        Ok(Self::Command { name: name.to_ascii_uppercase(), nth, moment })
    }
}

#[cfg(test)]
mod tests {
    use super::{Effect, Fault, FaultError, Moment, NAMES, Trigger, WriteFault};

    #[test]
    fn every_fault_has_a_name_and_defaults() {
        for name in NAMES {
            let fault: Fault = name.parse().expect(name);
            assert_eq!((fault.trigger, fault.times), (Trigger::Start, 1), "{name}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        let error = |text: &str| text.parse::<Fault>().expect_err(text);
        assert_eq!(error("nothing"), FaultError::UnknownName("nothing".into()));
        assert_eq!(error("reboot:when=now"), FaultError::UnknownKey("when".into()));
        assert_eq!(error("delay:ms=soon"), FaultError::BadValue("ms=soon".into()));
        assert_eq!(error("urc:count=100001"), FaultError::BadValue("count=100001".into()));
        assert!(matches!(error("reboot@18446744073709551615s"), FaultError::BadTrigger(_)));
        assert_eq!(error("delay@+X/later"), FaultError::BadTrigger("+X/later".into()));
    }

    #[test]
    fn values_and_triggers_are_read() {
        let fault: Fault = "write:kind=partial,bytes=7,times=0@+usowr#0/data".parse().expect("well formed");
        assert_eq!(fault.effect, Effect::Write(WriteFault::Partial(7)));
        assert_eq!(fault.times, 0);
        let every = Trigger::Command { name: "+USOWR".into(), nth: 0, moment: Moment::Data };
        assert_eq!(fault.trigger, every);
        let fault: Fault = "urc:text=+CREG: 1\\c2".parse().expect("well formed");
        assert_eq!(fault.effect, Effect::Urc { text: "+CREG: 1,2".into(), count: 1, gap: 0 });
    }
}
