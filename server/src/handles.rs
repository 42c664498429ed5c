//! File handles: as many as the system gives, and how many of them connections may take. What is left is for
//! databases and the venue.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than these are of no use.
const MOST: u64 = 65_536;
/// Kept free of connections, if there are so many.
const RESERVED: u64 = 256;
/// Connections at once, however many handles there are.
const CONNECTIONS: u64 = 2_000;

/// Raises the soft limit as far as it may be raised, and gives how many connections may be open at once.
#[must_use]
pub fn raise() -> usize {
    let known = getrlimit(Resource::Nofile);
    let wanted = known.maximum.unwrap_or(MOST).min(MOST);
    let soft = match known.current {
        Some(soft) if soft < wanted => {
            let raised =
                setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: known.maximum });
            if raised.is_ok() { wanted } else { soft }
        }
        Some(soft) => soft,
        None => MOST,
    };
    let connections = soft.saturating_sub(RESERVED).max(soft / 4).min(CONNECTIONS);
    usize::try_from(connections).unwrap_or(usize::MAX)
}
