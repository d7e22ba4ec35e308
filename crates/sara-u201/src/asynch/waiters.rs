//! The tasks that wait for something to change.

use core::task::Waker;

use heapless::Vec;

/// Tasks that are kept at a time. More can wait: then they wake each other, which costs only time.
const TASKS: usize = 8;

/// Wakers of tasks, each once.
#[derive(Debug, Default)]
pub(super) struct Waiters(Vec<Waker, TASKS>);

impl Waiters {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Notes a task that waits.
    pub(super) fn register(&mut self, waker: &Waker) {
        if self.0.iter().any(|known| known.will_wake(waker)) {
            return;
        }
        if let Err(waker) = self.0.push(waker.clone()) {
            self.wake();
            let _ = self.0.push(waker);
        }
    }

    /// Wakes all that wait; each looks whether its time has come.
    pub(super) fn wake(&mut self) {
        while let Some(waker) = self.0.pop() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU32, Ordering};
    use std::sync::Arc;
    use std::task::Wake;
    use std::vec::Vec;

    #[derive(Default)]
    struct Task(AtomicU32);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn no_task_is_forgotten_when_there_are_too_many() {
        let tasks: Vec<Arc<Task>> = (0..TASKS + 3).map(|_| Arc::default()).collect();
        let mut waiters = Waiters::new();
        for task in &tasks {
            waiters.register(&Waker::from(task.clone()));
            waiters.register(&Waker::from(task.clone()));
        }
        waiters.wake();
        for task in &tasks {
            assert_eq!(task.0.load(Ordering::Relaxed), 1);
        }
    }
}
