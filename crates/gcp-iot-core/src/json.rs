//! Payloads as JSON.

use serde::{Deserialize, Serialize};

use crate::event::{Command, Config};

/// A value written as JSON, `N` bytes at most, to be published.
///
/// ```
/// use gcp_iot_core::Json;
///
/// #[derive(serde::Serialize)]
/// struct Weather {
///     celsius: i16,
/// }
///
/// let event: Json<32> = Json::new(&Weather { celsius: 21 })?;
/// assert_eq!(event.as_bytes(), br#"{"celsius":21}"#);
/// # Ok::<(), serde_json_core::ser::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Json<const N: usize> {
    text: [u8; N],
    length: usize,
}

impl<const N: usize> Json<N> {
    /// Writes `value`, without spaces.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json_core::ser::Error> {
        let mut text = [0; N];
        let length = serde_json_core::to_slice(value, &mut text)?;
        Ok(Self { text, length })
    }

    /// The JSON text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl<'a> Config<'a> {
    /// Reads the configuration as JSON.
    ///
    /// ```
    /// use gcp_iot_core::Config;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Settings {
    ///     led: bool,
    /// }
    ///
    /// let config = Config { device: "MyMKRGSM1400", payload: br#"{"led":true}"# };
    /// assert!(config.json::<Settings>()?.led);
    /// # Ok::<(), serde_json_core::de::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the text is not JSON, or not of this type.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, serde_json_core::de::Error> {
        parse(self.payload)
    }
}

impl<'a> Command<'a> {
    /// Reads the command as JSON.
    ///
    /// # Errors
    /// When the text is not JSON, or not of this type.
    pub fn json<T: Deserialize<'a>>(&self) -> Result<T, serde_json_core::de::Error> {
        parse(self.payload)
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, serde_json_core::de::Error> {
    let (value, length) = serde_json_core::from_slice(text)?;
    match text.get(length..) {
        Some(rest) if rest.iter().any(|byte| !byte.is_ascii_whitespace()) => {
            Err(serde_json_core::de::Error::TrailingCharacters)
        }
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_value_is_an_error() {
        let command = |payload| Command { device: "d", subfolder: "", payload };
        assert_eq!(command(b"7 \n").json::<u8>(), Ok(7));
        assert_eq!(command(b"7 8").json::<u8>(), Err(serde_json_core::de::Error::TrailingCharacters));
        assert!(Config { device: "d", payload: b"" }.json::<u8>().is_err());
        assert!(Json::<2>::new(&123).is_err());
    }
}
