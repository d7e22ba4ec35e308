//! Keeps the model in step with real time and its flash in a file.

use core::time::Duration;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::thread;

use sam_ba_sim::{FLASH_SIZE, Faults, Loader, PACKET, Profile, Status};

use crate::Arguments;
use crate::terminal::Terminal;

/// When nothing has come for so long, the flash is written to its file.
const IDLE: Duration = Duration::from_millis(200);

/// Serves the loader on a pseudo-terminal.
pub(crate) fn serve(arguments: &Arguments) -> io::Result<()> {
    let mut loader = start(arguments)?;
    let mut saved = loader.flash().to_vec();
    let mut terminal = Terminal::open()?;
    println!("{}", terminal.name());
    io::stdout().flush()?;
    let mut bytes = [0; 4096];
    loop {
        let count = terminal.receive(&mut bytes, IDLE)?;
        if count == 0 {
            save(arguments.flash.as_deref(), loader.flash(), &mut saved)?;
            continue;
        }
        let mut rest = &bytes[..count];
        while !rest.is_empty() {
            let (packet, after) = rest.split_at(packet_length(&loader, rest));
            rest = after;
            loader.receive(packet);
            let (busy, answer) = loader.answer();
            thread::sleep(busy / arguments.speed);
            if arguments.trace {
                loader.take_trace().iter().for_each(|line| eprintln!("{line}"));
            }
            terminal.send(&answer)?;
        }
        if loader.status() == Status::Listening {
            continue;
        }
        eprintln!("{:?}, {:?}", loader.status(), loader.statistics());
        save(arguments.flash.as_deref(), loader.flash(), &mut saved)?;
        match loader.status() {
            Status::Reset | Status::Started(_) if arguments.once => return Ok(()),
            // The terminal's hang-up is all that a client sees.
            Status::Unplugged => return Ok(()),
            Status::Reset | Status::Started(_) => {
                loader = start(arguments)?;
                loader.load_flash(0, &saved);
            }
            Status::Listening | Status::Hung(_) => (),
        }
    }
}

fn start(arguments: &Arguments) -> io::Result<Loader> {
    let faults = Faults {
        stuck_bit: arguments.stuck_bit,
        unplug_after: arguments.unplug_after,
        mute_after: arguments.mute_after,
    };
    let mut loader = Loader::new(Profile { faults, ..Profile::default() });
    match arguments.flash.as_deref().map(fs::read) {
        Some(Ok(flash)) if flash.len() == FLASH_SIZE as usize => loader.load_flash(0, &flash),
        Some(Ok(flash)) => {
            let reason = format!("the file of a flash has {FLASH_SIZE} bytes, this one {}", flash.len());
            return Err(io::Error::new(ErrorKind::InvalidData, reason));
        }
        Some(Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error),
        Some(Err(_)) | None => (),
    }
    Ok(loader)
}

fn save(file: Option<&Path>, flash: &[u8], saved: &mut Vec<u8>) -> io::Result<()> {
    if let Some(file) = file
        && (flash != saved || !file.exists())
    {
        fs::write(file, flash)?;
    }
    flash.clone_into(saved);
    Ok(())
}

/// Cuts what the terminal gave into packets.
///
/// A terminal does not keep the gap that a host leaves between the command `S` and its data, so the cut behind that
/// command is taken for granted here; a host that leaves none is found on the line in memory only.
fn packet_length(loader: &Loader, bytes: &[u8]) -> usize {
    let most = bytes.len().min(PACKET);
    let missing = loader.missing_data() as usize;
    if missing > 0 {
        return most.min(missing);
    }
    bytes[..most].iter().position(|byte| *byte == b'#').map_or(most, |end| end + 1)
}
