//! What a thread or the process has computed so far: unlike the clock on the wall it does not count what others do.
#![allow(dead_code)]

use rustix::time::{ClockId, clock_gettime};

fn nanos(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Nanoseconds of this thread.
pub fn thread() -> f64 {
    nanos(ClockId::ThreadCPUTime)
}

/// Nanoseconds of all threads of this process.
pub fn process() -> f64 {
    nanos(ClockId::ProcessCPUTime)
}
