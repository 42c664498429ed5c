//! Search engines as processes on loopback: built once from what `end2end/search-nodes` names, started, ended with
//! this value.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::shell::{self, Failure};

/// How long a node may take to its first answer.
const PATIENCE: Duration = Duration::from_secs(180);
/// Small enough that a test fills the queue and exceeds the size; a node of one thread takes few resources besides.
const TIGHT: [&str; 3] =
    ["http.max_content_length=1mb", "thread_pool.write.size=1", "thread_pool.write.queue_size=2"];
/// Words of Maven when an artifact cannot be had, whatever the reason.
const UNREACHABLE: [&str; 5] = [
    "Could not resolve",
    "Could not transfer",
    "could not be resolved",
    "Could not find artifact",
    "Non-resolvable",
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Elasticsearch,
    OpenSearch,
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::Elasticsearch => "elasticsearch",
            Self::OpenSearch => "opensearch",
        }
    }
}

/// Why there is no node.
pub enum Trouble {
    /// Something cannot be had here; one line.
    Missing(Failure),
    /// Something is wrong with what we have.
    Broken(Failure),
}

/// A running engine.
pub struct Node {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Node {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for its first answer.
    pub fn wait(&mut self) -> Result<(), Trouble> {
        let began = Instant::now();
        while !answers(self.address) {
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_some() || began.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(15).collect();
                let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
                return Err(Trouble::Broken(format!("a search engine does not answer:\n{last}")));
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        Ok(())
    }
}

fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.contains(" 200 ") && answer.contains("number"))
}

/// Where nodes are built and keep their data.
fn workshop(kind: Kind) -> PathBuf {
    shell::root().join("target/search-nodes").join(kind.folder())
}

/// Builds it, unless that was done: the artifacts come from Maven Central, or from where this machine's Maven is
/// told to look.
pub fn build(kind: Kind, java: &Path, maven: &Path) -> Result<(), Trouble> {
    let (source, work) = (shell::root().join("end2end/search-nodes").join(kind.folder()), workshop(kind));
    if work.join("target/lib").is_dir() && is_same(&source, &work) {
        return Ok(());
    }
    println!("  {}: building from Maven artifacts, 70 MB, under a minute", kind.folder());
    let broken = |error: std::io::Error| Trouble::Broken(error.to_string());
    // What an earlier version left behind.
    let _ = std::fs::remove_dir_all(&work);
    copy(&source, &work).map_err(broken)?;
    let mut package = shell::command(&maven.to_string_lossy());
    package.args(["-q", "-B", "-f"]).arg(work.join("pom.xml")).arg("package").env("JAVA_HOME", java);
    let output = package.output().map_err(broken)?;
    if output.status.success() {
        return Ok(());
    }
    let told =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let first = told.lines().find(|line| line.contains("ERROR")).unwrap_or("Maven failed").trim().to_owned();
    let first: String = first.chars().take(300).collect();
    Err(if UNREACHABLE.iter().any(|words| told.contains(words)) {
        Trouble::Missing(format!("the artifacts of {} cannot be had: {first}", kind.folder()))
    } else {
        Trouble::Broken(first)
    })
}

/// Starts it with an empty data folder on a free port. `tight`: a test shall find its limits.
pub fn start(kind: Kind, java: &Path, tight: bool) -> Result<Node, Trouble> {
    let broken = |error: std::io::Error| Trouble::Broken(error.to_string());
    let work = workshop(kind);
    let home = shell::root().join("target/search-nodes").join(format!("{}-data", kind.folder()));
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(home.join("natlib")).map_err(broken)?;
    let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_err(broken)?;
    let log = home.with_extension("log");
    let mut command = Command::new(java.join("bin/java"));
    command.args(["-Xmx512m", "-XX:+UseSerialGC"]);
    if kind == Kind::Elasticsearch {
        let library = zstd()
            .ok_or_else(|| Trouble::Missing("libzstd.so.1 is missing (Debian's libzstd1)".to_owned()))?;
        std::os::unix::fs::symlink(library, home.join("natlib/libzstd.so")).map_err(broken)?;
        command.args(["-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"]);
        command.arg(format!("-Des.nativelibs.path={}", home.join("natlib").display()));
        command.arg("-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false");
        command.arg(format!("-Dlog4j2.configurationFile={}", work.join("log4j2.properties").display()));
    }
    let classes =
        format!("{}:{}/*", work.join("target/classes").display(), work.join("target/lib").display());
    let class = match kind {
        Kind::Elasticsearch => "searchnode.EsMain",
        Kind::OpenSearch => "searchnode.OsMain",
    };
    command.args(["-cp", &classes, class]).arg(&home).arg(address.port().to_string());
    if tight {
        command.args(TIGHT);
    }
    let told = File::create(&log).and_then(|file| Ok((file.try_clone()?, file))).map_err(broken)?;
    command.stdin(Stdio::null()).stdout(told.0).stderr(told.1);
    let child = command.spawn().map_err(broken)?;
    Ok(Node { child, address, log })
}

/// Elasticsearch packs with the system's library.
fn zstd() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let all = folders.chain(["/usr/lib", "/usr/lib64", "/lib64"].map(PathBuf::from));
    all.map(|folder| folder.join("libzstd.so.1")).find(|file| file.is_file())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            std::fs::write(to.join(name), std::fs::read(&path)?)?;
        }
    }
    Ok(())
}

/// Whether every file of ours stands there unchanged.
fn is_same(from: &Path, to: &Path) -> bool {
    let entries = std::fs::read_dir(from).into_iter().flatten().flatten();
    entries.map(|entry| (entry.path(), to.join(entry.file_name()))).all(|(ours, built)| {
        if ours.is_dir() {
            is_same(&ours, &built)
        } else {
            std::fs::read(ours).ok() == std::fs::read(built).ok()
        }
    })
}
