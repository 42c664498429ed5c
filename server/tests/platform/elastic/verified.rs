//! The verification run against real engines: its records are forwarded there, and every checkpoint is found in the index.

use super::engines::all;

#[tokio::test]
#[ignore = "needs real engines: `cargo xtask test --only engines`"]
async fn the_verification_run_finds_every_checkpoint_in_the_index() {
    for engine in all() {
        let (done, said) = engine.command(&["verify", "--elastic", &engine.url]).await;
        assert!(done, "{said}");
        assert!(said.contains("the index") && !said.contains("MISSING"), "{said}");
        println!("{}", said.lines().last().unwrap_or_default());
        engine.clean().await;
    }
}
