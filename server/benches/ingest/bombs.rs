//! Small requests that unpack to much: by how much the process grows while it refuses them.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use crate::process::{Process, connected};

const BOMBS: usize = 50;
/// What unpacks to a thousand times itself, and fits into a request.
const DECODED_BYTES: usize = 120 << 20;

/// Growth of the highest memory in use, by the kernel's table.
pub async fn run(process: &Process) {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let piece = vec![b'['; 1 << 20];
    (0..DECODED_BYTES >> 20).for_each(|_| packer.write_all(&piece).expect("memory"));
    let bomb = packer.finish().expect("memory");
    let (http, url, headers) = connected(process, "/api/logs").await;
    let pid = process.child.id();
    for at_once in [1, 8] {
        // What the process takes to serve at all comes before.
        for round in 0..2 {
            let before = kib(pid, "VmRSS:");
            std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("a process of ours");
            for _ in 0..BOMBS / at_once {
                let sent = (0..at_once).map(|_| {
                    let mut request = http.post(&url).header("content-type", "application/json");
                    for (name, value) in &headers {
                        request = request.header(*name, value);
                    }
                    request.header("content-encoding", "gzip").body(bomb.clone()).send()
                });
                for answer in futures_util::future::join_all(sent).await {
                    assert_eq!(answer.expect("an answer").status(), 413);
                }
            }
            if round == 1 {
                println!(
                    "  bombs of {} bytes ({} times as much unpacked), {at_once} at a time: grew by {} KiB at most",
                    bomb.len(),
                    DECODED_BYTES / bomb.len(),
                    kib(pid, "VmHWM:").saturating_sub(before)
                );
            }
        }
    }
}

fn kib(pid: u32, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or_default()
}
