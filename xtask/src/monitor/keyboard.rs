//! A terminal that gives each key at once and shows none: the board does that.

/// Restores the terminal when it goes.
#[derive(Debug)]
pub(crate) struct Keyboard {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Keyboard {
    /// Takes the terminal behind stdin; nothing where that is none.
    pub(crate) fn take() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, isatty, tcgetattr, tcsetattr};
        let stdin = std::io::stdin();
        if !isatty(&stdin) {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let mut settings = before.clone();
        // Ctrl-C stays a signal.
        settings.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Now, &settings).ok()?;
        Some(Self { before })
    }
}

#[cfg(unix)]
impl Drop for Keyboard {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(not(unix))]
impl Keyboard {
    /// Leaves the terminal as it is: what is typed goes to the board line by line.
    pub(crate) fn take() -> Option<Self> {
        None
    }
}
