//! The model of the secure element as a server on a loopback socket.
#![forbid(unsafe_code)]

mod arguments;
mod memory;

use std::io;
use std::net::TcpListener;
use std::process::ExitCode;
use std::rc::Rc;

use eccx08_sim::{Sim, remote};
use monoclock::ManualClock;

use crate::arguments::{Arguments, HELP, Settings};
use crate::memory::Memory;

fn main() -> ExitCode {
    match arguments::parse(std::env::args().skip(1)) {
        Ok(Arguments::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Arguments::Serve(settings)) => match serve(&settings) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("eccx08-sim: {error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("eccx08-sim: {error}\nTry --help.");
            ExitCode::from(2)
        }
    }
}

/// Serves clients one after the other; the chip stays as the last one left it.
fn serve(settings: &Settings) -> Result<(), String> {
    let mut memory = Memory::new(settings.nv.as_deref());
    let mut builder = Sim::builder(settings.profile).seed(settings.seed).nack(settings.nack);
    if let Some(image) = memory.load()? {
        builder = builder.nv(image);
    }
    let sim = builder.build(Rc::new(ManualClock::new()));
    let listener =
        TcpListener::bind(settings.address).map_err(|error| format!("{}: {error}", settings.address))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("{} on {address}", settings.profile);
    for stream in listener.incoming() {
        let served = stream.and_then(|stream| {
            stream.set_nodelay(true)?;
            remote::serve(&sim, stream, |sim| memory.save(sim).map_err(io::Error::other))
        });
        if let Err(error) = served {
            eprintln!("eccx08-sim: connection ended: {error}");
        }
    }
    Ok(())
}
