//! What is excused from a law, and why. This list must shrink; nothing is added without a reason that a
//! reader accepts.

pub struct Exception {
    pub law: &'static str,
    pub path: &'static str,
    #[allow(dead_code, reason = "for the reader of this list")]
    pub reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[Exception {
    law: "manifests",
    path: "fuzz/Cargo.toml",
    reason: "needs a nightly compiler, so it stands outside of the workspace and inherits nothing of it",
}];

pub fn of(law: &str) -> impl Iterator<Item = &'static Exception> {
    EXCEPTIONS.iter().filter(move |exception| exception.law == law)
}

pub fn excuses(law: &str, path: &str) -> bool {
    of(law).any(|exception| exception.path == path)
}
