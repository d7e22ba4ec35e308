//! `cargo xtask image`: a program as a file for other tools.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;

use crate::board::Stop;
use crate::flash::program::{Source, sha256};

/// Writes a program as plain bytes or as UF2
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Plain bytes go to 0x2000. UF2 is for boards whose loader is uf2-samdx1 (family SAMD21), which this\n\
    board's own loader is not.\n\n\
    Examples:\n  cargo xtask image blink\n  cargo xtask image cloud --format uf2 --output cloud.uf2"
)]
pub(crate) struct Args {
    /// A program by name, or a file: ELF, or plain bytes from 0x2000 on
    #[arg(value_name = "BIN")]
    program: String,
    /// The format of the file
    #[arg(long, value_enum, default_value_t = Format::Bin)]
    format: Format,
    /// The file [default: beside the program, with the format's extension]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON object as the last line of stdout; everything for people goes to stderr
    #[arg(long)]
    json: bool,
    /// Install nothing; fail when no toolchain for the board is there
    #[arg(long)]
    no_setup: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Bin,
    Uf2,
}

/// Runs the task.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    match write(args)? {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(stop) => Ok(stop.report()),
    }
}

fn write(args: &Args) -> Result<Result<(), Stop>> {
    let program = match Source::find(&args.program).and_then(|source| source.program(args.no_setup)) {
        Ok(program) => program,
        Err(stop) => return Ok(Err(stop)),
    };
    let (bytes, extension) = match args.format {
        Format::Bin => (program.image.bytes().to_vec(), "bin"),
        Format::Uf2 => (sam_ba::uf2(&program.image), "uf2"),
    };
    let file = args.output.clone().unwrap_or_else(|| program.file.with_extension(extension));
    fs::write(&file, &bytes).with_context(|| format!("cannot write {}", file.display()))?;
    let (range, sum) = (program.image.range(), sha256(&bytes));
    let line =
        format!("{}: {} bytes for 0x{:05X}..0x{:05X}", file.display(), bytes.len(), range.start, range.end);
    if args.json {
        eprintln!("{line}");
        println!(
            "{}",
            json!({
                "file": file, "bytes": bytes.len(), "sha256": sum, "start": range.start, "end": range.end,
            })
        );
    } else {
        println!("{line}\nsha256 {sum}");
    }
    Ok(Ok(()))
}
