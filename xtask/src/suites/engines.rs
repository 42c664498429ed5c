//! Tests against real search engines: Elasticsearch and OpenSearch from Maven's artifacts, or somebody's own.

use std::path::Path;

use crate::java;
use crate::nodes::{self, Kind, Node, Trouble};
use crate::shell::{self, Failure};
use crate::suite::Verdict;
use crate::suites::native;
use crate::tee::{self, Counted};

/// With `--full` a shipper that is not ours as well.
const SHIPPER: &str = "shipper";

/// Engines of our own.
pub fn ours(full: bool) -> Verdict {
    let nodes = match started(true) {
        Ok(nodes) => nodes,
        Err(Trouble::Broken(why)) => return Verdict::Failed(why),
        Err(Trouble::Missing(why)) => {
            println!("skipped: no test met a real search engine: {why}");
            return Verdict::Skipped(why);
        }
    };
    let urls: Vec<String> = nodes.iter().map(Node::url).collect();
    Verdict::of_tests(tests(&urls.join(","), true, full).map(|run| vec![run]))
}

/// `cargo xtask test elastic --url URL`: templates are put, data streams of the tests are made and removed again.
pub fn theirs(arguments: &[String]) -> Result<(), Failure> {
    let url = match arguments {
        [option, url] if option == "--url" => url,
        _ => return Err("`test elastic` takes `--url URL`, the address of a search engine".into()),
    };
    match Verdict::of_tests(tests(url, false, false).map(|run| vec![run])) {
        Verdict::Passed(told) => {
            println!("{told}");
            Ok(())
        }
        Verdict::Failed(why) | Verdict::Skipped(why) => Err(why),
    }
}

/// One of each kind, ended with the values. `tight`: a test shall find their limits.
pub fn started(tight: bool) -> Result<Vec<Node>, Trouble> {
    let (java, maven) = java::ensure().map_err(Trouble::Missing)?;
    let kinds = [Kind::Elasticsearch, Kind::OpenSearch];
    for kind in kinds {
        nodes::build(kind, &java, &maven)?;
    }
    let mut nodes =
        kinds.map(|kind| nodes::start(kind, &java, tight)).into_iter().collect::<Result<Vec<_>, _>>()?;
    for node in &mut nodes {
        node.wait()?;
        println!("  a search engine answers at {}", node.url());
    }
    Ok(nodes)
}

fn tests(urls: &str, tight: bool, full: bool) -> Result<Counted, Failure> {
    let mut tests =
        native::of_all(&["--test", "platform", "--", "--ignored", "elastic::", "--test-threads", "1"]);
    if !full || rsyslog().is_none() {
        tests.args(["--skip", SHIPPER]);
    }
    tests.env("DELTASCOPE_TEST_ENGINES", urls);
    if tight {
        tests.env("DELTASCOPE_TEST_ENGINES_TIGHT", "1");
    }
    tee::run(&mut tests)
}

/// Debian's, with its module for Elasticsearch; installed where we may.
pub fn rsyslog() -> Option<()> {
    let there = || {
        let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        let module = |folder: &Path| folder.join("rsyslog/omelasticsearch.so").is_file();
        folders.map(|entry| entry.path()).any(|folder| module(&folder))
    };
    if !there()
        && let Err(why) = shell::install(&["rsyslog", "rsyslog-elasticsearch"])
    {
        println!("skipped: rsyslog: {why}");
    }
    there().then_some(())
}
