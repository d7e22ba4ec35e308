//! Static RAM for one driver, as a program without a heap would give it.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// Room for a `T` in static RAM.
#[derive(Debug)]
pub struct Room<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: the probes have one thread of execution, and are never run.
unsafe impl<T> Sync for Room<T> {}

impl<T> Room<T> {
    /// Makes empty room.
    #[must_use]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Puts `value` there and lends it for ever; to be called once.
    #[expect(clippy::mut_from_ref, reason = "called once")]
    pub fn fill(&'static self, value: T) -> &'static mut T {
        // SAFETY: nobody else has a reference, since this is called once.
        unsafe { (*self.0.get()).write(value) }
    }
}

impl<T> Default for Room<T> {
    fn default() -> Self {
        Self::new()
    }
}
