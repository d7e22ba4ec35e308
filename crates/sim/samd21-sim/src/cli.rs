//! The command line.

use core::error::Error;
use core::net::SocketAddr;
use core::time::Duration;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use eccx08_sim::{ElementFile, Profile as ElementProfile, Sim};
use monoclock::ManualClock;
use samd21_sim::Time;
use samd21_sim::board::usb_host::Console;
use samd21_sim::board::{Board, BoardSettings};
use samd21_sim::chip::Chip;
use samd21_sim::image::Image;
use samd21_sim::machine::Machine;
use samd21_sim::peripherals;
use samd21_sim::report::report;
use samd21_sim::run::{Entry, Pause, Run};
use sara_u201_sim::{HostNetwork, MemoryNetwork, Profile as ModemProfile, Simulation};

mod cloud;
mod console;
mod pty;

use cloud::LocalCloud;
use console::{Input, Sends, Terminal, parse_input, parse_send};

/// Runs firmware images for the Arduino MKR GSM 1400 on an emulated SAMD21G18A, in virtual time
#[derive(Debug, clap::Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Runs an image until its time is up, the console shows a text, or it fails
    Run(Box<RunArgs>),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 when the time is up or the text was seen, 1 when the firmware failed or the text \
    was not seen, 2 when the run could not begin.\n\nExamples:\n  samd21-sim run blink.elf --for 10\n  \
    samd21-sim run sketch.bin --base 0x2000 --until-console ready --report run.json\n  \
    samd21-sim run provision.elf --console - --send 'y@3'"
)]
pub(crate) struct RunArgs {
    /// An ELF file or a plain binary
    image: PathBuf,
    /// Address of the vector table; a plain binary goes there [default: 0x2000, or the ELF file's lowest address]
    #[arg(long, value_parser = parse_address)]
    base: Option<u32>,
    /// Where the core begins: behind the board's loader, or at the image's vectors on a chip just reset
    #[arg(long, value_enum, default_value_t = EntryArg::Loader)]
    entry: EntryArg,
    /// Connects standard input (`-`) or a pseudo-terminal (`pty`) to the console; its output is shown in any case
    #[arg(long, value_name = "-|pty", value_parser = parse_input)]
    console: Option<Input>,
    /// Types TEXT into the console at SECONDS; `\n`, `\r` and `\t` are understood
    #[arg(long, value_name = "TEXT@SECONDS", value_parser = parse_send)]
    send: Vec<(String, Duration)>,
    /// Leaves the USB cable unplugged
    #[arg(long)]
    no_usb: bool,
    /// What the secure element holds; written back at the end, and made blank when there is no such file
    #[arg(long, value_name = "FILE")]
    element_nv: Option<PathBuf>,
    /// Where mqtt.googleapis.com:8883 is for the modem: the cloud's emulator in this run (`local`), or a socket
    #[arg(long, value_name = "local|HOST:PORT", value_parser = parse_cloud)]
    cloud: Option<CloudArg>,
    /// Private key (PEM) of the local cloud's authority, so that an image can know its root beforehand
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// Voltage of the battery; 0 without one
    #[arg(long, value_name = "MILLIVOLTS", default_value_t = 3_900, value_parser = clap::value_parser!(u32).range(..=5_000))]
    battery: u32,
    /// Seed of everything that is drawn at random
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Ends the run when the console has shown this text
    #[arg(long, value_name = "TEXT")]
    until_console: Option<String>,
    /// Virtual time to run for
    #[arg(long = "for", value_name = "SECONDS", value_parser = parse_seconds)]
    seconds: Option<Duration>,
    /// Waits for a GDB at this port of 127.0.0.1 (0: any free one), which then steers the run
    #[arg(long, value_name = "PORT")]
    gdb: Option<u16>,
    /// Writes what passes to standard error
    #[arg(long, value_enum, value_delimiter = ',')]
    trace: Vec<TraceArg>,
    /// Writes the trace of instructions there instead
    #[arg(long, value_name = "FILE")]
    trace_file: Option<PathBuf>,
    /// Writes the report of the run
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Says nothing but what the firmware's console shows
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EntryArg {
    Loader,
    Image,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TraceArg {
    I2c,
    Uart,
    Usb,
    Pc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CloudArg {
    Local,
    Socket(SocketAddr),
}

fn parse_cloud(text: &str) -> Result<CloudArg, String> {
    if text == "local" {
        return Ok(CloudArg::Local);
    }
    text.parse().map(CloudArg::Socket).map_err(|_| "expected local, or an address and a port".to_owned())
}

/// The host that `--cloud` stands for.
const CLOUD: (&str, u16) = ("mqtt.googleapis.com", 8883);
/// The world is looked at this often: console, texts, the host's input.
const SLICE: Time = Time::from_millis(1);

fn parse_address(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    match parsed {
        Ok(address) if address & 0xFF == 0 => Ok(address),
        Ok(_) => Err("a vector table is at a multiple of 256".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

impl Cli {
    pub(crate) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.command {
            Command::Run(args) => args.run(),
        }
    }
}

impl RunArgs {
    fn run(&self) -> Result<ExitCode, Box<dyn Error>> {
        let bytes = std::fs::read(&self.image)
            .map_err(|error| format!("cannot read {}: {error}", self.image.display()))?;
        let image = Image::parse(&bytes, self.base)?;
        let mut chip = Chip::bare();
        peripherals::attach(&mut chip);
        let (element, modem, mut cloud) = self.models()?;
        let settings = BoardSettings { battery_millivolts: self.battery, usb: !self.no_usb };
        let board = Board::wire(&mut chip, &element, &modem, settings);
        let console = board.console.clone();
        self.plug_traces(&mut chip);
        let entry = match self.entry {
            EntryArg::Loader => Entry::Loader,
            EntryArg::Image => Entry::Image,
        };
        image.program(&mut chip.fabric.nvm);
        image.check_vectors(&chip.fabric.nvm)?;
        let mut run = Run::new(Machine::new(chip), image, entry);
        if self.trace.contains(&TraceArg::Pc) {
            let out: Box<dyn std::io::Write> = match &self.trace_file {
                Some(path) => Box::new(BufWriter::new(File::create(path)?)),
                None => Box::new(BufWriter::new(std::io::stderr())),
            };
            run.watch.trace_to(out);
        }
        let began = Instant::now();
        let seen = match self.gdb {
            Some(port) => self.debug(&mut run, &console, port)?,
            None => self.drive(&mut run, &console, &element, cloud.as_mut())?,
        };
        if let Some(failure) = console.failure() {
            eprintln!("usb: the host gave the device up: {failure}");
        }
        if let Some(path) = &self.element_nv {
            ElementFile::new(path).write(&element)?;
        }
        self.finish(&run, began.elapsed(), seen)
    }

    /// Element and modem, on one clock, and the local cloud. The modem's network is this machine's sockets, or one
    /// in memory.
    fn models(&self) -> Result<(Sim, Simulation, Option<LocalCloud>), Box<dyn Error>> {
        let clock = Rc::new(ManualClock::new());
        let mut element = Sim::builder(ElementProfile::Atecc508a).seed(self.seed);
        if let Some(path) = &self.element_nv
            && let Some(memory) = ElementFile::new(path).read()?
        {
            element = element.nv(memory);
        }
        let profile = ModemProfile { seed: self.seed, ..ModemProfile::default() };
        let element = element.build(Rc::clone(&clock));
        if let Some(CloudArg::Socket(address)) = self.cloud {
            let mut network = HostNetwork::new();
            network.route(CLOUD.0, CLOUD.1, address);
            return Ok((element, Simulation::new(profile, network, clock), None));
        }
        let network = MemoryNetwork::new(self.seed);
        let begin = profile.unix_time_at_start;
        let serve = || LocalCloud::serve(&network, CLOUD, begin, self.authority.as_deref());
        let cloud = (self.cloud == Some(CloudArg::Local)).then(serve).transpose()?;
        Ok((element, Simulation::new(profile, network, clock), cloud))
    }

    fn plug_traces(&self, chip: &mut Chip) {
        if self.trace.contains(&TraceArg::I2c) {
            samd21_sim::trace::i2c(&mut chip.fabric.plugs);
        }
        if self.trace.contains(&TraceArg::Uart) {
            samd21_sim::trace::serial(&mut chip.fabric.plugs);
        }
    }

    fn terminal(&self, console: &Console) -> Result<Terminal, Box<dyn Error>> {
        // Sockets live in real time.
        let paced = matches!(self.cloud, Some(CloudArg::Socket(_)));
        let terminal =
            Terminal::new(console.clone(), self.console, paced, self.trace.contains(&TraceArg::Usb));
        Ok(terminal.map_err(|error| format!("cannot open a pseudo-terminal: {error}"))?)
    }

    /// Lets the firmware run; true when what was waited for has come.
    fn drive(
        &self,
        run: &mut Run,
        console: &Console,
        element: &Sim,
        mut cloud: Option<&mut LocalCloud>,
    ) -> Result<bool, Box<dyn Error>> {
        let end = self.seconds.map_or(Time::NEVER, Time::from_duration);
        let mut sends = Sends::new(&self.send);
        let mut terminal = self.terminal(console)?;
        loop {
            let now = run.machine.now();
            if now >= end {
                return Ok(self.until_console.is_none());
            }
            for text in sends.due(now) {
                console.type_in(text.as_bytes());
            }
            let pause = run.run_until((now + SLICE).min(end));
            terminal.exchange(run.machine.now())?;
            if let Some(cloud) = &mut cloud {
                cloud.look(element, run.machine.now())?;
            }
            if self.until_console.as_deref().is_some_and(|text| terminal.has_shown(text)) {
                return Ok(true);
            }
            if pause != Pause::TimeUp {
                return Ok(false);
            }
        }
    }

    /// Lets a debugger steer.
    fn debug(&self, run: &mut Run, console: &Console, port: u16) -> Result<bool, Box<dyn Error>> {
        let mut sends = Sends::new(&self.send);
        let mut terminal = self.terminal(console)?;
        samd21_sim::gdb::serve(run, port, &mut |now| {
            for text in sends.due(now) {
                console.type_in(text.as_bytes());
            }
            // A terminal that was closed shows nothing; the debugger goes on.
            let _ = terminal.exchange(now);
        })?;
        Ok(true)
    }

    fn finish(&self, run: &Run, wall: Duration, seen: bool) -> Result<ExitCode, Box<dyn Error>> {
        if !self.quiet {
            for (at, warning) in run.machine.chip.fabric.warnings.iter() {
                eprintln!("warning: {at}: {warning}");
            }
            for (at, cause) in run.resets() {
                eprintln!("reset: {at}: {cause:?}");
            }
            let cpu = &run.machine.cpu;
            eprintln!(
                "ran {} in {:.2} s: {} instructions, {} cycles, {} of them asleep",
                run.machine.now(),
                wall.as_secs_f64(),
                cpu.instructions(),
                cpu.cycles,
                run.machine.asleep_cycles()
            );
        }
        if let Some(path) = &self.report {
            let text = serde_json::to_string_pretty(&report(run, wall.as_secs_f64()))?;
            std::fs::write(path, text + "\n")
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        if let Some(failure) = run.failure() {
            eprintln!("failed: {}: {failure}", run.machine.now());
            for place in run.backtrace() {
                eprintln!("  {place}");
            }
            return Ok(ExitCode::FAILURE);
        }
        if !seen {
            eprintln!(
                "failed: the console has not shown {:?}",
                self.until_console.as_deref().unwrap_or_default()
            );
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}
