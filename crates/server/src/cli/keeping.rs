//! Keeping the data: moving the journal to another engine, backing it up, bringing it back.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use crate::backup;
use crate::clock::Clock;
use crate::location::Location;
use crate::moving::{self, Place};

#[derive(Subcommand)]
pub enum Journal {
    /// Move the journal to another place: a data folder, or postgres://USER@HOST/DATABASE. Whoever serves
    /// the first is fenced off, everything is read back and compared, and the first refuses to be served
    /// from then on. Files and the key stay where they are
    Copy { from: String, to: String },
}

#[derive(Args)]
pub struct Backup {
    to: PathBuf,
    /// Copy the key as well, which opens the kept passwords of mailboxes and webhooks: whoever has this
    /// backup then has these, too
    #[arg(long)]
    with_key: bool,
}

#[derive(Args)]
pub struct Restore {
    from: PathBuf,
    /// The list of what was erased, from the data folder that was lost, unless the new one has it already
    #[arg(long, value_name = "FILE")]
    erasures: Option<PathBuf>,
}

impl Journal {
    pub fn run(self) -> Result<(), Failure> {
        let Self::Copy { from, to } = self;
        let moved = moving::move_journal(&Place::parse(&from)?, &Place::parse(&to)?)?;
        for (table, rows) in &moved.summary.counts {
            println!("{table}: {rows} rows");
        }
        println!(
            "All of it was read back from {} and is the same (SHA-256 {}). {} refuses to be served from now on.",
            moved.to,
            hex::encode(moved.summary.digest),
            moved.from
        );
        Ok(())
    }
}

impl Backup {
    pub async fn run(self, at: &Location) -> Result<ExitCode, Failure> {
        let made = backup::back_up(at, &self.to, self.with_key, Clock::system().now()).await?;
        let manifest = &made.manifest;
        println!(
            "{} is in {}: {} events and {} files, {} of them new.",
            manifest.name,
            self.to.display(),
            manifest.head,
            manifest.blobs.len(),
            made.new_blobs
        );
        if let Some(key) = &made.key_apart {
            println!(
                "Keep {} apart from it: without that, kept passwords must be entered again.",
                key.display()
            );
        }
        for hash in &made.missing {
            println!("file {hash}: a message names it, and it is not there, or is damaged");
        }
        Ok(if made.missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Restore {
    pub async fn run(self, at: &Location) -> Result<(), Failure> {
        let restored =
            backup::restore(&self.from, at, self.erasures.as_deref(), Clock::system().now()).await?;
        let manifest = &restored.manifest;
        println!(
            "{} is back: {} events and {} files, all as they were backed up. Desks will offer again what they \
             had had confirmed since.",
            manifest.name,
            manifest.head,
            manifest.blobs.len()
        );
        if !restored.has_key {
            println!(
                "Put the key file into {} before a server is started, or kept passwords must be entered again.",
                at.data.display()
            );
        }
        if !restored.has_erasures {
            println!(
                "What was erased since the backup comes back with it, unless erasures.jsonl of the folder that \
                 was lost is put into {} before a server is started.",
                at.data.display()
            );
        }
        Ok(())
    }
}
