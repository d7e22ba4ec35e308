//! The topics that the bridge knows (mqtt-bridge page, "Publishing telemetry events" and on).

/// Longest subfolder of a command or event, in characters.
const SUBFOLDER_LENGTH: usize = 256;

/// What arrives on a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    Config,
    /// With its subfolder, empty for none.
    Command(&'a str),
    Errors,
}

/// The topic of telemetry events; `subfolder` may be empty.
pub(crate) const fn events<'a>(device: &'a str, subfolder: &'a str) -> [&'a str; 5] {
    ["/devices/", device, "/events", if subfolder.is_empty() { "" } else { "/" }, subfolder]
}

/// The topic of the device's state.
pub(crate) const fn state(device: &str) -> [&str; 3] {
    ["/devices/", device, "/state"]
}

/// The topic of configurations.
pub(crate) const fn config(device: &str) -> [&str; 3] {
    ["/devices/", device, "/config"]
}

/// The filter of commands: it must be this wildcard, single subfolders are refused.
pub(crate) const fn commands(device: &str) -> [&str; 3] {
    ["/devices/", device, "/commands/#"]
}

/// The topic of a gateway's error reports.
pub(crate) const fn errors(gateway: &str) -> [&str; 3] {
    ["/devices/", gateway, "/errors"]
}

/// The topic that attaches a device to its gateway.
pub(crate) const fn attach(device: &str) -> [&str; 3] {
    ["/devices/", device, "/attach"]
}

/// The topic that detaches a device from its gateway.
pub(crate) const fn detach(device: &str) -> [&str; 3] {
    ["/devices/", device, "/detach"]
}

/// Splits a received topic into device id and kind.
pub(crate) fn parse(topic: &str) -> Option<(&str, Kind<'_>)> {
    // By bytes: searching for a character costs 0.2 KB of flash more.
    let rest = topic.strip_prefix("/devices/")?;
    let (device, rest) = rest.split_at_checked(rest.bytes().position(|byte| byte == b'/')?)?;
    let rest = rest.strip_prefix('/')?;
    let kind = match rest {
        "config" => Kind::Config,
        "errors" => Kind::Errors,
        "commands" => Kind::Command(""),
        _ => Kind::Command(rest.strip_prefix("commands/")?),
    };
    Some((device, kind))
}

/// Tells whether events may be published to `subfolder`.
pub(crate) fn is_subfolder(subfolder: &str) -> bool {
    subfolder.len() <= SUBFOLDER_LENGTH && subfolder.bytes().all(|byte| !matches!(byte, b'+' | b'#' | 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_written_as_on_the_mqtt_bridge_page() {
        assert_eq!(events("dev", "").concat(), "/devices/dev/events");
        assert_eq!(events("dev", "a/b").concat(), "/devices/dev/events/a/b");
        assert_eq!(state("dev").concat(), "/devices/dev/state");
        assert_eq!(config("dev").concat(), "/devices/dev/config");
        assert_eq!(commands("dev").concat(), "/devices/dev/commands/#");
    }

    #[test]
    fn received_topics_are_told_apart() {
        assert_eq!(parse("/devices/dev/config"), Some(("dev", Kind::Config)));
        assert_eq!(parse("/devices/dev/commands"), Some(("dev", Kind::Command(""))));
        assert_eq!(parse("/devices/dev/commands/led/on"), Some(("dev", Kind::Command("led/on"))));
        assert_eq!(parse("/devices/dev/errors"), Some(("dev", Kind::Errors)));
        for other in
            ["", "/devices/dev", "/devices/dev/commandsx", "devices/dev/config", "/devices/dev/state"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
