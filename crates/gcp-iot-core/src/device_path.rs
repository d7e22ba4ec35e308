//! The names that make up a device's identity.

use core::fmt;

/// Fewest and most characters of a registry's or device's id (requirements page, "Permitted characters").
const ID_LENGTH: core::ops::RangeInclusive<usize> = 3..=255;

/// Where a device lives: project, region, registry and its own id, each checked.
///
/// It can be made at compile time, so that a typing error does not get as far as the board:
///
/// ```
/// use gcp_iot_core::DevicePath;
///
/// const DEVICE: DevicePath<'static> =
///     match DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400") {
///         Ok(path) => path,
///         Err(_) => panic!("a name breaks the rules"),
///     };
/// assert_eq!(
///     DEVICE.to_string(),
///     "projects/mkr-gcp-tutorial/locations/us-central1/registries/MKR_GCP_Tutorial/devices/MyMKRGSM1400"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DevicePath<'a> {
    project: &'a str,
    region: &'a str,
    registry: &'a str,
    device: &'a str,
}

/// Which part of a [`DevicePath`] breaks the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidDevicePath {
    /// The project id: lower-case letters, digits, `-`, `.` and `:`, a letter first.
    Project,
    /// The region: lower-case letters, digits and `-`.
    Region,
    /// The registry id: see [`is_registry_id`].
    Registry,
    /// The device id: see [`is_device_id`].
    Device,
}

impl<'a> DevicePath<'a> {
    /// Puts a path together from its checked parts.
    ///
    /// # Errors
    /// The first part that breaks the rules.
    pub const fn new(
        project: &'a str,
        region: &'a str,
        registry: &'a str,
        device: &'a str,
    ) -> Result<Self, InvalidDevicePath> {
        if !is_project_id(project) {
            Err(InvalidDevicePath::Project)
        } else if !is_region(region) {
            Err(InvalidDevicePath::Region)
        } else if !is_registry_id(registry) {
            Err(InvalidDevicePath::Registry)
        } else if !is_device_id(device) {
            Err(InvalidDevicePath::Device)
        } else {
            Ok(Self { project, region, registry, device })
        }
    }

    /// Project id: also the audience of the token.
    #[must_use]
    pub const fn project(&self) -> &'a str {
        self.project
    }

    /// Region of the registry.
    #[must_use]
    pub const fn region(&self) -> &'a str {
        self.region
    }

    /// Registry id.
    #[must_use]
    pub const fn registry(&self) -> &'a str {
        self.registry
    }

    /// Device id: part of every topic.
    #[must_use]
    pub const fn device(&self) -> &'a str {
        self.device
    }

    /// The MQTT Client Identifier, in parts.
    #[must_use]
    pub const fn client_id(&self) -> [&'a str; 8] {
        [
            "projects/",
            self.project,
            "/locations/",
            self.region,
            "/registries/",
            self.registry,
            "/devices/",
            self.device,
        ]
    }
}

impl fmt::Display for DevicePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client_id().iter().try_for_each(|part| f.write_str(part))
    }
}

/// Tells whether `id` may name a registry.
///
/// 3 to 255 characters `[a-zA-Z][-a-zA-Z0-9._+~%]+` that do not begin with `goog`.
#[must_use]
pub const fn is_registry_id(id: &str) -> bool {
    let bytes = id.as_bytes();
    if bytes.len() < *ID_LENGTH.start() || bytes.len() > *ID_LENGTH.end() {
        return false;
    }
    if matches!(bytes, [b'g', b'o', b'o', b'g', ..]) {
        return false;
    }
    let Some((first, mut rest)) = bytes.split_first() else { return false };
    if !first.is_ascii_alphabetic() {
        return false;
    }
    while let Some((byte, more)) = rest.split_first() {
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'+' | b'~' | b'%')) {
            return false;
        }
        rest = more;
    }
    true
}

/// Tells whether `id` may name a device that speaks MQTT.
///
/// As a registry's id, but without `+`: it is part of a Topic Name, where MQTT forbids it.
#[must_use]
pub const fn is_device_id(id: &str) -> bool {
    let mut rest = id.as_bytes();
    while let Some((byte, more)) = rest.split_first() {
        if *byte == b'+' {
            return false;
        }
        rest = more;
    }
    is_registry_id(id)
}

const fn is_project_id(id: &str) -> bool {
    let Some((first, mut rest)) = id.as_bytes().split_first() else { return false };
    if !first.is_ascii_lowercase() {
        return false;
    }
    while let Some((byte, more)) = rest.split_first() {
        if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':')) {
            return false;
        }
        rest = more;
    }
    true
}

const fn is_region(region: &str) -> bool {
    let mut rest = region.as_bytes();
    if rest.is_empty() {
        return false;
    }
    while let Some((byte, more)) = rest.split_first() {
        if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-') {
            return false;
        }
        rest = more;
    }
    true
}

impl fmt::Display for InvalidDevicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Project => "malformed project id",
            Self::Region => "malformed region",
            Self::Registry => "malformed registry id",
            Self::Device => "malformed device id",
        })
    }
}

impl core::error::Error for InvalidDevicePath {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn the_tutorials_client_id_has_96_bytes() {
        let path = DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400");
        assert_eq!(path.unwrap().to_string().len(), 96);
    }

    #[test]
    fn ids_keep_to_the_permitted_characters() {
        for good in ["abc", "Z.-_~%9", "goO-le", &"x".repeat(255)] {
            assert!(is_registry_id(good) && is_device_id(good), "{good}");
        }
        for bad in ["", "ab", "1abc", "-abc", "goog", "google-1", "a/b", "a b", "ab\u{e9}", &"x".repeat(256)]
        {
            assert!(!is_registry_id(bad) && !is_device_id(bad), "{bad}");
        }
        assert!(is_registry_id("a+b"));
        assert!(!is_device_id("a+b"), "a Topic Name has no wildcard");
    }

    #[test]
    fn the_part_at_fault_is_named() {
        let new = DevicePath::new;
        assert_eq!(new("Upper", "r", "abc", "abc"), Err(InvalidDevicePath::Project));
        assert_eq!(new("", "r", "abc", "abc"), Err(InvalidDevicePath::Project));
        assert_eq!(new("p", "us/1", "abc", "abc"), Err(InvalidDevicePath::Region));
        assert_eq!(new("p", "", "abc", "abc"), Err(InvalidDevicePath::Region));
        assert_eq!(new("p", "r", "a", "abc"), Err(InvalidDevicePath::Registry));
        assert_eq!(new("p", "r", "abc", "a+b"), Err(InvalidDevicePath::Device));
        assert!(new("example.com:a-24-character-name", "us-central1", "abc", "abc").is_ok());
    }
}
