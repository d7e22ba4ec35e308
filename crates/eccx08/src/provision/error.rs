//! Why an element is not provisioned.

use core::fmt;

use super::Change;
use crate::config::{LockBytes, SerialNumber};
use crate::error::Error;

/// Why a step of provisioning was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProvisionError<E> {
    /// The element, or the bus, failed.
    Element(Error<E>),
    /// The element is locked, with another configuration than the image.
    LockedOtherwise {
        /// The first word that differs: `from` is what is locked.
        first: Change,
        /// How many words differ.
        words: usize,
    },
    /// The configuration is unlocked while the data zone or a slot is locked.
    PartlyLocked {
        /// LockValue and LockConfig.
        locks: LockBytes,
    },
    /// A word is neither what the factory left nor what the image wants: somebody configured the element
    /// for another purpose.
    UnexpectedWord {
        /// The word: `to` is what the factory leaves.
        word: Change,
    },
    /// A word does not read back as it was written. Nothing was locked.
    ReadBack {
        /// The word: `from` is what it reads.
        word: Change,
    },
    /// The consent names another element. Nothing was locked.
    ConsentForAnother {
        /// The element that it names.
        named: SerialNumber,
        /// The element on the bus.
        found: SerialNumber,
    },
}

impl<E> From<Error<E>> for ProvisionError<E> {
    fn from(error: Error<E>) -> Self {
        Self::Element(error)
    }
}

impl<E: fmt::Debug> fmt::Display for ProvisionError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(error) => error.fmt(f),
            Self::LockedOtherwise { first, words } => {
                write!(
                    f,
                    "the secure element is locked with another configuration: {words} words differ, {first}"
                )
            }
            Self::PartlyLocked { locks } => write!(
                f,
                "the secure element is partly locked: LockValue {:02X}, LockConfig {:02X}",
                locks.data, locks.config
            ),
            Self::UnexpectedWord { word } => {
                write!(f, "the secure element has been configured before: {word} is what the factory leaves")
            }
            Self::ReadBack { word } => write!(f, "the configuration does not read back as written: {word}"),
            Self::ConsentForAnother { named, found } => {
                write!(f, "the consent is for the element {named}, this one is {found}")
            }
        }
    }
}

impl<E: fmt::Debug + 'static> core::error::Error for ProvisionError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Element(error) => Some(error),
            _ => None,
        }
    }
}
