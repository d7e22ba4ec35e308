#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod clock;
mod console;

mod operator;
mod report;
mod virtual_board;
mod wiring;
mod world;

pub use clock::{Hook, WorldClock};
pub use console::{Terminal, report_error};
pub use eccx08_sim::{ElementFile, ElementFileError};
pub use operator::{Operator, Plan};
pub use report::{ImageFigures, Report};
pub use samd21_sim::board::bridge::serve_cloud;
pub use virtual_board::{BoardError, VirtualBoard};
pub use wiring::Wires;
pub use world::{Backend, World, WorldError, WorldSettings};
