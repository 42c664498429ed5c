//! `verify`: the verification run; prints its table and fails unless everything was told.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use crate::config::Environment;
use crate::verify::{Settings, verify};

#[derive(Args)]
pub(super) struct Arguments {
    /// Forward to this Elasticsearch or OpenSearch and ask its index instead of the local log
    #[arg(long, value_name = "URL")]
    elastic: Option<String>,
    /// Write the records that were looked at into this file, one a line
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
}

pub(super) async fn run(arguments: Arguments, environment: Environment) -> Outcome {
    let (report, records) = verify(&Settings { elastic: arguments.elastic, environment }).await?;
    if let Some(file) = arguments.records {
        let lines = records.iter().map(|record| format!("{record}\n"));
        std::fs::write(&file, lines.collect::<String>())?;
    }
    print!("{report}");
    if report.is_whole() { Ok(()) } else { Err("not everything was told that the plan asks for".into()) }
}
