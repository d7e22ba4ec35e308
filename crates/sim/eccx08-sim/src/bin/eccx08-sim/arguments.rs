//! The command line.

use core::net::SocketAddr;
use std::path::PathBuf;

use eccx08_sim::{NackKind, Profile};

/// What `--help` prints.
pub(crate) const HELP: &str = "\
A model of the ATECC508A/608 secure element, its I2C bus served over TCP.

Usage: eccx08-sim --tcp ADDRESS:PORT [options]

  --tcp ADDRESS:PORT   where to listen: a loopback address; port 0 takes a free one
  --chip CHIP          508a, 608a or 608b (default 608a)
  --nv FILE            non-volatile memory: read at start if it is there, written after every
                       change; it holds the chip's private keys
  --seed NUMBER        seed of everything random (default 0)
  --nack KIND          how reads that are not acknowledged are reported: exact (status 1, default)
                       or atsamd (status 2, arbitration lost)
  --help               prints this

Time is virtual: it moves with bytes on the bus and with T requests, not by itself.
The framing is described in the crate's README.

Examples:
  eccx08-sim --tcp 127.0.0.1:5108
  eccx08-sim --tcp '[::1]:0' --chip 508a --nv element.bin
";

/// A command line that was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arguments {
    Help,
    Serve(Settings),
}

/// What to serve, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) address: SocketAddr,
    pub(crate) profile: Profile,
    pub(crate) nv: Option<PathBuf>,
    pub(crate) seed: u64,
    pub(crate) nack: NackKind,
}

/// Reads the arguments after the program's name; the error is a sentence for the user.
pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut address = None;
    let mut settings = Settings {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        profile: Profile::Atecc608a,
        nv: None,
        seed: 0,
        nack: NackKind::Exact,
    };
    while let Some(flag) = arguments.next() {
        if flag == "--help" || flag == "-h" {
            return Ok(Arguments::Help);
        }
        if !["--tcp", "--chip", "--nv", "--seed", "--nack"].contains(&flag.as_str()) {
            return Err(format!("{flag}: no such option"));
        }
        let value = arguments.next().ok_or_else(|| format!("{flag}: its value is missing"))?;
        match flag.as_str() {
            "--tcp" => address = Some(loopback(&value)?),
            "--chip" => settings.profile = profile(&value)?,
            "--nv" => settings.nv = Some(PathBuf::from(value)),
            "--seed" => {
                settings.seed = value.parse().map_err(|_| format!("--seed {value}: not a number"))?;
            }
            _ => {
                settings.nack = match value.as_str() {
                    "exact" => NackKind::Exact,
                    "atsamd" => NackKind::Atsamd,
                    _ => return Err(format!("--nack {value}: exact or atsamd")),
                };
            }
        }
    }
    settings.address = address.ok_or("--tcp ADDRESS:PORT is missing")?;
    Ok(Arguments::Serve(settings))
}

fn loopback(value: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        value.parse().map_err(|_| format!("--tcp {value}: not an address and a port, as 127.0.0.1:5108"))?;
    if !address.ip().is_loopback() {
        return Err(format!("--tcp {value}: not a loopback address; the model has no access control"));
    }
    Ok(address)
}

fn profile(value: &str) -> Result<Profile, String> {
    match value {
        "508a" => Ok(Profile::Atecc508a),
        "608a" => Ok(Profile::Atecc608a),
        "608b" => Ok(Profile::Atecc608b),
        _ => Err(format!("--chip {value}: 508a, 608a or 608b")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_understood() {
        let line = "--tcp 127.0.0.1:5108 --chip 508a --nv element.bin --seed 7 --nack atsamd";
        let settings = Settings {
            address: SocketAddr::from(([127, 0, 0, 1], 5108)),
            profile: Profile::Atecc508a,
            nv: Some(PathBuf::from("element.bin")),
            seed: 7,
            nack: NackKind::Atsamd,
        };
        assert_eq!(parsed(line), Ok(Arguments::Serve(settings)));
        assert_eq!(parsed("--chip 9 --help").unwrap_err(), "--chip 9: 508a, 608a or 608b");
        assert_eq!(parsed("--help"), Ok(Arguments::Help));
        assert!(matches!(parsed("--tcp [::1]:0"), Ok(Arguments::Serve(_))));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, word) in [
            ("", "missing"),
            ("--tcp", "missing"),
            ("--tcp 5108", "not an address"),
            ("--tcp 0.0.0.0:5108", "loopback"),
            ("--tcp 192.168.1.2:5108", "loopback"),
            ("--listen x", "no such option"),
            ("--tcp 127.0.0.1:1 --seed x", "not a number"),
            ("--tcp 127.0.0.1:1 --nack x", "exact or atsamd"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
