//! `settings.toml`: read, checked, and turned into constants.

use core::error::Error;
use core::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use toml::{Table, Value};
use tutorial::Key;

/// The file, beside `Cargo.toml`; `FIRMWARE_SETTINGS` names another.
const FILE: &str = "settings.toml";
const FILE_VARIABLE: &str = "FIRMWARE_SETTINGS";
/// The certificate that is built in if no other is wished for.
const DEFAULT_ROOT: (&str, &str) = ("GTS Root R1", "roots/gts-root-r1.der");

/// Returns the text of the constants.
pub(crate) fn built_in() -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed={FILE_VARIABLE}");
    let file = env::var(FILE_VARIABLE).unwrap_or_else(|_| FILE.into());
    println!("cargo::rerun-if-changed={file}");
    let mut table = match fs::read_to_string(&file) {
        Ok(text) => text.parse::<Table>().map_err(|error| format!("{file}: {error}"))?,
        Err(_) if file == FILE => Table::new(),
        Err(error) => return Err(format!("{file}: {error}").into()),
    };
    let root = match table.remove("root_file") {
        Some(Value::String(root)) => {
            ("root".to_owned(), certificate(&Path::new(&file).with_file_name(root))?)
        }
        Some(_) => return Err(format!("{file}: root_file is not a text").into()),
        None => (DEFAULT_ROOT.0.to_owned(), certificate(Path::new(DEFAULT_ROOT.1))?),
    };
    if let Some(name) = table.keys().find(|name| Key::from_name(name).is_none()) {
        return Err(format!("{file}: there is no setting `{name}`").into());
    }
    let mut text = String::from("/// The values from settings.toml, in the order of `Key::ALL`.\n");
    writeln!(text, "const VALUES: [Option<&str>; {}] = [", Key::ALL.len())?;
    for key in Key::ALL {
        match table.get(key.name()) {
            None => writeln!(text, "    None,")?,
            Some(Value::String(value)) if key.accepts(value) => writeln!(text, "    Some({value:?}),")?,
            // The value may be a secret.
            Some(_) => return Err(format!("{file}: not a valid {key}").into()),
        }
    }
    writeln!(text, "];")?;
    let (name, der) = root;
    writeln!(text, "/// The root certificates in the image.")?;
    writeln!(text, "pub const ROOTS: &[sara_u201::Certificate<'static>] =")?;
    writeln!(text, "    &[sara_u201::Certificate::root({name:?}, &{der:?})];")?;
    Ok(text)
}

/// Reads a certificate, DER or PEM, as DER.
fn certificate(path: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", path.display());
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let der = match str::from_utf8(&bytes) {
        Ok(text) if text.contains("-----BEGIN") => {
            pem(text).ok_or("no certificate in it").map_err(Into::into)
        }
        _ => Ok(bytes),
    };
    // A certificate is a SEQUENCE of two length bytes, and nothing behind it.
    match der {
        Ok(der)
            if matches!(der[..], [0x30, 0x82, high, low, ..]
            if der.len() == 4 + usize::from(u16::from_be_bytes([high, low]))) =>
        {
            Ok(der)
        }
        Ok(_) => Err(format!("{}: not one X.509 certificate", path.display()).into()),
        Err(error) => Err(error),
    }
}

fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    STANDARD.decode(body.split_ascii_whitespace().collect::<String>()).ok()
}
