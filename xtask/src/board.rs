//! The boards on this machine's USB: which there are, how one gets into its loader, what to say when it does not.

mod devices;
mod find;
pub(crate) mod interrupt;
mod line;
mod stop;

pub(crate) use devices::{Device, Role, list, shown};
pub(crate) use find::{Selection, System, choose, loader, program};
pub(crate) use line::{Line, open};
pub(crate) use stop::{Kind, Stop};
