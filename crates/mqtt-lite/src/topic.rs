//! Topic Names and Topic Filters (section 4.7).

/// Tells whether the parts, put together, make a Topic Name that may be published to.
///
/// A Topic Name has at least one character [MQTT-4.7.3-1], no wildcard [MQTT-3.3.2-2], no U+0000
/// [MQTT-4.7.3-2], and at most 65535 bytes [MQTT-4.7.3-3].
///
/// ```
/// use mqtt_lite::is_topic_name;
///
/// assert!(is_topic_name(&["/devices/", "MyMKRGSM1400", "/state"]));
/// assert!(!is_topic_name(&["/devices/", "MyMKRGSM1400", "/commands/#"]));
/// ```
#[must_use]
pub fn is_topic_name(parts: &[&str]) -> bool {
    fits(parts) && parts.iter().all(|part| part.bytes().all(|byte| !matches!(byte, b'#' | b'+' | 0)))
}

/// Tells whether the parts, put together, make a Topic Filter that may be subscribed to.
///
/// A wildcard stands for a whole level, and `#` for the last one [MQTT-4.7.1-2] [MQTT-4.7.1-3].
///
/// ```
/// use mqtt_lite::is_topic_filter;
///
/// assert!(is_topic_filter(&["/devices/", "MyMKRGSM1400", "/commands/#"]));
/// assert!(is_topic_filter(&["+/config"]));
/// assert!(!is_topic_filter(&["/devices#"]));
/// assert!(!is_topic_filter(&["#/config"]));
/// ```
#[must_use]
pub fn is_topic_filter(parts: &[&str]) -> bool {
    let mut previous = b'/';
    for part in parts {
        for byte in part.bytes() {
            let allowed = match (previous, byte) {
                (_, 0) | (b'#', _) => false,
                (b'/', _) | (_, b'/') => true,
                (b'+', _) | (_, b'#' | b'+') => false,
                _ => true,
            };
            if !allowed {
                return false;
            }
            previous = byte;
        }
    }
    fits(parts)
}

/// Tells whether the parts have from 1 to 65535 bytes together.
fn fits(parts: &[&str]) -> bool {
    (1..=usize::from(u16::MAX)).contains(&parts.iter().map(|part| part.len()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_wildcard_no_zero_and_some_text() {
        assert!(is_topic_name(&["/"]));
        assert!(is_topic_name(&["", "a"]));
        for bad in ["", "a/+", "#", "a\0b", "a+b"] {
            assert!(!is_topic_name(&[bad]), "{bad:?}");
        }
        let long = "x".repeat(40_000);
        assert!(is_topic_name(&[&long]));
        assert!(!is_topic_name(&[&long, &long]));
    }

    #[test]
    fn wildcards_stand_for_whole_levels() {
        // The examples of sections 4.7.1.2 and 4.7.1.3.
        for good in
            ["sport/tennis/player1/#", "sport/#", "#", "+", "+/tennis/#", "sport/+/player1", "/+", "+/+"]
        {
            assert!(is_topic_filter(&[good]), "{good}");
        }
        for bad in
            ["sport/tennis#", "sport/tennis/#/ranking", "sport+", "+sport", "", "a\0", "##", "++", "+#"]
        {
            assert!(!is_topic_filter(&[bad]), "{bad}");
        }
        assert!(is_topic_filter(&["a/", "+", "/b"]), "a wildcard may stand alone in its part");
        assert!(!is_topic_filter(&["a", "+"]), "levels reach across parts");
    }
}
