//! The room that is kept, on a disk of the test's own that fills up and becomes free whenever it likes.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use telemetry::{LogRecord, Micros};

use super::super::append::Appender;
use super::super::{FOLDER, Head, Log, SEGMENT_BYTES, list, recover};
use super::{LEAST, Room};

const KEPT: u64 = 16 << 10;

/// Up to which byte of the one segment there are blocks of ours, and up to which there could be some.
#[derive(Default)]
struct Disk {
    ours: u64,
    free_to: u64,
}

type Shared = Arc<Mutex<Disk>>;

fn own(dir: &Path, disk: &Shared) -> Log {
    let (dir, disk) = (dir.join(FOLDER), Arc::clone(disk));
    let mut found = recover::folder(&dir);
    let segments = list(&dir).unwrap();
    let last =
        segments.values().next_back().map(|segment| (segment.ordinal, recover::cut(segment, &mut found)));
    let room = Room::with(KEPT, move |_: &File, from, length| {
        let mut disk = disk.lock().unwrap();
        if from + length > disk.ours.max(disk.free_to) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.ours = disk.ours.max(from + length);
        Ok(())
    });
    let appender = Appender::new(dir.clone(), SEGMENT_BYTES, last, room);
    Log::assemble(dir, segments, Some(appender))
}

fn ids(log: &Log) -> Vec<String> {
    let (mut forward, mut found) = (log.after(0), Vec::new());
    while let Some((_, lines)) = forward.next(log.end()).unwrap() {
        found.extend(lines.iter().map(|(_, line)| Head::of(line).unwrap().event_id.into_owned()));
    }
    found
}

#[derive(Clone, Debug)]
enum Op {
    Usual(usize),
    Urgent(usize),
    /// So much is free behind what is ours.
    Free(u64),
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1_usize..30).prop_map(Op::Usual),
        4 => (1_usize..30).prop_map(Op::Urgent),
        2 => prop_oneof![Just(0), 0_u64..4 * KEPT].prop_map(Op::Free),
        1 => Just(Op::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Catches: usual lines in the room that is kept, urgent ones refused while there is room, a refusal without a reason,
    /// a line that was refused and is there, one that was taken and is not.
    #[test]
    fn what_is_kept_is_for_urgent_lines_only(ops in prop::collection::vec(op(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let disk = Shared::default();
        disk.lock().unwrap().free_to = 3 * KEPT;
        let (mut log, mut expected) = (own(dir.path(), &disk), Vec::new());
        let (now, mut number, mut length) = (Micros(1_795_000_000_000_000), 0, 0_u64);
        let mut lines = |count: usize| -> Vec<(String, String)> {
            let ids = number..number + count;
            number += count;
            ids.map(|n| {
                let record = LogRecord { event_id: format!("n-{n}"), message: "m".repeat(n * 37 % 900), ..LogRecord::default() };
                (record.event_id.clone(), record.to_line() + "\n")
            }).collect()
        };
        for op in ops {
            match op {
                Op::Usual(count) => {
                    let group = lines(count);
                    let text: String = group.iter().map(|(_, line)| line.as_str()).collect();
                    let room = { let disk = disk.lock().unwrap(); disk.ours.max(disk.free_to) };
                    let wanted = length + text.len() as u64 + KEPT;
                    match log.append(text.as_bytes(), now) {
                        Ok(()) => {
                            length += text.len() as u64;
                            prop_assert!(disk.lock().unwrap().ours >= length + KEPT, "what is kept is there");
                            expected.extend(group.into_iter().map(|(id, _)| id));
                        }
                        Err(error) => {
                            prop_assert_eq!(error.kind(), io::ErrorKind::StorageFull);
                            prop_assert!(wanted > room, "refused with {} for {}", room, wanted);
                        }
                    }
                }
                // A disk that is full from the first line on keeps nothing.
                Op::Urgent(_) if length == 0 => {}
                Op::Urgent(count) => {
                    let group = lines(count);
                    let text: String = group.iter().map(|(_, line)| line.as_str()).collect();
                    let left = disk.lock().unwrap().ours.saturating_sub(length);
                    let written = log.append_urgent(text.as_bytes(), now).unwrap_or_default();
                    // After a start it is found out in halves, down to a block.
                    let sure = if left < LEAST { 0 } else { left.min(KEPT) / 2 };
                    prop_assert!(written == text.len() || (text.len() as u64) > sure, "{} of {}", written, sure);
                    length += written as u64;
                    let mut bytes = 0;
                    expected.extend(group.into_iter().take_while(|(_, line)| { bytes += line.len(); bytes <= written }).map(|(id, _)| id));
                }
                Op::Free(bytes) => {
                    let mut disk = disk.lock().unwrap();
                    disk.free_to = disk.ours + bytes;
                }
                Op::Restart => {
                    drop(log);
                    log = own(dir.path(), &disk);
                }
            }
            prop_assert_eq!(log.append(&[], now).is_ok(), { let disk = disk.lock().unwrap(); length == 0 || disk.ours >= length + KEPT });
        }
        prop_assert_eq!(ids(&log), expected);
    }
}

#[test]
fn all_of_what_is_kept_can_be_written_into_also_after_a_restart() {
    for restarts in [false, true] {
        let (dir, disk) = (tempfile::tempdir().unwrap(), Shared::default());
        disk.lock().unwrap().free_to = 64 * KEPT;
        let mut log = own(dir.path(), &disk);
        let (now, line) = (Micros(1_795_000_000_000_000), LogRecord::default().to_line() + "\n");
        log.append(line.as_bytes(), now).unwrap();
        disk.lock().unwrap().free_to = 0;
        while log.append(line.as_bytes(), now).is_ok() {}
        if restarts {
            drop(log);
            log = own(dir.path(), &disk);
        }
        assert!(log.room_left() >= KEPT);
        let urgent = line.repeat(usize::try_from(KEPT).unwrap() / line.len());
        assert_eq!(log.append_urgent(urgent.as_bytes(), now).unwrap(), urgent.len());
        assert!(log.room_left() < KEPT);
        assert!(log.append(line.as_bytes(), now).is_err(), "there is no room for what is usual");
        disk.lock().unwrap().free_to = 64 * KEPT;
        log.append(line.as_bytes(), now).unwrap();
        assert!(log.room_left() >= KEPT, "and it is kept again");
    }
}

#[test]
fn a_file_system_that_keeps_nothing_is_written_to_as_far_as_it_goes() {
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path();
    let folder = dir.join(FOLDER);
    recover::folder(&folder);
    let room = Room::with(KEPT, |_, _, _| Err(io::ErrorKind::Unsupported.into()));
    let appender = Appender::new(folder.clone(), SEGMENT_BYTES, None, room);
    let log = Log::assemble(folder, list(dir).unwrap(), Some(appender));
    let line = |id: &str| LogRecord { event_id: id.to_owned(), ..LogRecord::default() }.to_line() + "\n";
    let now = Micros(1_795_000_000_000_000);
    log.append(line("usual").as_bytes(), now).unwrap();
    assert_eq!(log.append_urgent(line("urgent").as_bytes(), now).unwrap(), line("urgent").len());
    assert_eq!((ids(&log), log.room_left()), (vec!["usual".to_owned(), "urgent".to_owned()], 0));
}
