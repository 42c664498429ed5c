//! The checklist before live (engine design, section 10) as commands: what the sources of the venue's facts do not say or
//! contradict is tried, and each line is passed, failed or not tried. It buys at most one lot of one option, never sells
//! what it does not have, and leaves nothing behind: what it is about to do is on disk first (`ledger`), a process beside
//! it cleans up when it dies (`guard`), and the next run cleans before it does anything else.

mod clean;
mod desk;
mod facts;
mod guard;
mod ledger;
mod line;
mod market;
mod orders;
mod run;
mod sockets;

pub use clean::{PATIENCE, clean_up};
pub use guard::{Guard, keep_watch};
pub use ledger::Ledger;
pub use line::{Line, Verdict};
pub use run::{Place, Report, check, open};
