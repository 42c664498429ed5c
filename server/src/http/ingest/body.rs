//! The body: unpacked as it comes, bounded on both sides, and its memory counted while it grows.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use futures_util::StreamExt;
use telemetry::{InflateError, Inflater, limits};
use tokio::sync::SemaphorePermit;

use super::super::ApiError;
use crate::ingest::InFlight;

/// How long reading a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A whole body, unpacked, with its share of the memory for all of them.
pub(super) struct Read<'a> {
    pub bytes: Vec<u8>,
    _memory: Option<SemaphorePermit<'a>>,
}

pub(super) async fn read<'a>(body: Body, gzip: bool, room: InFlight<'a>) -> Result<Read<'a>, ApiError> {
    match tokio::time::timeout(PATIENCE, unpack(body, gzip, room)).await {
        Ok(read) => read,
        Err(_) => Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "The body came too slowly.")),
    }
}

async fn unpack<'a>(body: Body, gzip: bool, room: InFlight<'a>) -> Result<Read<'a>, ApiError> {
    let (mut pieces, mut encoded_bytes) = (body.into_data_stream(), 0);
    let mut unpacked = Ok(Unpacked::new(gzip));
    let mut memory = None;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| ApiError::invalid("The body was cut."))?;
        encoded_bytes += piece.len();
        if encoded_bytes > limits::BODY_ENCODED_BYTES {
            return Err(too_large());
        }
        // What is refused is read to its end all the same, without being kept: who still sends cannot read an answer.
        if let Ok(taken) = &mut unpacked {
            let grown = taken.take(&piece).map_err(refused);
            let held = grown.and_then(|bytes| room.hold(&mut memory, bytes).map_err(|_| busy()));
            if let Err(error) = held {
                (unpacked, memory) = (Err(error), None);
            }
        }
    }
    Ok(Read { bytes: unpacked?.finish().map_err(refused)?, _memory: memory })
}

/// What came so far, as the sender packed it.
enum Unpacked {
    Plain(Vec<u8>),
    // Its state is large, and most requests are small and plain.
    Gzip(Box<Inflater>),
}

impl Unpacked {
    fn new(gzip: bool) -> Self {
        if gzip {
            Self::Gzip(Box::new(Inflater::new(limits::BODY_DECODED_BYTES)))
        } else {
            Self::Plain(Vec::new())
        }
    }

    /// Gives the bytes that are held now.
    fn take(&mut self, piece: &Bytes) -> Result<usize, InflateError> {
        match self {
            Self::Plain(bytes) => {
                bytes.extend_from_slice(piece);
                Ok(bytes.len())
            }
            Self::Gzip(inflater) => inflater.feed(piece),
        }
    }

    fn finish(self) -> Result<Vec<u8>, InflateError> {
        match self {
            Self::Plain(bytes) => Ok(bytes),
            Self::Gzip(inflater) => inflater.finish(),
        }
    }
}

fn refused(error: InflateError) -> ApiError {
    match error {
        InflateError::TooLarge => too_large(),
        InflateError::Broken => ApiError::invalid("The body is not valid gzip."),
    }
}

pub(super) fn too_large() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "TOO_LARGE",
        "The body is larger than 128 KiB, or 1 MiB decoded.",
    )
}

/// 5 to 30 seconds, so that browsers do not come back all at once.
pub(super) fn busy() -> ApiError {
    let jitter = u64::from(u8::from_str_radix(&crate::random::hex(1), 16).unwrap_or_default()) * 25 / 255;
    ApiError::unavailable("Log records cannot be stored right now.", 5 + jitter)
}
