//! The settings on the console.

use crate::{Console, Key, Store};

/// Longest line: the name of a setting and 255 characters.
const LINE: usize = 272;

/// Lets the person look at the settings and change them, until they are done.
///
/// A secret is neither shown nor echoed, and a value that breaks its rules is not taken.
// Not inlined: its stack is not to lie under what the caller did before.
#[inline(never)]
pub fn run(store: &mut impl Store, console: &mut impl Console) {
    let _ = writeln!(console, "set NAME VALUE, set NAME (forgets it), show, run");
    loop {
        let _ = write!(console, "> ");
        let mut line = [0; LINE];
        let line = console.read_command(&mut line, tells_a_secret).trim_ascii();
        match line.split_once(' ').unwrap_or((line, "")) {
            ("", _) => {}
            ("run", "") => return,
            ("show", "") => show(store, console),
            ("set", rest) => set(store, console, rest),
            _ => {
                let _ = writeln!(console, "unknown");
            }
        }
    }
}

/// Tells whether what comes next on this line is not to be shown.
fn tells_a_secret(line: &str) -> bool {
    let setting = line.trim_ascii_start().strip_prefix("set ");
    let name = setting.and_then(|setting| setting.trim_ascii_start().split_once(' '));
    name.and_then(|(name, _)| Key::from_name(name)).is_some_and(Key::is_secret)
}

fn show(store: &impl Store, console: &mut impl Console) {
    for key in Key::ALL {
        let value = match store.value(key) {
            Some(_) if key.is_secret() => "(set)",
            Some(value) => value,
            None => "-",
        };
        let _ = writeln!(console, "{key} {value}");
    }
}

fn set(store: &mut impl Store, console: &mut impl Console, setting: &str) {
    let setting = setting.trim_ascii_start();
    let (name, value) = setting.split_once(' ').unwrap_or((setting, ""));
    let Some(key) = Key::from_name(name) else {
        let _ = writeln!(console, "unknown");
        return;
    };
    let value = Some(value.trim_ascii()).filter(|value| !value.is_empty());
    let _ = if value.is_some_and(|value| !key.accepts(value)) {
        writeln!(console, "not a valid {key}")
    } else if !store.set(key, value) {
        writeln!(console, "not stored")
    } else {
        Ok(())
    };
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::VecDeque;
    use std::string::String;

    use super::*;

    #[derive(Default)]
    struct Values([Option<String>; Key::ALL.len()]);

    fn place(key: Key) -> usize {
        Key::ALL.iter().position(|other| *other == key).unwrap()
    }

    impl Store for Values {
        fn value(&self, key: Key) -> Option<&str> {
            self.0[place(key)].as_deref()
        }

        fn set(&mut self, key: Key, value: Option<&str>) -> bool {
            self.0[place(key)] = value.map(Into::into);
            key != Key::Slot
        }
    }

    #[derive(Default)]
    struct Terminal {
        input: VecDeque<&'static str>,
        output: String,
    }

    impl core::fmt::Write for Terminal {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.output.push_str(text);
            Ok(())
        }
    }

    impl Console for Terminal {
        fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str {
            let line = self.input.pop_front().unwrap_or("run").as_bytes();
            buffer[..line.len()].copy_from_slice(line);
            core::str::from_utf8(&buffer[..line.len()]).unwrap()
        }
    }

    fn typed(lines: &[&'static str]) -> (Values, String) {
        let mut terminal = Terminal { input: lines.iter().copied().collect(), ..Terminal::default() };
        let mut store = Values::default();
        run(&mut store, &mut terminal);
        (store, terminal.output)
    }

    #[test]
    fn a_setting_is_stored_and_forgotten() {
        let (store, output) = typed(&["set apn  iot.example ", "set device ab", "set region"]);
        assert_eq!(store.value(Key::Apn), Some("iot.example"));
        assert_eq!(store.value(Key::Device), None);
        assert!(output.contains("not a valid device"), "{output}");
        let (store, _) = typed(&["set apn iot.example", "set apn"]);
        assert_eq!(store.value(Key::Apn), None);
    }

    #[test]
    fn a_secret_is_neither_shown_nor_echoed() {
        let (_, output) = typed(&["set pin 1234", "set project my-project", "show"]);
        assert!(!output.contains("1234"));
        assert!(output.contains("pin (set)\n") && output.contains("project my-project\n"), "{output}");
        assert!(tells_a_secret("set pin ") && tells_a_secret(" set  password p"));
        assert!(!tells_a_secret("set pin") && !tells_a_secret("set apn ") && !tells_a_secret("show "));
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let (_, output) = typed(&["sit", "set colour red", "set slot 1"]);
        assert_eq!(output.matches("unknown").count(), 2);
        assert!(output.contains("not stored"));
    }
}
