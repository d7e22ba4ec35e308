//! What can go wrong with an outbox on flash.

use core::fmt;

use embedded_storage::nor_flash::NorFlashError;

use crate::error::Error;
use crate::outbox::OutboxError;

/// Why an outbox on flash cannot do what it was asked for; `F` is the flash's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlashOutboxError<F> {
    /// The event cannot be taken; nothing was written.
    Event(OutboxError),
    /// The range has fewer than four rows, is not made of whole rows, or the flash does not suit: pages of
    /// 64 bytes must be made of its reads and writes, and its rows of pages.
    Region,
    /// An event from before is larger than the memory for it: its bytes.
    EventBuffer {
        /// Bytes of its subfolder and payload.
        needed: usize,
    },
    /// The flash does not hold what was written to it: it may be worn.
    Verify,
    /// The flash failed.
    Flash(F),
}

/// Why what waits on flash was not sent; `E` is the link's own error, `F` the flash's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushError<E, F> {
    /// The connection failed.
    Connection(Error<E>),
    /// The outbox could not be read.
    Outbox(FlashOutboxError<F>),
}

impl<F> From<OutboxError> for FlashOutboxError<F> {
    fn from(error: OutboxError) -> Self {
        Self::Event(error)
    }
}

impl<E, F> From<FlashOutboxError<F>> for FlushError<E, F> {
    fn from(error: FlashOutboxError<F>) -> Self {
        Self::Outbox(error)
    }
}

impl<F: NorFlashError> fmt::Display for FlashOutboxError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(_) => f.write_str("the event was not taken"),
            Self::Region => f.write_str("the range of flash does not suit an outbox"),
            Self::EventBuffer { needed } => {
                write!(f, "an event on flash has {needed} bytes, the memory for it fewer")
            }
            Self::Verify => f.write_str("the flash does not hold what was written"),
            Self::Flash(error) => write!(f, "the flash failed: {}", error.kind()),
        }
    }
}

impl<F: NorFlashError> core::error::Error for FlashOutboxError<F> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Event(error) => Some(error),
            _ => None,
        }
    }
}

impl<E, F> fmt::Display for FlushError<E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection(_) => "the connection failed",
            Self::Outbox(_) => "the outbox on flash failed",
        })
    }
}

impl<E, F> core::error::Error for FlushError<E, F>
where
    E: core::error::Error + 'static,
    F: NorFlashError + 'static,
{
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Connection(error) => Some(error),
            Self::Outbox(error) => Some(error),
        }
    }
}
