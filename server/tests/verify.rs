//! The verification run as people start it. It takes more than a minute: whole with `DELTASCOPE_FULL=1`; that every
//! checkpoint asks for what the catalogue knows is tested beside the checkpoints.

use std::process::Command;

#[test]
fn the_verification_run_finds_every_checkpoint() {
    if std::env::var_os("DELTASCOPE_FULL").is_none() {
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_deltascope")).arg("verify").output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{table}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(!table.contains("MISSING") && table.contains("checkpoints found in"), "{table}");
}

#[test]
fn it_says_in_one_sentence_when_the_index_cannot_be_asked() {
    let output = Command::new(env!("CARGO_BIN_EXE_deltascope"))
        .env("DELTASCOPE__ELASTICSEARCH__CA_FILE", "/nothing/here.pem")
        .args(["verify", "--elastic", "not an address"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("elasticsearch.url"), "{said}");
}
