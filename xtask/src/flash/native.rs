//! The installation over the loader, by this task itself.

use core::ops::ControlFlow;

use sam_ba::{Error, Failure, Loader, Report, SettingsAfter};

use super::bar::Bar;
use super::plan::Plan;
use crate::board::{self, Kind, Stop, interrupt};

/// Installs the plan's program on the board whose loader is behind `port`, and starts it.
pub(crate) fn install(plan: &Plan<'_>, port: &str) -> Result<Report, Stop> {
    interrupt::watch(
        "stopping; what the board keeps is written back first (again: at once)",
        "stopped at once: settings lost, unless the board was not erased yet",
    );
    let line = board::open(port)?;
    let mut loader = Loader::connect(line).map_err(|error| no_loader(port, error))?;
    let mut bar = Bar::new();
    let result = plan.flasher.run(&mut loader, |progress| {
        bar.show(progress);
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish();
    let report = result.map_err(failed)?;
    eprintln!("{}", said(&report));
    loader.reset().map_err(|error| Stop::new(Kind::Protocol, error))?;
    Ok(report)
}

fn said(report: &Report) -> &'static str {
    match report.settings {
        SettingsAfter::Kept => "done; the settings are back in their place",
        SettingsAfter::None => "done; the board had no settings",
        SettingsAfter::Erased => "done; the settings were erased, as asked",
        SettingsAfter::Untouched | SettingsAfter::Lost => "done",
    }
}

fn no_loader(port: &str, error: Error) -> Stop {
    let reason = anyhow::Error::new(error).context(format!("no loader answers at {port}"));
    Stop::new(Kind::Protocol, reason).advise(
        "If the board's program is running there, press the reset button twice within half a second,\n\
         and look for the loader's port with `cargo xtask devices`.",
    )
}

fn failed(failure: Failure) -> Stop {
    let (kind, mut advice) = match &failure.cause {
        Error::Interrupted => (Kind::Interrupted, String::new()),
        Error::Verify { .. } => (
            Kind::Verify,
            "Flash it once more; if the same address fails again, the flash is worn out.\n".to_owned(),
        ),
        Error::Port(_) => (
            Kind::Protocol,
            "Was the board unplugged? Plug it in; its loader starts by itself when no program is there,\n\
             and else by two presses of the reset button. Then flash it once more.\n"
                .to_owned(),
        ),
        Error::Part { .. } | Error::Extension { .. } => {
            (Kind::Protocol, "Is this a MKR GSM 1400? Nothing was written to it.\n".to_owned())
        }
        _ => (
            Kind::Protocol,
            "Press the reset button twice within half a second, and flash it once more.\n".to_owned(),
        ),
    };
    advice += match failure.settings {
        SettingsAfter::Untouched => "Nothing was erased: program and settings are what they were.",
        SettingsAfter::Kept => "The settings are back in their place; the program is not complete.",
        SettingsAfter::Lost => {
            "Settings lost: what was stored on the board is gone. Set it up again over its console."
        }
        SettingsAfter::None | SettingsAfter::Erased => "The program is not complete.",
    };
    if kind == Kind::Verify && failure.settings == SettingsAfter::Kept {
        advice = advice.replace("is not complete", "is not what it should be");
    }
    Stop::new(kind, failure).advise(advice)
}
