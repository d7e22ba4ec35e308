//! The tutorial's text is true: its commands do what it shows.

use core::time::Duration;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::{exec, workspace};

mod script;

use script::Command;

const TEXT: &str = "examples/tutorial/README.md";
/// Where the commands run: files that they leave are no part of the repository.
const DIRECTORY: &str = "target/tutorial";
/// A command may have something to compile first.
const PATIENCE: Duration = Duration::from_secs(900);
/// What was printed last arrives within this time.
const LAST_WORDS: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(50);

/// Lists the commands of the tutorial that do not print what it shows.
pub(crate) fn findings() -> Result<Vec<String>> {
    let text = fs::read_to_string(workspace::root().join(TEXT)).context("cannot read the tutorial")?;
    let directory = workspace::root().join(DIRECTORY);
    if directory.exists() {
        fs::remove_dir_all(&directory).context("cannot empty the tutorial's directory")?;
    }
    fs::create_dir_all(&directory).context("cannot make the tutorial's directory")?;
    let commands = script::commands(&text);
    if commands.is_empty() {
        return Ok(vec![format!("{TEXT} has no commands")]);
    }
    let mut findings = Vec::new();
    for command in commands {
        eprintln!("{TEXT}:{}: {}", command.line, command.text);
        let (printed, ended_well) = run(&command, &directory)?;
        let place = format!("{TEXT}:{}: `{}`", command.line, command.text);
        if !script::matches(&command.output, &printed) {
            findings.push(format!("{place} printed something else:\n{printed}"));
        } else if !ended_well {
            findings.push(format!("{place} failed or did not end"));
        }
    }
    Ok(findings)
}

/// Runs one command; returns what it printed, and whether it ended as it should.
fn run(command: &Command, directory: &Path) -> Result<(String, bool)> {
    let mut shell = Process::new("sh");
    shell.arg("-c").arg(format!("{{ {}\n}} 2>&1", command.text)).current_dir(directory);
    // A group of its own, so that all of it can be ended.
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = shell.spawn().context("cannot start a shell")?;
    let mut input = child.stdin.take().context("no standard input")?;
    for line in &command.input {
        // Whoever does not read it has ended, and is judged by what was printed.
        let _ = writeln!(input, "{line}");
    }
    let input = command.interrupted.then_some(input);
    let (printed, reader) = collect(&mut child)?;
    let so_far = || printed.lock().map(|printed| String::from_utf8_lossy(&printed).into_owned());
    let deadline = Instant::now() + PATIENCE;
    let mut ended_well = None;
    while ended_well.is_none() && Instant::now() < deadline {
        ended_well = child.try_wait()?.map(|status| status.success() && !command.interrupted);
        let is_complete = so_far().is_ok_and(|printed| script::matches(&command.output, &printed));
        if command.interrupted && is_complete {
            ended_well = Some(true);
        }
        thread::sleep(LOOK);
    }
    drop(input);
    // Whatever of the group is left.
    let _ = exec::output(Process::new("kill").args(["-TERM", "--", &format!("-{}", child.id())]));
    child.wait()?;
    let deadline = Instant::now() + LAST_WORDS;
    while !reader.is_finished() && Instant::now() < deadline {
        thread::sleep(LOOK);
    }
    let printed = so_far().map_err(|_| anyhow::anyhow!("the reader of the output panicked"))?;
    Ok((printed, ended_well.unwrap_or(false)))
}

/// What a command has printed so far.
type Printed = Arc<Mutex<Vec<u8>>>;

/// Collects what a child prints, as it prints it.
fn collect(child: &mut Child) -> Result<(Printed, JoinHandle<()>)> {
    let mut output = child.stdout.take().context("no standard output")?;
    let printed = Arc::new(Mutex::new(Vec::new()));
    let collected = Arc::clone(&printed);
    let reader = thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            if let Ok(mut collected) = collected.lock() {
                collected.extend_from_slice(&bytes[..count]);
            }
        }
    });
    Ok((printed, reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str, input: &[&str], output: &[&str], interrupted: bool) -> Command {
        let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        Command { line: 1, text: text.into(), input: owned(input), output: owned(output), interrupted }
    }

    #[test]
    fn what_is_typed_reaches_the_command_and_what_it_prints_is_seen() {
        let (printed, ended_well) =
            run(&command("read answer; echo \"got $answer\" >&2", &["yes"], &[], false), Path::new("."))
                .unwrap();
        assert_eq!((printed.as_str(), ended_well), ("got yes\n", true));
        assert!(!run(&command("exit 3", &[], &[], false), Path::new(".")).unwrap().1);
    }

    #[test]
    fn a_command_that_goes_on_is_ended_when_it_has_said_enough() {
        let endless = command("echo ready; sleep 1000", &[], &["ready"], true);
        assert_eq!(run(&endless, Path::new(".")).unwrap(), ("ready\n".to_owned(), true));
    }
}
