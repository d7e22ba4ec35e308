//! The whole tutorial on the models: from a blank element to a delivered command.

use core::cell::RefCell;
use core::error::Error;
use core::fmt::Write as _;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Instant;

use clap::Parser;
use sara_u201_sim::Event as ModemEvent;
use tutorial::provision::Outcome;
use tutorial_host::{
    Backend, BoardError, ImageFigures, Operator, Plan, Report, Terminal, VirtualBoard, World, WorldSettings,
    report_error,
};

/// Runs the whole tutorial on models of the secure element, the modem and the cloud.
///
/// Provisions a blank element, registers its public key, connects, publishes states, and sends one
/// configuration and one command from the cloud's side. Exits with 0 only if all of it was seen there.
#[derive(Debug, Parser)]
#[command(
    name = "sim",
    after_help = "Examples:\n  cargo xtask sim\n  cargo xtask sim --states 2 --seed 7 --json\n  cargo xtask sim --for 3600\n  cargo xtask sim --keep-running"
)]
struct Arguments {
    /// Ends when this many states have arrived and everything else was seen: 5, or 1 with `--for`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    states: Option<u64>,
    /// Runs for this long instead, in virtual seconds.
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u64>,
    /// Runs in real time, over sockets on loopback, until it is stopped (or for `--for` SECONDS).
    #[arg(long)]
    keep_running: bool,
    /// Seed of everything that is drawn at random: the same seed gives the same run.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Ends with one JSON object on standard output; everything else goes to standard error.
    #[arg(long)]
    json: bool,
    /// Runs the host build of the tutorial instead of images.
    #[arg(long, conflicts_with_all = ["provision_image", "cloud_image"])]
    native: bool,
    /// The image (ELF) of `provision` for the emulated board.
    #[arg(long, value_name = "ELF", requires = "cloud_image", required_unless_present = "native")]
    provision_image: Option<PathBuf>,
    /// The image (ELF) of `cloud` for the emulated board.
    #[arg(long, value_name = "ELF", requires = "provision_image", conflicts_with = "keep_running")]
    cloud_image: Option<PathBuf>,
    /// Loses the mobile network for half a minute, so many seconds after `cloud` has got power.
    #[arg(long, value_name = "SECONDS", requires = "cloud_image")]
    lose_network: Vec<u64>,
    /// Cuts the board's power, so many seconds after `cloud` has got it.
    #[arg(long, value_name = "SECONDS", requires = "cloud_image")]
    cut_power: Vec<u64>,
}

/// After the command was sent, the device has this long to show it.
const DELIVERY: Duration = Duration::from_secs(2);
/// What `provision` asks, and what is typed.
const PROVISIONING: [(&str, &str); 3] = [("(y/N)", "y"), ("0 by default)", ""), ("(Y/n)", "y")];
/// A loss of the network lasts so long.
const OUTAGE: Duration = Duration::from_secs(30);
/// A steady minute, at the end of a run.
const MINUTE: Duration = Duration::from_secs(60);
/// The run is looked at this often.
const STEP: Duration = Duration::from_millis(100);
/// Virtual time after which a run that does not come to its end is given up.
const LIMIT: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    report_error("sim", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    match (&arguments.provision_image, &arguments.cloud_image) {
        (Some(provision), Some(cloud)) => run_images(arguments, provision, cloud),
        _ => run_native(arguments),
    }
}

/// The same images that are flashed, on the emulated board.
fn run_images(arguments: &Arguments, provision: &Path, cloud: &Path) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let states = arguments.states.unwrap_or(if arguments.seconds.is_some() { 1 } else { 5 });
    let show = |prefix| if arguments.json { Terminal::on_error(prefix) } else { Terminal::on_output(prefix) };
    let mut narrator = show("");
    let mut device = show("device | ");
    let world = World::new(WorldSettings::new(arguments.seed))?;

    writeln!(narrator, "== Provisioning a blank secure element: {}", provision.display())?;
    let mut board = VirtualBoard::new(&world, &read(provision)?)?.answering(&PROVISIONING);
    board.run_until(&world, &mut device, LIMIT, |shown| public_key(shown).is_some())?;
    let pem = public_key(device.shown()).ok_or("no public key was shown")?.to_owned();

    writeln!(narrator, "== Registering the public key with the cloud")?;
    let now = world.clock.elapsed();
    let operator =
        Operator::register(&world.emulator, &World::DEVICE, &pem, now, Plan::default(), show("cloud  | "))?;
    let operator = Rc::new(RefCell::new(operator));
    let watching = Rc::clone(&operator);
    world.as_time_passes(move |now| watching.borrow_mut().act(now));

    writeln!(narrator, "== Running the tutorial: {}", cloud.display())?;
    let mut board = board.flash(&read(cloud)?)?;
    let counted =
        |board: &VirtualBoard| (board.run().machine.cpu.cycles, board.run().machine.asleep_cycles());
    let begun = counted(&board);
    let mut first_state = None;
    let mut minute = None;
    let mut blows = blows(arguments);
    let mut left = arguments.seconds.map_or(LIMIT, Duration::from_secs);
    let minute_begins = left.checked_sub(MINUTE).filter(|_| arguments.seconds.is_some());
    let start = world.clock.elapsed();
    while !left.is_zero() {
        let span = left.min(STEP);
        match board.run_until(&world, &mut device, span, |_| {
            operator.borrow().states_received() > 0 && first_state.is_none()
        }) {
            Ok(()) | Err(BoardError::Late(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if first_state.is_none() && operator.borrow().states_received() > 0 {
            let (cycles, asleep) = counted(&board);
            first_state = Some((cycles - begun.0, asleep - begun.1));
        }
        let elapsed = world.clock.elapsed() - start;
        for (_, blow) in blows.extract_if(.., |(at, _)| elapsed >= *at) {
            match blow {
                Blow::Network => world.modem.happen(ModemEvent::RegistrationLost(OUTAGE)),
                Blow::Power => board.cut_power(),
            }
        }
        if minute.is_none() && minute_begins.is_some_and(|begin| elapsed >= begin) {
            minute = Some(counted(&board));
        }
        left = arguments.seconds.map_or(LIMIT, Duration::from_secs).saturating_sub(elapsed);
        if arguments.seconds.is_none() && is_done(&operator.borrow(), states, world.clock.elapsed()) {
            break;
        }
    }
    let mut report = Report::new(&world, &operator.borrow(), device.shown(), started.elapsed());
    report.image = Some(ImageFigures::new(board.run(), first_state, minute));
    conclude(arguments, &mut narrator, &report, states)
}

/// What happens to the board, and when.
fn blows(arguments: &Arguments) -> Vec<(Duration, Blow)> {
    let at =
        |seconds: &[u64], blow| seconds.iter().map(|at| (Duration::from_secs(*at), blow)).collect::<Vec<_>>();
    let mut blows = at(&arguments.lose_network, Blow::Network);
    blows.extend(at(&arguments.cut_power, Blow::Power));
    blows
}

#[derive(Clone, Copy, Debug)]
enum Blow {
    Network,
    Power,
}

fn read(image: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    std::fs::read(image).map_err(|error| format!("cannot read {}: {error}", image.display()).into())
}

/// The first public key in what was shown, as PEM.
fn public_key(shown: &str) -> Option<&str> {
    const END: &str = "-----END PUBLIC KEY-----";
    let begin = shown.find("-----BEGIN PUBLIC KEY-----")?;
    let end = begin + shown.get(begin..)?.find(END)? + END.len();
    shown.get(begin..end)
}

fn conclude(
    arguments: &Arguments,
    narrator: &mut Terminal,
    report: &Report,
    states: u64,
) -> Result<(), Box<dyn Error>> {
    writeln!(narrator, "== Summary\n{report}")?;
    if arguments.json {
        println!("{}", report.to_json());
    }
    if report.is_complete(states) {
        Ok(())
    } else {
        Err("not everything was seen on the cloud's side".into())
    }
}

fn run_native(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let states = arguments.states.unwrap_or(if arguments.seconds.is_some() { 1 } else { 5 });
    let show = |prefix| if arguments.json { Terminal::on_error(prefix) } else { Terminal::on_output(prefix) };
    let mut narrator = show("");
    let mut device = show("device | ").answering(&["y", "0", "y"]);

    let backend = if arguments.keep_running { Backend::Loopback } else { Backend::Memory };
    let world = World::new(WorldSettings { backend, ..WorldSettings::new(arguments.seed) })?;
    writeln!(narrator, "== Provisioning a blank secure element")?;
    let mut element = world.element_driver();
    let Outcome::Key(_, public_key) = tutorial::provision::run(&mut element, &mut device)? else {
        return Err("the element was not provisioned".into());
    };

    writeln!(narrator, "== Registering the public key with the cloud")?;
    let pem = public_key.to_string();
    let now = world.clock.elapsed();
    let operator =
        Operator::register(&world.emulator, &World::DEVICE, &pem, now, Plan::default(), show("cloud  | "))?;
    let operator = Rc::new(RefCell::new(operator));
    let watching = Rc::clone(&operator);
    world.as_time_passes(move |now| watching.borrow_mut().act(now));

    writeln!(narrator, "== Running the tutorial")?;
    if let Some(address) = world.cloud_address() {
        writeln!(narrator, "The cloud listens with TLS at {address}; stop with Ctrl-C")?;
    }
    let mut modem = world.modem_driver();
    let clock = world.driver_clock();
    let start = world.clock.elapsed();
    let keep_going = || {
        let elapsed = world.clock.elapsed() - start;
        match arguments.seconds {
            Some(seconds) => elapsed < Duration::from_secs(seconds),
            None if arguments.keep_running => true,
            None => !is_done(&operator.borrow(), states, world.clock.elapsed()) && elapsed < LIMIT,
        }
    };
    let settings = world.settings();
    tutorial::cloud::run(&mut element, &mut modem, &clock, &settings, &mut device, keep_going)?;
    operator.borrow_mut().act(world.clock.elapsed());

    let report = Report::new(&world, &operator.borrow(), device.shown(), started.elapsed());
    conclude(arguments, &mut narrator, &report, states)
}

fn is_done(operator: &Operator, states: u64, now: Duration) -> bool {
    let delivered = operator.command_sent().is_some_and(|sent| now >= sent + DELIVERY);
    operator.states_received() >= states && operator.config_acknowledged() && delivered
}
