//! Final result codes.

use core::fmt;

use super::fields::Fields;

/// How the modem ended a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FinalResult {
    /// `OK`.
    Ok,
    /// `CONNECT`: the line carries data now.
    Connect,
    /// The modem refused or failed.
    Refused(Cause),
}

/// Why the modem refused a command, as it said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// `ABORTED`: a character was received while an abortable command ran.
    Aborted,
    /// `BUSY`.
    Busy,
    /// `+CME ERROR: n` (3GPP TS 27.007 section 9.2; the manufacturer's own codes start at 256).
    Cme(u16),
    /// `+CMS ERROR: n` (3GPP TS 27.005 section 3.2.5).
    Cms(u16),
    /// `+CME ERROR: text` or `+CMS ERROR: text`: the modem is in verbose mode, the text is not kept.
    Verbose,
    /// `ERROR` without a number.
    Error,
    /// `NO ANSWER`.
    NoAnswer,
    /// `NO CARRIER`.
    NoCarrier,
    /// `NO DIALTONE`.
    NoDialtone,
}

impl FinalResult {
    /// Reads a line, if it is a final result code.
    ///
    /// ```
    /// use sara_u201::at::{Cause, FinalResult};
    ///
    /// assert_eq!(FinalResult::parse(b"OK"), Some(FinalResult::Ok));
    /// assert_eq!(FinalResult::parse(b"+CME ERROR: 16"), Some(FinalResult::Refused(Cause::Cme(16))));
    /// assert_eq!(FinalResult::parse(b"OK then"), None);
    /// ```
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        for (word, result) in &WORDS {
            if line == *word {
                return Some(*result);
            }
        }
        if line.starts_with(b"CONNECT ") {
            return Some(Self::Connect);
        }
        let (family, rest) = line.strip_prefix(b"+CM")?.split_first()?;
        let number = Fields::new(rest.strip_prefix(b" ERROR:")?).number();
        Some(Self::Refused(match (family, number) {
            (b'E', Some(number)) => Cause::Cme(number),
            (b'S', Some(number)) => Cause::Cms(number),
            (b'E' | b'S', None) => Cause::Verbose,
            _ => return None,
        }))
    }
}

/// The final result codes without a number.
static WORDS: [(&[u8], FinalResult); 8] = [
    (b"OK", FinalResult::Ok),
    (b"CONNECT", FinalResult::Connect),
    (b"ERROR", FinalResult::Refused(Cause::Error)),
    (b"ABORTED", FinalResult::Refused(Cause::Aborted)),
    (b"BUSY", FinalResult::Refused(Cause::Busy)),
    (b"NO ANSWER", FinalResult::Refused(Cause::NoAnswer)),
    (b"NO CARRIER", FinalResult::Refused(Cause::NoCarrier)),
    (b"NO DIALTONE", FinalResult::Refused(Cause::NoDialtone)),
];

impl Cause {
    /// The words of 3GPP TS 27.007 section 9.2 for the codes that a user meets.
    #[must_use]
    pub const fn words(self) -> Option<&'static str> {
        let Self::Cme(code) = self else { return None };
        Some(match code {
            3 => "operation not allowed",
            4 => "operation not supported",
            10 => "SIM not inserted",
            11 => "SIM PIN required",
            12 => "SIM PUK required",
            13 => "SIM failure",
            14 => "SIM busy",
            15 => "SIM wrong",
            16 => "incorrect password",
            20 => "memory full",
            22 => "not found",
            30 => "no network service",
            31 => "network timeout",
            50 => "incorrect parameters",
            100 => "unknown",
            107 => "GPRS services not allowed",
            111 => "PLMN not allowed",
            112 => "location area not allowed",
            113 => "roaming not allowed",
            127 => "missing or unknown APN",
            129 => "user authentication failed",
            132 => "service option not supported",
            133 => "requested service option not subscribed",
            134 => "service option temporarily out of order",
            148 => "unspecified GPRS error",
            149 => "PDP authentication failure",
            _ => return None,
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, code) = match *self {
            Self::Aborted => return f.write_str("aborted"),
            Self::Busy => return f.write_str("busy"),
            Self::Cme(code) => ("CME", code),
            Self::Cms(code) => ("CMS", code),
            Self::Verbose => return f.write_str("an error in words"),
            Self::Error => return f.write_str("error"),
            Self::NoAnswer => return f.write_str("no answer"),
            Self::NoCarrier => return f.write_str("no carrier"),
            Self::NoDialtone => return f.write_str("no dialtone"),
        };
        write!(f, "{family} {code}")?;
        self.words().map_or(Ok(()), |words| write!(f, " ({words})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_final_result_is_known() {
        for (line, cause) in [
            (&b"ERROR"[..], Cause::Error),
            (b"ABORTED", Cause::Aborted),
            (b"BUSY", Cause::Busy),
            (b"NO CARRIER", Cause::NoCarrier),
            (b"NO ANSWER", Cause::NoAnswer),
            (b"NO DIALTONE", Cause::NoDialtone),
            (b"+CMS ERROR: 302", Cause::Cms(302)),
            (b"+CME ERROR:3", Cause::Cme(3)),
            (b"+CME ERROR: operation not allowed", Cause::Verbose),
            (b"+CME ERROR: 70000", Cause::Verbose),
        ] {
            assert_eq!(FinalResult::parse(line), Some(FinalResult::Refused(cause)));
        }
        assert_eq!(FinalResult::parse(b"CONNECT 9600"), Some(FinalResult::Connect));
        for line in [&b"okay"[..], b"", b"CONNECTED", b"+CME ERROR", b"hello OK"] {
            assert_eq!(FinalResult::parse(line), None);
        }
    }

    #[test]
    fn causes_are_told_in_words() {
        assert_eq!(std::format!("{}", Cause::Cme(16)), "CME 16 (incorrect password)");
        assert_eq!(std::format!("{}", Cause::Cms(500)), "CMS 500");
    }
}
