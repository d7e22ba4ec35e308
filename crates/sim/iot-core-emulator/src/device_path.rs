//! Names of registries and devices, as the client id of a CONNECT spells them.

use core::fmt;
use core::str::FromStr;

use serde::{Serialize, Serializer};

/// Registry and device ids have 3 to 255 characters ("Requirements").
const ID_LENGTH: core::ops::RangeInclusive<usize> = 3..=255;

/// Names a registry: `projects/P/locations/R/registries/REG`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryPath {
    project: String,
    region: String,
    registry: String,
}

/// Names a device: `projects/P/locations/R/registries/REG/devices/DEV`, the MQTT client id.
///
/// ```
/// use iot_core_emulator::DevicePath;
///
/// let path = DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400")?;
/// assert_eq!(path.to_string().len(), 96);
/// assert_eq!(path.to_string().parse(), Ok(path));
/// # Ok::<(), iot_core_emulator::PathError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DevicePath {
    registry: RegistryPath,
    device: String,
}

/// Says what is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathError {
    /// Not of the form `projects/P/locations/R/registries/REG/devices/DEV`.
    Form,
    /// The project id is empty or holds a character outside `[-a-z0-9.:]`.
    Project,
    /// The region is empty or holds a character outside `[-a-z0-9]`.
    Region,
    /// The registry id breaks the rule of ids.
    Registry,
    /// The device id breaks the rule of ids.
    Device,
}

impl RegistryPath {
    /// Joins the parts of a name.
    ///
    /// # Errors
    /// Names the first part that breaks its rule.
    pub fn new(project: &str, region: &str, registry: &str) -> Result<Self, PathError> {
        let project_like = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c);
        let region_like = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if project.is_empty() || !project.chars().all(project_like) {
            return Err(PathError::Project);
        }
        if region.is_empty() || !region.chars().all(region_like) {
            return Err(PathError::Region);
        }
        if !is_id(registry) {
            return Err(PathError::Registry);
        }
        Ok(Self { project: project.into(), region: region.into(), registry: registry.into() })
    }

    /// The project id, which is also the audience of the tokens.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The cloud region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The registry id.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Names a device of this registry.
    ///
    /// # Errors
    /// `Device` if the id breaks the rule of ids.
    pub fn device(&self, device: &str) -> Result<DevicePath, PathError> {
        if !is_id(device) && !is_numeric_id(device) {
            return Err(PathError::Device);
        }
        Ok(DevicePath { registry: self.clone(), device: device.into() })
    }
}

impl DevicePath {
    /// Joins the parts of a name.
    ///
    /// # Errors
    /// Names the first part that breaks its rule.
    pub fn new(project: &str, region: &str, registry: &str, device: &str) -> Result<Self, PathError> {
        RegistryPath::new(project, region, registry)?.device(device)
    }

    /// The registry that the device belongs to.
    #[must_use]
    pub const fn registry(&self) -> &RegistryPath {
        &self.registry
    }

    /// The device id, or the numeric id where the name was written with it.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device
    }
}

impl FromStr for DevicePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            ["projects", project, "locations", region, "registries", registry, "devices", device] => {
                Self::new(project, region, registry, device)
            }
            _ => Err(PathError::Form),
        }
    }
}

impl FromStr for RegistryPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            ["projects", project, "locations", region, "registries", registry] => {
                Self::new(project, region, registry)
            }
            _ => Err(PathError::Form),
        }
    }
}

impl fmt::Display for RegistryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "projects/{}/locations/{}/registries/{}", self.project, self.region, self.registry)
    }
}

impl fmt::Display for DevicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/devices/{}", self.registry, self.device)
    }
}

impl Serialize for DevicePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not of the form projects/P/locations/R/registries/REG/devices/DEV",
            Self::Project => "not a project id",
            Self::Region => "not a cloud region",
            Self::Registry => {
                "the registry id must be 3 to 255 of [-a-zA-Z0-9._+~%], begin with a letter, not with goog"
            }
            Self::Device => {
                "the device id must be 3 to 255 of [-a-zA-Z0-9._+~%], begin with a letter, not with goog"
            }
        })
    }
}

impl core::error::Error for PathError {}

/// Tells whether `id` is `[a-zA-Z][-a-zA-Z0-9._+~%]+` of 3 to 255 characters, not starting with `goog`.
pub(crate) fn is_id(id: &str) -> bool {
    ID_LENGTH.contains(&id.len())
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "-._+~%".contains(c))
        && !id.starts_with("goog")
}

/// Tells whether `id` is written as the numeric id that the service gives to each device.
fn is_numeric_id(id: &str) -> bool {
    id.len() <= 20 && id.parse::<u64>().is_ok_and(|number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_rule_of_requirements() {
        let longest = "a".repeat(255);
        for good in ["abc", "MyMKRGSM1400", "a.b", "a%+", "MKR_GCP_Tutorial", "Goog1", longest.as_str()] {
            assert!(is_id(good), "{good}");
        }
        let too_long = "a".repeat(256);
        for bad in ["", "ab", "1bc", "_bc", "a/b", "a b", "google", "googly", "a#b", "äöü", too_long.as_str()]
        {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_client_id_is_the_whole_path_without_a_leading_slash() {
        let path = "projects/p/locations/us-central1/registries/reg/devices/dev";
        assert_eq!(path.parse::<DevicePath>().map(|path| path.to_string()), Ok(path.into()));
        for bad in ["", "dev", "/projects/p/locations/us-central1/registries/reg/devices/dev"] {
            assert_eq!(bad.parse::<DevicePath>(), Err(PathError::Form), "{bad}");
        }
        assert_eq!(format!("{path}/").parse::<DevicePath>(), Err(PathError::Form));
        assert_eq!(path.replace("/reg/", "/r/").parse::<DevicePath>(), Err(PathError::Registry));
        assert_eq!(path.replace("/p/", "//").parse::<DevicePath>(), Err(PathError::Project));
        assert_eq!(path.replace("us-central1", "US").parse::<DevicePath>(), Err(PathError::Region));
        assert_eq!(path.replace("/dev", "/d v").parse::<DevicePath>(), Err(PathError::Form));
    }

    #[test]
    fn a_device_may_be_named_by_its_number() {
        let path = "projects/p/locations/us-central1/registries/reg/devices/2582332477650079";
        assert!(path.parse::<DevicePath>().is_ok());
    }
}
