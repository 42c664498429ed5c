//! The baseline: rsyslog with its output for Elasticsearch, set up as `deploy/rsyslog` describes it, reads the same segments.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::process::cpu_seconds;

const CONFIGURATION: &str = include_str!("../../../deploy/rsyslog/deltascope.conf");

/// A running rsyslog, ended with this value.
pub struct Rsyslog(Child);

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program, if it and its output are installed.
pub fn program() -> Option<PathBuf> {
    let program = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.is_file())?;
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    folders
        .map(|folder| folder.join("rsyslog/omelasticsearch.so"))
        .any(|module| module.is_file())
        .then_some(program)
}

impl Rsyslog {
    /// Sends the segments of `dir/data` to `url`, into the streams of `namespace`.
    pub fn start(program: &Path, dir: &Path, url: &str, namespace: &str) -> Self {
        let state = dir.join(format!("rsyslog-{namespace}"));
        std::fs::create_dir_all(&state).expect("a folder");
        let (host, port) = url.trim_start_matches("http://").split_once(':').expect("host and port");
        let text = CONFIGURATION
            .replace("@STATE@", &state.display().to_string())
            .replace("@LOGS@", &dir.join("data/log/*/*.ndjson").display().to_string())
            .replace("@HOST@", host)
            .replace("@PORT@", port)
            .replace("@NAMESPACE@", namespace);
        let file = state.join("rsyslog.conf");
        std::fs::write(&file, text).expect("written");
        let told = std::fs::File::create(state.join("stderr.log")).expect("a file");
        let mut command = Command::new(program);
        command.args(["-n", "-f"]).arg(&file).arg("-i").arg(state.join("pid"));
        Self(command.stdin(Stdio::null()).stderr(told).spawn().expect("rsyslogd starts"))
    }

    /// Processor time so far, in seconds.
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.0.id())
    }
}
