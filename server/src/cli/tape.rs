//! `tape record|report`: keeps a venue's public feed in a file, with the times at which it was received, and holds fills
//! against the quotes of such a file. It reads no settings and touches no data directory.

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use simulator::recording;
use tokio_tungstenite::tungstenite::Message;

use super::Outcome;
use super::stop::Signals;
use crate::{clock, tls};

mod report;

/// A connection that says nothing for longer is dead.
const SILENCE: Duration = Duration::from_secs(35);
const HANDSHAKE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Subcommand)]
pub(super) enum Action {
    /// Writes the public feed of a venue to a file, until Ctrl-C; goes on with a file that is there
    #[command(
        after_help = "Example: deltascope tape record --url ws://127.0.0.1:4000/public --out day.ndjson --symbols BTCUSD,BTC-310326"
    )]
    Record(Record),
    /// Compares fills (the answer of GET /v2/fills in a file) with the quotes that a recording has of their times
    #[command(after_help = "Example: deltascope tape report --tape day.ndjson --fills fills.json")]
    Report(report::Report),
}

#[derive(Args)]
pub(super) struct Record {
    /// The venue's public WebSocket
    #[arg(long, value_name = "URL")]
    url: String,
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Whose quotes and marks are kept beside the index: symbols or chains such as BTC-310326
    #[arg(long, value_delimiter = ',', default_value = "BTCUSD")]
    symbols: Vec<String>,
}

pub(super) async fn run(action: Action) -> Outcome {
    match action {
        Action::Record(arguments) => {
            let signals = Signals::new()?;
            let stop = async {
                // A listener for signals that fails ends the recording as well.
                let _stopped = signals.asked().await;
            };
            let kept = record(&arguments, stop).await?;
            println!(
                "{} frames over {} connections are in {}",
                kept.frames,
                kept.connections,
                arguments.out.display()
            );
            Ok(())
        }
        Action::Report(arguments) => report::run(&arguments),
    }
}

/// What was recorded.
#[derive(Debug, Default)]
struct Kept {
    frames: u64,
    connections: u64,
}

/// Records until `stop`, over as many connections as it takes.
async fn record(arguments: &Record, stop: impl Future<Output = ()>) -> Result<Kept, String> {
    let mut out = Out::open(&arguments.out, &arguments.url)?;
    let mut kept = Kept::default();
    let mut pause = Duration::from_secs(1);
    tokio::pin!(stop);
    loop {
        let before = kept.frames;
        let lost = tokio::select! {
            lost = one_connection(arguments, &mut out, &mut kept) => lost?,
            () = &mut stop => break,
        };
        out.write(&recording::event(clock::now().0, "lost", &lost))?;
        // Only frames make a connection a good one: a venue may accept and close.
        pause = if kept.frames > before { Duration::from_secs(1) } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stop => break,
        }
    }
    out.finish()?;
    Ok(kept)
}

/// Records one connection; returns why it ended. An error is one of the file's.
async fn one_connection(arguments: &Record, out: &mut Out, kept: &mut Kept) -> Result<String, String> {
    let mut socket = match tokio::time::timeout(HANDSHAKE, tls::web_socket(&arguments.url, None)).await {
        Ok(Ok((socket, _response))) => socket,
        Ok(Err(error)) => return Ok(format!("no connection: {error}")),
        Err(_) => return Ok("no connection in time".to_owned()),
    };
    kept.connections += 1;
    out.write(&recording::event(clock::now().0, "connected", ""))?;
    let channel = |name: &str| json!({ "name": name, "symbols": arguments.symbols });
    let channels =
        json!([{ "name": "spot_price", "symbols": [".DEXBTUSD"] }, channel("ob_l1"), channel("mark_price")]);
    for frame in [
        json!({ "type": "enable_heartbeat" }),
        json!({ "type": "subscribe", "payload": { "channels": channels } }),
    ] {
        if let Err(error) = socket.send(Message::text(frame.to_string())).await {
            return Ok(format!("cannot send: {error}"));
        }
    }
    loop {
        match tokio::time::timeout(SILENCE, socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => {
                out.write(&recording::line(clock::now().0, &text))?;
                kept.frames += 1;
            }
            Ok(Some(Ok(Message::Close(_)))) => return Ok("closed by the venue".to_owned()),
            Ok(Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => {}
            Ok(Some(Err(error))) => return Ok(error.to_string()),
            Ok(None) => return Ok("closed without a close frame".to_owned()),
            Err(_) => return Ok(format!("silent for {} s", SILENCE.as_secs())),
        }
    }
}

/// The file: each line is handed to the system at once, so that a killed recorder leaves at most one torn line.
struct Out {
    file: File,
    name: String,
}

impl Out {
    fn open(path: &Path, venue: &str) -> Result<Self, String> {
        let name = path.display().to_string();
        let wrong = |error: std::io::Error| format!("{name}: {error}");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(wrong)?;
        let mut there = Vec::new();
        file.read_to_end(&mut there).map_err(wrong)?;
        if !there.is_empty() && !recording::is_recording(&there) {
            return Err(format!("{name} is there and is no recording; name another file"));
        }
        let whole = recording::whole_lines(&there) as u64;
        file.set_len(whole).map_err(wrong)?;
        file.seek(SeekFrom::End(0)).map_err(wrong)?;
        let mut out = Self { file, name: name.clone() };
        out.write(&recording::head(venue, clock::now().0))?;
        Ok(out)
    }

    fn write(&mut self, line: &str) -> Result<(), String> {
        self.file.write_all(format!("{line}\n").as_bytes()).map_err(|error| format!("{}: {error}", self.name))
    }

    fn finish(self) -> Result<(), String> {
        self.file.sync_all().map_err(|error| format!("{}: {error}", self.name))
    }
}

#[cfg(test)]
mod tests;
