//! Final results and error numbers (3GPP TS 27.007 section 9.2, TS 27.005 section 3.2.5).

/// What ends a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FinalResult {
    Ok,
    /// `ERROR` whatever AT+CMEE says.
    Error,
    /// `+CME ERROR`, or `ERROR` where AT+CMEE is 0.
    Cme(u16),
    /// `+CMS ERROR`, or `ERROR` where AT+CMEE is 0.
    Cms(u16),
    NoCarrier,
    Busy,
    Aborted,
}

pub(crate) const NOT_ALLOWED: FinalResult = FinalResult::Cme(3);
pub(crate) const SIM_NOT_INSERTED: FinalResult = FinalResult::Cme(10);
pub(crate) const SIM_PIN_REQUIRED: FinalResult = FinalResult::Cme(11);
pub(crate) const SIM_PUK_REQUIRED: FinalResult = FinalResult::Cme(12);
pub(crate) const SIM_BUSY: FinalResult = FinalResult::Cme(14);
pub(crate) const INCORRECT_PASSWORD: FinalResult = FinalResult::Cme(16);
pub(crate) const MEMORY_FULL: FinalResult = FinalResult::Cme(20);
pub(crate) const NOT_FOUND: FinalResult = FinalResult::Cme(22);
/// The number of the manufacturer's own error is an assumption.
pub(crate) const FFS_TIMEOUT: FinalResult = FinalResult::Cme(1616);
pub(crate) const NO_NETWORK: FinalResult = FinalResult::Cme(30);
pub(crate) const INCORRECT_PARAMETERS: FinalResult = FinalResult::Cme(50);

impl FinalResult {
    /// Writes the result as AT+CMEE `mode` and `format` ask.
    pub(crate) fn to_bytes(self, mode: u8, format: Format) -> Vec<u8> {
        let words = match self {
            Self::Cme(code) if mode == 1 => format!("+CME ERROR: {code}"),
            Self::Cme(code) if mode == 2 => format!("+CME ERROR: {}", cme_words(code)),
            Self::Cms(code) if mode == 1 => format!("+CMS ERROR: {code}"),
            Self::Cms(code) if mode == 2 => format!("+CMS ERROR: {}", cms_words(code)),
            Self::Ok => "OK".into(),
            Self::Error | Self::Cme(_) | Self::Cms(_) => "ERROR".into(),
            Self::NoCarrier => "NO CARRIER".into(),
            Self::Busy => "BUSY".into(),
            Self::Aborted => "ABORTED".into(),
        };
        format.result(&words)
    }
}

/// How answers stand on the wire: ATV, S3 and S4 (V.250 section 5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) verbose: bool,
    /// S3, the end of a line.
    pub(crate) end: u8,
    /// S4, what goes with it.
    pub(crate) feed: u8,
}

/// Results that have a number for ATV0 (V.250 table 1; the last two are the module's own).
const NUMBERS: [(&str, &str); 9] = [
    ("OK", "0"),
    ("CONNECT", "1"),
    ("RING", "2"),
    ("NO CARRIER", "3"),
    ("ERROR", "4"),
    ("BUSY", "7"),
    ("NO ANSWER", "8"),
    ("ABORTED", "3000"),
    ("DISCONNECT", "14"),
];

impl Format {
    /// A line of information.
    pub(crate) fn line(self, text: &[u8]) -> Vec<u8> {
        let mut bytes = if self.verbose { vec![self.end, self.feed] } else { Vec::new() };
        bytes.extend_from_slice(text);
        bytes.extend([self.end, self.feed]);
        bytes
    }

    /// A result, asked for or not: with ATV0 its number, if it has one.
    pub(crate) fn result(self, words: &str) -> Vec<u8> {
        match NUMBERS.iter().find(|(known, _)| *known == words) {
            Some((_, number)) if !self.verbose => [number.as_bytes(), &[self.end]].concat(),
            _ => self.line(words.as_bytes()),
        }
    }
}

/// The verbose form of a +CME error (AT+CMEE=2).
fn cme_words(code: u16) -> String {
    let words = match code {
        3 => "operation not allowed",
        4 => "operation not supported",
        5 => "PH-SIM PIN required",
        10 => "SIM not inserted",
        11 => "SIM PIN required",
        12 => "SIM PUK required",
        13 => "SIM failure",
        14 => "SIM busy",
        15 => "SIM wrong",
        16 => "incorrect password",
        17 => "SIM PIN2 required",
        18 => "SIM PUK2 required",
        20 => "memory full",
        21 => "invalid index",
        22 => "not found",
        23 => "memory failure",
        24 => "text string too long",
        25 => "invalid characters in text string",
        26 => "dial string too long",
        27 => "invalid characters in dial string",
        30 => "no network service",
        31 => "network timeout",
        32 => "network not allowed - emergency calls only",
        50 => "incorrect parameters",
        100 => "unknown",
        103 => "illegal MS",
        106 => "illegal ME",
        107 => "GPRS services not allowed",
        111 => "PLMN not allowed",
        112 => "location area not allowed",
        113 => "roaming not allowed in this location area",
        127 => "missing or unknown APN",
        132 => "service option not supported",
        133 => "requested service option not subscribed",
        134 => "service option temporarily out of order",
        148 => "unspecified GPRS error",
        149 => "PDP authentication failure",
        150 => "invalid mobile class",
        1616 => "FFS TIMEOUT",
        _ => return code.to_string(),
    };
    words.to_owned()
}

/// The verbose form of a +CMS error.
fn cms_words(code: u16) -> String {
    let words = match code {
        300 => "ME failure",
        302 => "operation not allowed",
        303 => "operation not supported",
        304 => "invalid PDU mode parameter",
        305 => "invalid text mode parameter",
        310 => "SIM not inserted",
        311 => "SIM PIN required",
        314 => "SIM busy",
        320 => "memory failure",
        321 => "invalid memory index",
        322 => "memory full",
        330 => "SMSC address unknown",
        331 => "no network service",
        332 => "network timeout",
        500 => "unknown error",
        _ => return code.to_string(),
    };
    words.to_owned()
}

/// What AT+USOER tells; numbers as in BSD and in the module's name service.
pub(crate) mod errno {
    use crate::network::NetworkError;

    pub(crate) const WOULD_BLOCK: u16 = 11;
    pub(crate) const BAD_SOCKET: u16 = 9;
    pub(crate) const TOO_MANY: u16 = 24;
    pub(crate) const NOT_CONNECTED: u16 = 107;

    /// The number for a failure of the network.
    pub(crate) const fn of(error: NetworkError) -> u16 {
        match error {
            NetworkError::UnknownHost => 163,
            NetworkError::ResolverTimeout => 171,
            NetworkError::Refused => 111,
            NetworkError::TimedOut => 110,
            NetworkError::Reset => 104,
            NetworkError::Unreachable => 113,
            NetworkError::AddressInUse => 98,
            NetworkError::BadHandle => BAD_SOCKET,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FinalResult, Format};

    #[test]
    fn errors_are_as_detailed_as_asked() {
        let refused = FinalResult::Cme(3);
        let format = Format { verbose: true, end: b'\r', feed: b'\n' };
        let text = |result: FinalResult, mode, format| String::from_utf8(result.to_bytes(mode, format));
        assert_eq!(text(refused, 0, format).as_deref(), Ok("\r\nERROR\r\n"));
        assert_eq!(text(refused, 1, format).as_deref(), Ok("\r\n+CME ERROR: 3\r\n"));
        assert_eq!(text(refused, 2, format).as_deref(), Ok("\r\n+CME ERROR: operation not allowed\r\n"));
        let format = Format { verbose: false, ..format };
        assert_eq!(text(FinalResult::Ok, 1, format).as_deref(), Ok("0\r"));
        assert_eq!(text(refused, 0, format).as_deref(), Ok("4\r"));
        assert_eq!(text(refused, 1, format).as_deref(), Ok("+CME ERROR: 3\r\n"));
    }
}
