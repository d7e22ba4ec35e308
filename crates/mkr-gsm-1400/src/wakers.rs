//! Tasks that wait for the board (feature `async`).
//!
//! Every interrupt that the board serves wakes all tasks that wait: each looks whether its time, or its byte, has
//! come, and waits again if not. One processor with one executor has few of them.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Poll, Waker};

use critical_section::Mutex;
use heapless::Vec;
use monoclock::{AsyncClock, Clock, Instant};

use crate::{Timer, handler, timer};

/// Tasks that can wait at the same time without waking each other.
const TASKS: usize = 8;

static WAKERS: Mutex<RefCell<Vec<Waker, TASKS>>> = Mutex::new(RefCell::new(Vec::new()));

/// Remembers a task until the next interrupt; with too many of them, it is woken at once.
pub(crate) fn register(waker: &Waker) {
    handler::EVENT.set(wake_all);
    critical_section::with(|section| {
        let Ok(mut wakers) = WAKERS.borrow(section).try_borrow_mut() else { return };
        let is_known = wakers.iter().any(|known| known.will_wake(waker));
        if !is_known && wakers.push(waker.clone()).is_err() {
            waker.wake_by_ref();
        }
    });
}

/// Wakes every task that waits.
fn wake_all() {
    let wakers = critical_section::with(|section| {
        let wakers = WAKERS.borrow(section).try_borrow_mut();
        wakers.map(|mut wakers| core::mem::take(&mut *wakers)).unwrap_or_default()
    });
    for waker in wakers {
        waker.wake();
    }
}

impl AsyncClock for Timer {
    async fn wait_until(&self, until: Instant) {
        poll_fn(|context| {
            if self.now().has_reached(until) {
                return Poll::Ready(());
            }
            register(context.waker());
            timer::alarm(until);
            Poll::Pending
        })
        .await;
    }
}

/// The board's clock for embassy-time: ticks are milliseconds.
struct EmbassyTime;

embassy_time_driver::time_driver_impl!(static EMBASSY_TIME: EmbassyTime = EmbassyTime);

impl embassy_time_driver::Driver for EmbassyTime {
    fn now(&self) -> u64 {
        timer::now_millis()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        register(waker);
        let now = timer::now_millis();
        let left = u32::try_from(at.saturating_sub(now)).unwrap_or(u32::MAX / 2).min(u32::MAX / 2);
        timer::alarm(timer::now() + monoclock::Millis(left));
    }
}
