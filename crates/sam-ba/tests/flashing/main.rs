//! The driver on the model of the loader, in memory and on virtual time.

mod a_program_is_installed;
mod an_image_is_checked;
mod failures_are_named;
mod line;
