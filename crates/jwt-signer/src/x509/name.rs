//! Who a certificate is for (RFC 5280 section 4.1.2.4).

use der::asn1::{ObjectIdentifier, PrintableStringRef};
use der::{Encode, EncodeValue, FixedTag, Length, Tag, Tagged, Writer};

use super::document::Sequence;
use super::{CertificateError, Style};

/// A distinguished name; attributes that are empty are left out.
///
/// They are written in this order, each as a PrintableString if its characters allow, else as a
/// UTF8String.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DistinguishedName<'a> {
    /// Country, two letters (ISO 3166).
    pub country_name: &'a str,
    /// State or province, up to 128 bytes.
    pub state_or_province_name: &'a str,
    /// Locality, up to 128 bytes.
    pub locality_name: &'a str,
    /// Organization, up to 64 bytes.
    pub organization_name: &'a str,
    /// Organizational unit, up to 64 bytes.
    pub organizational_unit_name: &'a str,
    /// Common name, up to 64 bytes.
    pub common_name: &'a str,
}

impl<'a> DistinguishedName<'a> {
    /// What can be encoded, once the attributes are found to be what RFC 5280 allows.
    pub(super) fn encoder(&self, style: Style) -> Result<RdnSequence<'a>, CertificateError> {
        let texts = [
            self.country_name,
            self.state_or_province_name,
            self.locality_name,
            self.organization_name,
            self.organizational_unit_name,
            self.common_name,
        ];
        if texts.iter().all(|text| text.is_empty()) {
            return Err(CertificateError::EmptySubject);
        }
        if !matches!(self.country_name.as_bytes(), [] | [b'A'..=b'Z', b'A'..=b'Z']) {
            return Err(CertificateError::InvalidCountry);
        }
        for (kind, text) in ATTRIBUTES.iter().zip(texts) {
            if text.len() > kind.limit {
                return Err(CertificateError::AttributeTooLong { attribute: kind.name, limit: kind.limit });
            }
        }
        Ok(RdnSequence { texts, style })
    }
}

/// An attribute of a name (RFC 5280 appendix A.1).
struct AttributeKind {
    name: &'static str,
    oid: ObjectIdentifier,
    limit: usize,
}

impl AttributeKind {
    const fn new(name: &'static str, oid: &str, limit: usize) -> Self {
        Self { name, oid: ObjectIdentifier::new_unwrap(oid), limit }
    }
}

static ATTRIBUTES: [AttributeKind; 6] = [
    AttributeKind::new("countryName", "2.5.4.6", 2),
    AttributeKind::new("stateOrProvinceName", "2.5.4.8", 128),
    AttributeKind::new("localityName", "2.5.4.7", 128),
    AttributeKind::new("organizationName", "2.5.4.10", 64),
    AttributeKind::new("organizationalUnitName", "2.5.4.11", 64),
    AttributeKind::new("commonName", "2.5.4.3", 64),
];

/// A name as a SEQUENCE of sets of one attribute each.
pub(super) struct RdnSequence<'a> {
    texts: [&'a str; 6],
    style: Style,
}

impl RdnSequence<'_> {
    fn sets(&self) -> impl Iterator<Item = RelativeDistinguishedName<'_>> {
        let present = ATTRIBUTES.iter().zip(self.texts).filter(|(_, text)| !text.is_empty());
        present.map(|(kind, text)| {
            let printable = self.style == Style::Arduino || PrintableStringRef::new(text).is_ok();
            let tag = if printable { Tag::PrintableString } else { Tag::Utf8String };
            RelativeDistinguishedName(Sequence((kind.oid, DirectoryString { tag, text })))
        })
    }
}

impl FixedTag for RdnSequence<'_> {
    const TAG: Tag = Tag::Sequence;
}

impl EncodeValue for RdnSequence<'_> {
    fn value_len(&self) -> der::Result<Length> {
        self.sets().try_fold(Length::ZERO, |length, set| length + set.encoded_len()?)
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.sets().try_for_each(|set| set.encode(writer))
    }
}

/// A SET of one attribute.
struct RelativeDistinguishedName<'a>(Sequence<(ObjectIdentifier, DirectoryString<'a>)>);

impl FixedTag for RelativeDistinguishedName<'_> {
    const TAG: Tag = Tag::Set;
}

impl EncodeValue for RelativeDistinguishedName<'_> {
    fn value_len(&self) -> der::Result<Length> {
        self.0.encoded_len()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        self.0.encode(writer)
    }
}

/// A text under one of the tags that a name may use.
struct DirectoryString<'a> {
    tag: Tag,
    text: &'a str,
}

impl Tagged for DirectoryString<'_> {
    fn tag(&self) -> Tag {
        self.tag
    }
}

impl EncodeValue for DirectoryString<'_> {
    fn value_len(&self) -> der::Result<Length> {
        self.text.len().try_into()
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(self.text.as_bytes())
    }
}
