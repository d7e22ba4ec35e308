//! Faults: what goes wrong, when, and how often; each can be written as one word of a command line.

mod effect;
mod engine;
mod scenario;
mod spec;

pub use effect::{CardFault, ClockFault, Effect, NoiseKind, PromptFault, StoreFault, Wire, WriteFault};
pub use scenario::{adversarial_payload, scenario};
pub use spec::FaultError;

pub(crate) use engine::Faults;

use core::time::Duration;

/// One fault.
///
/// ```
/// use sara_u201_sim::{Effect, Fault, Moment, Trigger};
///
/// let fault: Fault = "drop-urc:name=+UUSORD,times=2@5s".parse()?;
/// assert_eq!(fault.effect, Effect::DropUrc { name: "+UUSORD".into() });
/// assert_eq!((fault.times, fault.trigger), (2, Trigger::At(core::time::Duration::from_secs(5))));
///
/// let fault: Fault = "reboot@+USOWR#3/prompt".parse()?;
/// let third = Trigger::Command { name: "+USOWR".into(), nth: 3, moment: Moment::Prompt };
/// assert_eq!(fault.trigger, third);
/// assert!("reboot@sometime".parse::<Fault>().is_err());
/// # Ok::<(), sara_u201_sim::FaultError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub effect: Effect,
    /// When.
    pub trigger: Trigger,
    /// How often; 0 is without end.
    pub times: u32,
}

/// When a fault begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// From the virtual start.
    Start,
    /// At a virtual time.
    At(Duration),
    /// With a command.
    Command {
        /// The command, as `+USOWR`.
        name: String,
        /// The how manieth time that it comes to that point, from 1; 0 is every time.
        nth: u32,
        /// Where in its execution.
        moment: Moment,
    },
}

/// A point in the execution of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The line has been taken.
    Begin,
    /// The prompt has been sent.
    Prompt,
    /// Half of the data has arrived.
    Data,
    /// The answer is about to be sent.
    Reply,
    /// The first line of information is being sent.
    Middle,
    /// The final result has been sent.
    Result,
}
