//! The topics of the bridge. ("Publishing over MQTT", "Configuring devices", "Sending commands")

/// A topic that a device may publish to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PublishTopic<'a> {
    /// `/devices/ID/events[/sub/folders]`
    Events { device: &'a str, subfolder: &'a str },
    /// `/devices/ID/state`
    State { device: &'a str },
    /// `/devices/ID/attach`, by a gateway.
    Attach { device: &'a str },
    /// `/devices/ID/detach`, by a gateway.
    Detach { device: &'a str },
}

/// A topic that a device may subscribe to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter<'a> {
    /// `/devices/ID/config`
    Config { device: &'a str },
    /// `/devices/ID/commands/#`, exactly so.
    Commands { device: &'a str },
    /// `/devices/ID/errors`
    Errors { device: &'a str },
}

impl<'a> PublishTopic<'a> {
    pub(crate) fn parse(topic: &'a str) -> Option<Self> {
        let (device, rest) = topic.strip_prefix("/devices/")?.split_once('/')?;
        match rest.split_once('/') {
            Some(("events", subfolder)) if !subfolder.is_empty() => Some(Self::Events { device, subfolder }),
            Some(_) => None,
            None => match rest {
                "events" => Some(Self::Events { device, subfolder: "" }),
                "state" => Some(Self::State { device }),
                "attach" => Some(Self::Attach { device }),
                "detach" => Some(Self::Detach { device }),
                _ => None,
            },
        }
    }
}

impl<'a> Filter<'a> {
    pub(crate) fn parse(filter: &'a str) -> Option<Self> {
        let (device, rest) = filter.strip_prefix("/devices/")?.split_once('/')?;
        match rest {
            "config" => Some(Self::Config { device }),
            "commands/#" => Some(Self::Commands { device }),
            "errors" => Some(Self::Errors { device }),
            _ => None,
        }
    }
}

/// Tells whether a command can go to `subfolder`: at most 256 characters, no `+`, `#` or NUL.
pub(crate) fn is_subfolder(subfolder: &str) -> bool {
    subfolder.chars().count() <= 256 && !subfolder.contains(['+', '#', '\0']) && !subfolder.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_may_publish_to() {
        let device = "dev";
        for (topic, parsed) in [
            ("/devices/dev/events", Some(PublishTopic::Events { device, subfolder: "" })),
            ("/devices/dev/events/a", Some(PublishTopic::Events { device, subfolder: "a" })),
            ("/devices/dev/events/a/b", Some(PublishTopic::Events { device, subfolder: "a/b" })),
            ("/devices/dev/state", Some(PublishTopic::State { device })),
            ("/devices/dev/attach", Some(PublishTopic::Attach { device })),
            ("/devices/dev/detach", Some(PublishTopic::Detach { device })),
            ("devices/dev/state", None),
            ("/devices/dev/state/", None),
            ("/devices/dev/state/x", None),
            ("/devices/dev/State", None),
            ("/devices/dev/events/", None),
            ("/devices/dev/config", None),
            ("/devices/dev", None),
            ("/devices//state", Some(PublishTopic::State { device: "" })),
            ("projects/p/topics/t", None),
        ] {
            assert_eq!(PublishTopic::parse(topic), parsed, "{topic}");
        }
    }

    #[test]
    fn what_a_device_may_subscribe_to() {
        let device = "dev";
        for (filter, parsed) in [
            ("/devices/dev/config", Some(Filter::Config { device })),
            ("/devices/dev/commands/#", Some(Filter::Commands { device })),
            ("/devices/dev/errors", Some(Filter::Errors { device })),
            ("/devices/dev/commands", None),
            ("/devices/dev/commands/folder", None),
            ("/devices/dev/commands/+", None),
            ("/devices/dev/commands/folder/#", None),
            ("/devices/dev/state", None),
            ("/devices/dev/#", None),
            ("#", None),
        ] {
            assert_eq!(Filter::parse(filter), parsed, "{filter}");
        }
    }

    #[test]
    fn subfolders_of_commands() {
        assert!(is_subfolder("") && is_subfolder("a/b") && is_subfolder(&"ä".repeat(256)));
        for bad in ["a+", "#", "a\0", "/a", "a".repeat(257).as_str()] {
            assert!(!is_subfolder(bad), "{bad}");
        }
    }
}
