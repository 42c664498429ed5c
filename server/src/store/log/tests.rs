//! Segments as a whole: what was appended is found at its position, whatever is cut, sealed or removed.

use std::path::Path;

use proptest::prelude::*;
use telemetry::{LogRecord, Micros, Source};

use super::*;

const DAY_US: i64 = 86_400_000_000;

fn morning() -> Micros {
    Micros::parse_rfc3339("2026-11-24T08:35:33.123456Z").unwrap()
}

fn line(id: &str, at: Micros) -> String {
    let message = "é".repeat(id.len() * 7);
    LogRecord { event_id: id.to_owned(), timestamp: at, message, ..LogRecord::default() }.to_line() + "\n"
}

fn batch(bid: &str, size: usize) -> String {
    let record = |n: usize| LogRecord {
        source: Source::Frontend,
        event_id: format!("{bid}-{n}"),
        batch_size: Some(size as u64),
        ..LogRecord::default()
    };
    (0..size).map(|n| record(n).to_line() + "\n").collect()
}

/// Everything behind a cursor: positions and ids.
fn behind(log: &Log, cursor: i64) -> Vec<(i64, String)> {
    let (mut forward, mut found) = (log.after(cursor), Vec::new());
    while let Some((ordinal, lines)) = forward.next(log.end()).unwrap() {
        lines.each(|at, line| {
            found.push((ordinal.at(at), Head::of(line).unwrap().event_id.into_owned()));
            true
        });
    }
    found
}

fn ids(log: &Log) -> Vec<String> {
    behind(log, 0).into_iter().map(|(_, id)| id).collect()
}

fn own(dir: &Path) -> Log {
    Log::own(dir, 2_000).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Catches: a cursor that loses or repeats a line, a position that names another one, a seal that changes them.
    #[test]
    fn every_line_is_behind_the_cursors_before_it_and_at_its_position(
        groups in prop::collection::vec((1_usize..6, 0_i64..2), 1..25), seal in any::<bool>(), restart in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, mut expected, mut now) = (own(dir.path()), Vec::new(), morning());
        for (n, (lines, days)) in groups.iter().enumerate() {
            now.0 += days * DAY_US;
            let group: Vec<String> = (0..*lines).map(|k| format!("{n}-{k}")).collect();
            log.append(group.iter().map(|id| line(id, now)).collect::<String>().as_bytes(), now).unwrap();
            expected.extend(group);
            if restart {
                log = own(dir.path());
            }
        }
        if seal {
            while let Some(segment) = log.unsealed_before(Day::of(now)) {
                log.seal(&segment).unwrap();
            }
        }
        let all = behind(&log, 0);
        prop_assert_eq!(all.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(), expected.clone());
        prop_assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (n, (position, _)) in all.iter().enumerate() {
            prop_assert_eq!(&behind(&log, *position)[..], &all[n + 1..]);
            prop_assert_eq!(&behind(&log, position - 1)[..], &all[n..]);
        }
        let positions: Vec<i64> = all.iter().map(|(position, _)| *position).rev().collect();
        let found: Vec<String> = log.lines_at(&positions).iter()
            .map(|line| Head::of(line.as_ref().unwrap()).unwrap().event_id.into_owned()).rev().collect();
        prop_assert_eq!(found, expected);
        let guest = Log::guest(dir.path());
        prop_assert_eq!((behind(&guest, 0), guest.end()), (all, log.end()));
    }

    /// A kill in the middle of a write, at any byte: no half line, no half batch, and what comes next is behind it.
    #[test]
    fn a_cut_at_any_byte_leaves_whole_groups(
        groups in prop::collection::vec(prop::option::of(1_usize..4), 1..5), cut in 0.0..1.0,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::own(dir.path(), SEGMENT_BYTES).0;
        let (mut sizes, mut names) = (vec![0], Vec::new());
        for (n, group) in groups.iter().enumerate() {
            let text = group.map_or_else(|| line(&format!("own-{n}"), morning()), |size| batch(&format!("bid{n}"), size));
            log.append(text.as_bytes(), morning()).unwrap();
            sizes.push(sizes.last().unwrap() + text.len());
            names.push(ids(&log));
        }
        drop(log);
        let path = Log::guest(dir.path()).segments()[0].path.clone();
        let at = (cut * *sizes.last().unwrap() as f64) as usize;
        std::fs::File::options().write(true).open(&path).unwrap().set_len(at as u64).unwrap();
        let (log, found) = Log::own(dir.path(), SEGMENT_BYTES);
        let whole = sizes.iter().filter(|size| **size <= at).count() - 1;
        let mut kept = if whole == 0 { Vec::new() } else { names[whole - 1].clone() };
        prop_assert_eq!(ids(&log), kept.clone());
        prop_assert_eq!(found.cut, (at - sizes[whole]) as u64);
        log.append(line("next", morning()).as_bytes(), morning()).unwrap();
        kept.push("next".to_owned());
        prop_assert_eq!(ids(&log), kept);
    }
}

#[test]
fn a_day_begins_with_a_segment_and_a_clock_that_was_set_back_begins_none() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::own(dir.path(), SEGMENT_BYTES).0;
    let mut at = morning();
    for (n, days) in [0, 1, -3, 4].into_iter().enumerate() {
        at.0 += days * DAY_US;
        log.append(line(&n.to_string(), at).as_bytes(), at).unwrap();
    }
    let days: Vec<String> = log.segments().iter().map(|segment| segment.ordinal.day().text()).collect();
    assert_eq!(days, ["2026-11-24", "2026-11-25", "2026-11-26"]);
    assert_eq!(ids(&log), ["0", "1", "2", "3"]);
}

#[test]
fn a_sealed_day_is_compressed_described_and_read_by_any_program() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::own(dir.path(), SEGMENT_BYTES).0;
    let text: String = (0..3_000).map(|n| line(&format!("n-{n}"), Micros(morning().0 + n))).collect();
    log.append(text.as_bytes(), morning()).unwrap();
    let today = Day::of(morning());
    assert_eq!(log.unsealed_before(today), None);
    let later = Micros(morning().0 + 2 * DAY_US);
    log.append(line("later", later).as_bytes(), later).unwrap();
    let before = behind(&log, 0);
    let segment = log.unsealed_before(Day::of(later).before(1)).unwrap();
    let said = log.seal(&segment).unwrap();
    assert_eq!(
        (said.records, said.first, said.last),
        (3_000, Some(morning()), Some(Micros(morning().0 + 2_999)))
    );
    assert!(said.sealed_bytes * 5 < said.bytes, "{said:?}");
    let folder = segment.path.parent().unwrap();
    assert_eq!(Manifest::read(folder).segments, std::slice::from_ref(&said));
    let unpacked = zstd::stream::decode_all(std::fs::File::open(folder.join(&said.name)).unwrap()).unwrap();
    assert_eq!(unpacked, text.as_bytes());
    assert_eq!(said.sha256, hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&unpacked)));
    assert!(!segment.path.exists());
    assert_eq!(behind(&log, 0), before, "nothing has changed for readers");
    assert_eq!(behind(&Log::own(dir.path(), SEGMENT_BYTES).0, 0), before);
}

#[test]
fn a_segment_that_is_removed_under_us_is_followed_by_another() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::own(dir.path(), SEGMENT_BYTES).0;
    log.append(line("gone", morning()).as_bytes(), morning()).unwrap();
    std::fs::remove_dir_all(log.dir()).unwrap();
    log.sync().unwrap();
    log.append(line("kept", morning()).as_bytes(), morning()).unwrap();
    assert_eq!(ids(&log), ["kept"]);
    let highest = log.end() + (5 << 28);
    log.raise(highest).unwrap();
    log.append(line("behind every cursor", morning()).as_bytes(), morning()).unwrap();
    assert_eq!(behind(&log, highest).len(), 1);
}

#[test]
fn a_file_where_the_folder_should_be_is_kept_and_lines_wait_for_a_folder_that_cannot_be_made() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FOLDER), "no folder").unwrap();
    let (log, found) = Log::own(dir.path(), SEGMENT_BYTES);
    assert!(found.set_aside.is_some_and(|name| dir.path().join(name).exists()));
    log.append(line("one", morning()).as_bytes(), morning()).unwrap();
    assert_eq!(ids(&log), ["one"]);

    let nowhere = dir.path().join("a file");
    std::fs::write(&nowhere, "").unwrap();
    let (log, found) = Log::own(&nowhere, SEGMENT_BYTES);
    assert!(found.failure.is_some());
    assert!(log.append(line("two", morning()).as_bytes(), morning()).is_err());
    std::fs::remove_file(&nowhere).unwrap();
    log.append(line("two", morning()).as_bytes(), morning()).unwrap();
    assert_eq!(ids(&log), ["two"]);
}

/// Handles run out when too many connect; what is read just then is read later, and nobody takes it for gone.
#[test]
fn a_process_without_a_handle_left_passes_over_no_line_that_was_told() {
    use rustix::process::{Resource, getrlimit, setrlimit};

    const NAME: &str = "store::log::tests::a_process_without_a_handle_left_passes_over_no_line_that_was_told";
    const ALONE: &str = "DELTASCOPE_TEST_WITHOUT_HANDLES";
    // The limit is the whole process's.
    if std::env::var_os(ALONE).is_none() {
        let itself = std::env::current_exe().unwrap();
        let output =
            std::process::Command::new(itself).args([NAME, "--exact"]).env(ALONE, "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let log = own(dir.path());
    let all: Vec<String> = (0..60).map(|n| format!("n-{n}")).collect();
    for id in &all {
        log.append(line(id, morning()).as_bytes(), morning()).unwrap();
    }
    assert!(log.segments().len() > 3);
    let usual = getrlimit(Resource::Nofile);
    let (mut forward, mut found) = (log.after(0), Vec::new());
    let mut read = |forward: &mut Forward| {
        let lines = forward.next(log.end())?;
        let Some((_, lines)) = lines else { return Ok::<bool, std::io::Error>(false) };
        found.extend(lines.iter().map(|(_, line)| Head::of(line).unwrap().event_id.into_owned()));
        Ok(true)
    };
    assert!(read(&mut forward).unwrap());
    let mut none = usual;
    none.current = Some(3);
    for _ in 0..5 {
        setrlimit(Resource::Nofile, none).unwrap();
        let refused = read(&mut forward);
        setrlimit(Resource::Nofile, usual).unwrap();
        assert_eq!(refused.unwrap_err().raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
        if !read(&mut forward).unwrap() {
            break;
        }
    }
    while read(&mut forward).unwrap() {}
    assert_eq!(found, all);
}
