//! The fault catalogue F1 to F26 as sets of faults, varied by a seed.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Gives the faults of number `number` (1 to 26) as text, varied by `seed`; `None` for other numbers.
///
/// Two numbers are not faults of the module: F7 is about payloads ([`adversarial_payload`]), F22 about
/// a character that aborts a command, which the module does by itself.
///
/// ```
/// use sara_u201_sim::{Fault, scenario};
///
/// for number in 1..=26 {
///     for seed in 0..100 {
///         for spec in scenario(number, seed).expect("a number of the catalogue") {
///             spec.parse::<Fault>().expect("well formed");
///         }
///     }
/// }
/// assert!(scenario(27, 0).is_none());
/// ```
#[must_use]
pub fn scenario(number: u32, seed: u64) -> Option<Vec<String>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ u64::from(number) << 32);
    let mut draw = |from: u32, to: u32| from + rng.next_u32() % (to - from + 1);
    let pick = |choices: &[&'static str], index: u32| {
        let index = usize::try_from(index).unwrap_or(0) % choices.len().max(1);
        choices.get(index).copied().unwrap_or_default()
    };
    let nth = draw(1, 4);
    // Every session makes and connects a socket, and goes on to write and to read; each command comes
    // to the moments named with it.
    let point = match draw(0, 7) {
        0..=2 => {
            format!("+USOWR#{nth}/{}", pick(&["begin", "prompt", "data", "reply", "result"], draw(0, 4)))
        }
        3..=5 => format!("+USORD#{nth}/{}", pick(&["begin", "reply", "middle", "result"], draw(0, 3))),
        6 => format!("+USOCO#1/{}", pick(&["begin", "reply", "result"], draw(0, 2))),
        _ => format!("+USOCR#1/{}", pick(&["begin", "reply", "middle", "result"], draw(0, 3))),
    };
    let one = |spec: String| Some(vec![spec]);
    match number {
        1 => one(format!("drop-urc:name=+UUSORD,times={}", draw(1, 3))),
        2 => one(format!("drop-urc:name={}", pick(&["+UUSOCL", "+UUPSDD"], draw(0, 1)))),
        3 => {
            let text = pick(&["+CREG: 5", "+UUSORD: 3\\c17", "+CIEV: 2\\c4", "+UUSOCL: 6"], draw(0, 3));
            one(format!("urc:text={text}@{point}"))
        }
        4 => {
            let kind = pick(&["flip", "drop", "duplicate"], draw(0, 2));
            let wire = pick(&["to-host", "to-module", "both"], draw(0, 2));
            one(format!("noise:rate={},kind={kind},wire={wire},times=0", draw(1, 30)))
        }
        5 => one(format!("delay:ms={}@{}", draw(500, 130_000), begin(&point))),
        6 => one(format!("fragment:size={},gap={},times=0", draw(1, 16), draw(1, 5))),
        7 | 22 => Some(Vec::new()),
        8 => one(format!("registration-lost:ms={}@{}s", draw(1, 30) * 1000, draw(5, 40))),
        9 => one(format!("context-lost@{point}")),
        10 => one(match draw(0, 3) {
            0 => "card:state=absent".into(),
            1 => format!("card:state=busy,ms={}", draw(5, 20) * 1000),
            2 => "card:state=puk".into(),
            _ => "card:state=unknown-pin".into(),
        }),
        11 => {
            let greeting = pick(&["", "greeting=READY"], draw(0, 1));
            one(format!("reboot:{greeting}@{point}"))
        }
        12 => one(format!("fifo:size={}", pick(&["64", "128", "256"], draw(0, 2)))),
        13 => one(match draw(0, 2) {
            0 => format!("prompt:kind=never@+USOWR#{nth}"),
            1 => format!("prompt:kind=error@+USOWR#{nth}"),
            _ => format!("peer-close@+USOWR#{nth}/prompt"),
        }),
        14 => one(match draw(0, 3) {
            0 => format!("write:kind=partial,bytes={},times={nth}", draw(1, 40)),
            1 => format!("write:kind=zero,times={nth}"),
            2 => format!("write:kind=bare,times={nth}"),
            _ => format!("write:kind=would-block,times={nth}"),
        }),
        15 => one(format!("connect:number={}", pick(&["111", "110", "104", "113"], draw(0, 3)))),
        16 => one(pick(&["resolver", "resolver:stale=192.0.2.66"], draw(0, 1)).into()),
        17 => one(match draw(0, 3) {
            0 => "clock:kind=unset".into(),
            1 => "clock:kind=no-zone".into(),
            2 => "clock:kind=negative".into(),
            _ => format!("clock:kind=late,ms={}", draw(5, 60) * 1000),
        }),
        18 => one(format!("rate:rate={}", pick(&["921600", "460800", "9600", "230400"], draw(0, 3)))),
        19 => one(format!("sleep:mode={}", pick(&["1", "3"], draw(0, 1)))),
        20 => one(format!("stale-sockets:count={}", draw(1, 7))),
        21 => one("late-close".into()),
        23 => one(format!("store:kind={}", pick(&["full", "wrong-sum", "lost-byte"], draw(0, 2)))),
        24 => one(match draw(0, 2) {
            0 => "message@8s".into(),
            1 => "message:text=OK\\r\\nERROR\\r\\n> \\r\\n+CMGL: 9@8s".into(),
            _ => format!("message-error:code={}", pick(&["331", "500", "302"], draw(0, 2))),
        }),
        25 => one(format!("cts-off:ms={}@{}", draw(100, 15_000), begin(&point))),
        26 => one(format!("urc:text=+CIEV: 2\\c3,count=1000,gap={}@{}s", draw(0, 4), draw(2, 30))),
        _ => None,
    }
}

/// The beginning of the command of a strike point.
fn begin(point: &str) -> &str {
    point.split_once('/').map_or(point, |(command, _)| command)
}

/// Gives bytes that look like the module's own answers (F7): results, prompts, URCs, quotes, all values.
#[must_use]
pub fn adversarial_payload(seed: u64, length: usize) -> Vec<u8> {
    const TRAPS: [&[u8]; 14] = [
        b"\r\nOK\r\n",
        b"\r\nERROR\r\n",
        b"OK",
        b"\r\n+UUSORD: 0,17\r\n",
        b"\r\n+UUSOCL: 0\r\n",
        b"\r\n@",
        b"> ",
        b"\"",
        b",\"",
        b"\"\r\n\r\nOK\r\n",
        b"\x1a",
        b"\x1b",
        b"+CME ERROR: 3\r\n",
        b"\r\n+CREG: 5\r\n",
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut bytes: Vec<u8> = Vec::with_capacity(length + 32);
    while bytes.len() < length {
        let drawn = rng.next_u32();
        let trap = TRAPS.get(usize::try_from(drawn >> 8).unwrap_or(0) % TRAPS.len());
        match trap.filter(|_| drawn.is_multiple_of(3)) {
            Some(trap) => bytes.extend_from_slice(trap),
            None => bytes.extend(drawn.to_le_bytes()),
        }
    }
    bytes.truncate(length);
    bytes
}
