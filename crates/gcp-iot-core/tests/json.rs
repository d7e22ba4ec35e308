//! What Arduino_JSON's examples do, by types: objects, arrays, nesting, absent keys, wrong types.

use gcp_iot_core::{Command, Config, Json};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Settings<'a> {
    name: &'a str,
    period: u32,
    offset: i64,
    led: bool,
    limits: [i16; 3],
    #[serde(borrow)]
    place: Option<Place<'a>>,
    mode: Mode,
    gain: f32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Place<'a> {
    room: &'a str,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Quiet,
    Loud,
}

const TEXT: &str = r#"{"name":"lamp","period":60,"offset":-8589934592,"led":true,"limits":[-1,0,300],"place":{"room":"hall"},"mode":"loud","gain":1.5}"#;

fn read(text: &str) -> Result<Settings<'_>, serde_json_core::de::Error> {
    Config { device: "MyMKRGSM1400", payload: text.as_bytes() }.json()
}

#[test]
fn a_configuration_is_a_value_with_types() {
    let settings = read(TEXT).unwrap();
    assert_eq!(
        settings,
        Settings {
            name: "lamp",
            period: 60,
            // Not clamped to 32 bits.
            offset: -8_589_934_592,
            led: true,
            limits: [-1, 0, 300],
            place: Some(Place { room: "hall" }),
            mode: Mode::Loud,
            gain: 1.5,
        }
    );
    assert_eq!(Json::<200>::new(&settings).unwrap().as_bytes(), TEXT.as_bytes());
}

#[test]
fn unknown_keys_are_passed_over_and_an_option_may_be_absent_or_null() {
    let more = TEXT.replace("\"led\"", "\"new\":{\"a\":[1,{\"b\":null}]},\"led\"");
    assert_eq!(read(&more), read(TEXT));
    let absent = TEXT.replace(r#""place":{"room":"hall"},"#, "");
    assert_eq!(read(&absent).unwrap().place, None);
    let null = TEXT.replace(r#"{"room":"hall"}"#, "null");
    assert_eq!(read(&null).unwrap().place, None);
}

#[test]
fn what_does_not_fit_its_type_is_an_error_and_not_a_zero() {
    for (from, to) in [
        ("\"period\":60,", ""),
        ("60", "-60"),
        ("60", "4294967296"),
        ("60", "\"60\""),
        ("true", "1"),
        ("[-1,0,300]", "[-1,0]"),
        ("[-1,0,300]", "[-1,0,40000]"),
        ("\"loud\"", "\"silent\""),
        ("{\"name\"", "[\"name\""),
        ("1.5}", "1.5"),
        ("1.5}", "1.5}}"),
        (TEXT, ""),
        (TEXT, "null"),
    ] {
        let text = TEXT.replacen(from, to, 1);
        assert!(read(&text).is_err(), "{text}");
    }
    assert!(read(" \n").is_err());
    assert!(Config { device: "d", payload: &[0xFF, 0xFE] }.json::<Mode>().is_err(), "not UTF-8");
}

#[test]
fn a_command_may_be_a_bare_value_or_an_array() {
    let command = |payload| Command { device: "d", subfolder: "blink", payload };
    assert_eq!(command(b"3").json::<u8>(), Ok(3));
    assert_eq!(command(b"[[1,2],[3,4]]").json::<[[u8; 2]; 2]>(), Ok([[1, 2], [3, 4]]));
    assert_eq!(command(b"\"quiet\"").json::<Mode>(), Ok(Mode::Quiet));
}

#[test]
fn a_value_that_does_not_fit_is_an_error() {
    assert!(Json::<10>::new(&Place { room: "living room" }).is_err());
    assert_eq!(Json::<16>::new(&Place { room: "\"\n" }).unwrap().as_bytes(), br#"{"room":"\"\n"}"#);
}
