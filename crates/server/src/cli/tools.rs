//! Looking into things: clocks, mails, the data itself; and data made to measure on.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use crate::location::Location;
use crate::{doctor, generate};

#[derive(Subcommand)]
pub enum Sla {
    /// Print the timers of recorded histories (JSON in, JSON out)
    Replay { file: PathBuf },
}

#[derive(Subcommand)]
pub enum Email {
    /// Print what the system makes of mails, one JSON object a line
    Inspect {
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Args)]
pub struct Generate {
    #[arg(long, default_value_t = 100_000)]
    conversations: u32,
    #[arg(long, default_value_t = 500_000)]
    messages: u32,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Sla {
    pub fn run(self) -> Result<(), Failure> {
        let Self::Replay { file } = self;
        let json =
            std::fs::read_to_string(&file).map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
        println!("{}", evendesk_domain::clock::vectors::replay(&json)?);
        Ok(())
    }
}

impl Email {
    pub fn run(self) -> Result<(), Failure> {
        let Self::Inspect { files } = self;
        let mut out = std::io::stdout().lock();
        for file in files {
            let raw = std::fs::read(&file).map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
            let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            writeln!(out, "{}", evendesk_channels::email::inspect::inspect(&name, &raw))?;
        }
        Ok(())
    }
}

impl Generate {
    pub fn run(self, data: &Location) -> Result<(), Failure> {
        let size =
            generate::Size { conversations: self.conversations, messages: self.messages, seed: self.seed };
        let made = generate::generate(&data.data, &size)?;
        println!("{} conversations, {} messages, {} events", made.conversations, made.messages, made.events);
        Ok(())
    }
}

pub async fn doctor(data: &Location) -> Result<ExitCode, Failure> {
    let report = doctor::examine(data).await?;
    for line in report.notes.iter().chain(&report.differences) {
        println!("{line}");
    }
    println!(
        "{} events, {} decisions, {} streams, {} files: {} differences",
        report.events,
        report.decisions,
        report.streams,
        report.blobs,
        report.differences.len()
    );
    Ok(if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
