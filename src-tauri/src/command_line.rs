//! The command line of the app, and what a start makes of it. No windows here, so that `--help` needs none.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::Start;

/// One inbox per customer, one clock on every channel.
///
/// Without options the app opens on this computer's own desk: the first start asks whether to
/// work on this computer alone, join a team, or look around with sample data.
#[derive(Parser, Debug, Clone)]
#[command(name = "evendesk", version, max_term_width = 100)]
pub struct CommandLine {
    /// Keep everything of this desk in FOLDER instead of the usual place
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Look around: sample customers keep writing on every channel, in a folder of their own
    #[arg(long)]
    pub demo: bool,

    /// Work with the team's server at URL
    #[arg(long, value_name = "URL", conflicts_with = "demo")]
    pub server: Option<String>,

    /// Believe the authorities in this PEM file too, as for a company's own certificates; EVENDESK_CA
    /// names one as well
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,

    /// Check this desk's files against their events, say what differs, and end; status 1 on any difference
    #[arg(long)]
    pub doctor: bool,

    /// Let unsigned feedback leave within SECONDS, at a random moment, so that its time tells nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub feedback_within: u64,

    /// Start in the tray, without showing the window
    #[arg(long)]
    pub background: bool,
}

/// Why a start is not possible.
#[derive(Debug, thiserror::Error)]
pub enum StartProblem {
    #[error("this user has no home folder; say where to keep the data with --data FOLDER")]
    NoHome,
    #[error("the data folder {} cannot be used: {source}", folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
}

impl CommandLine {
    /// Settles where the data is, and makes the folder, readable by this user alone.
    pub fn start(&self) -> Result<Start, StartProblem> {
        let data = match &self.data {
            Some(folder) => folder.clone(),
            // Sample customers never mix with real ones.
            None => dirs::data_dir().ok_or(StartProblem::NoHome)?.join(if self.demo {
                "evendesk-demo"
            } else {
                "evendesk"
            }),
        };
        let data =
            private_folder(&data).map_err(|source| StartProblem::Folder { folder: data.clone(), source })?;
        Ok(Start {
            data,
            demo: self.demo,
            server: self.server.clone(),
            ca: self.ca.clone().or_else(|| std::env::var_os("EVENDESK_CA").map(PathBuf::from)),
            feedback_within: Duration::from_secs(self.feedback_within),
            background: self.background,
        })
    }
}

fn private_folder(folder: &std::path::Path) -> std::io::Result<PathBuf> {
    let mut make = fs::DirBuilder::new();
    make.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(folder)?;
    folder.canonicalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_desk_has_a_folder_of_its_own_unless_one_is_named() {
        let named = tempfile::tempdir().unwrap();
        let folder = named.path().join("desk");
        let options = CommandLine::parse_from(["evendesk", "--demo", "--data", folder.to_str().unwrap()]);
        assert_eq!(options.start().unwrap().data, folder.canonicalize().unwrap());
    }

    #[test]
    fn a_sample_desk_joins_no_team() {
        let both = ["evendesk", "--demo", "--server", "https://desk.example"];
        assert!(CommandLine::try_parse_from(both).is_err());
    }
}
