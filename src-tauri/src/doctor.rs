//! `evendesk --doctor`: whether this desk's rows are what its events make of them.

use std::process::ExitCode;

use evendesk_desk::Desk;

use crate::Start;

pub fn examine(start: &Start) -> ExitCode {
    let folder = if start.demo { start.data.join("demo") } else { start.data.clone() };
    match Desk::examine(&folder.join("desk")) {
        Ok(health) => {
            for difference in &health.differences {
                println!(
                    "{}: the rows are\n{}but its events give\n{}",
                    difference.stream, difference.rows, difference.folded_again
                );
            }
            if !health.search_index_is_whole {
                println!("the search index does not say what the messages say");
            }
            println!("{} streams, {} differences", health.streams, health.differences.len());
            if health.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("evendesk: {error}");
            ExitCode::FAILURE
        }
    }
}
