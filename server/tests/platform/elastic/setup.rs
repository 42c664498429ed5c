//! `elastic setup` and `elastic check` against a fake engine and a fake Kibana.

use std::process::Output;

use serde_json::{Value, json};

use super::fake::{Fake, KEY};

fn elasticsearch() -> Value {
    json!({ "version": { "number": "9.5.3" }, "tagline": "You Know, for Search" })
}

fn open_search() -> Value {
    json!({ "version": { "number": "3.5.0", "distribution": "opensearch" } })
}

async fn run(fake: &Fake, kibana: bool, arguments: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_deltascope"));
    command.arg("elastic").args(arguments).env("ELASTICSEARCH_URL", fake.url());
    if kibana {
        command.env("DELTASCOPE__ELASTICSEARCH__KIBANA_URL", fake.url());
    }
    command.output().await.expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Lines by their first word.
fn count(output: &Output, word: &str) -> usize {
    text(&output.stdout).lines().filter(|line| line.starts_with(&format!("{word} "))).count()
}

#[tokio::test]
async fn set_up_twice_and_nothing_is_changed_the_second_time() {
    let fake = Fake::start(elasticsearch()).await;
    let missing = run(&fake, true, &["check"]).await;
    assert!(!missing.status.success());
    assert_eq!((count(&missing, "there"), count(&missing, "missing")), (0, 21), "{}", text(&missing.stdout));
    assert!(fake.changes().is_empty(), "a check changes nothing");

    let first = run(&fake, true, &["setup"]).await;
    assert!(first.status.success(), "{}{}", text(&first.stdout), text(&first.stderr));
    assert_eq!(count(&first, "made"), 21, "{}", text(&first.stdout));
    let order = fake.changes();
    let at = |what: &str| order.iter().position(|change| change.contains(what)).expect(what);
    assert!(at("_ilm") < at("@settings") && at("@mappings") < at("_index_template"), "{order:?}");
    assert!(at("_index_template") < at("api_key"), "templates first: {order:?}");

    let second = run(&fake, true, &["setup"]).await;
    assert!(second.status.success(), "{}", text(&second.stdout));
    assert_eq!(count(&second, "there"), 21, "{}", text(&second.stdout));
    assert!(fake.changes().is_empty());
    let check = run(&fake, true, &["check"]).await;
    assert!(check.status.success() && count(&check, "there") == 21, "{}", text(&check.stdout));
}

#[tokio::test]
async fn a_key_is_shown_once_on_stderr_or_goes_into_a_file_of_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;

    let fake = Fake::start(elasticsearch()).await;
    let first = run(&fake, false, &["setup"]).await;
    assert!(text(&first.stderr).contains(KEY) && !text(&first.stdout).contains(KEY));
    let again = run(&fake, false, &["setup"]).await;
    assert!(!text(&again.stderr).contains(KEY), "{}", text(&again.stderr));

    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("key");
    let shown = file.display().to_string();
    let third = run(&fake, false, &["setup", "--new-key", "--key-file", &shown]).await;
    assert!(!text(&third.stderr).contains(KEY) && third.status.success());
    assert_eq!(std::fs::read_to_string(&file).expect("the key").trim(), KEY);
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    let rights = fake.with(|world| world.keys[0]["role_descriptors"]["deltascope"]["indices"][0].clone());
    assert_eq!(rights["privileges"], json!(["create_doc", "auto_configure", "read", "view_index_metadata"]));
}

#[tokio::test]
async fn what_differs_is_named_and_put_right() {
    let fake = Fake::start(elasticsearch()).await;
    run(&fake, true, &["setup"]).await;
    fake.changes();
    fake.with(|world| {
        let settings = world.things.get_mut("/_component_template/deltascope-logs@settings").unwrap();
        settings["template"]["settings"]["index"]["refresh_interval"] = "30s".into();
        let rule = world.things.keys().find(|path| path.starts_with("/api/alerting/rule/")).unwrap().clone();
        world.things.get_mut(&rule).unwrap()["params"]["threshold"][0] = 7.into();
        world.keys[0]["role_descriptors"]["deltascope"]["cluster"] = json!(["all"]);
        let stream = json!({ "data_streams": [{ "template": "deltascope-logs", "failure_store": { "enabled": false } }] });
        world.things.insert("/_data_stream/logs-deltascope.app-default".to_owned(), stream);
        let plain = json!({ "logs-deltascope.web-default": { "settings": {} } });
        world.things.insert("/logs-deltascope.web-default/_settings".to_owned(), plain);
    });
    let check = run(&fake, true, &["check"]).await;
    let told = text(&check.stdout);
    assert!(!check.status.success());
    for words in [
        "template.settings.index.refresh_interval is \"30s\", not \"5s\"",
        "params.threshold[0] is 7, not",
        "role_descriptors.deltascope.cluster[0] is \"all\", not \"monitor\"",
        "its failure store is off",
        "it is a plain index",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
    let setup = run(&fake, true, &["setup"]).await;
    assert_eq!(count(&setup, "replaced"), 4, "{}", text(&setup.stdout));
    assert_eq!(count(&setup, "differs"), 1, "a plain index holds records: nobody removes it by the way");
    assert!(!setup.status.success());
}

#[tokio::test]
async fn what_the_engine_or_the_licence_lacks_is_not_tried() {
    let fake = Fake::start(open_search()).await;
    let setup = run(&fake, false, &["setup"]).await;
    assert!(setup.status.success(), "{}", text(&setup.stdout));
    let told = text(&setup.stdout);
    assert_eq!((count(&setup, "made"), count(&setup, "not supported")), (4, 2), "{told}");
    let changes = fake.changes();
    assert!(changes.iter().any(|change| change.contains("_plugins/_ism")), "{changes:?}");
    assert!(
        !changes.iter().any(|change| change.contains("api_key") || change.contains("_ilm")),
        "{changes:?}"
    );
    fake.with(|world| world.things.get_mut("/_plugins/_ism/policies/deltascope-logs").unwrap()["policy"]["states"][0]
        ["transitions"][0]["conditions"]["min_rollover_age"] = "1d".into());
    let again = run(&fake, false, &["setup"]).await;
    assert_eq!(count(&again, "replaced"), 1, "{}", text(&again.stdout));

    let fake = Fake::start(elasticsearch()).await;
    fake.with(|world| {
        world.secured = false;
        world.has_dashboards = false;
        world.licence_lacks = vec![".es-query"];
    });
    let setup = run(&fake, true, &["setup"]).await;
    assert!(setup.status.success(), "{}", text(&setup.stdout));
    // A key, four rules, three dashboards.
    assert_eq!(count(&setup, "not supported"), 8, "{}", text(&setup.stdout));
    let changes = fake.changes();
    for untried in ["api_key", "rule", "dashboards"] {
        assert!(!changes.iter().any(|change| change.contains(untried)), "{untried}: {changes:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_one_clear_sentence_and_spoils_nothing_else() {
    let fake = Fake::start(elasticsearch()).await;
    fake.with(|world| world.refused = vec![("/_ilm", 403), ("/api/dashboards/", 403)]);
    let setup = run(&fake, true, &["setup"]).await;
    let told = text(&setup.stdout);
    assert!(!setup.status.success());
    assert_eq!((count(&setup, "refused"), count(&setup, "made")), (4, 17), "{told}");
    assert!(
        told.contains("refused        lifecycle           deltascope-logs: HTTP 403: not allowed"),
        "{told}"
    );

    fake.with(|world| world.refused = vec![("/", 401)]);
    let shut_out = run(&fake, true, &["check"]).await;
    assert!(!shut_out.status.success());
    let words = text(&shut_out.stderr);
    assert!(words.contains("the engine does not let us in: HTTP 401: not allowed"), "{words}");
}

#[tokio::test]
async fn somebody_elses_template_is_left_alone() {
    let fake = Fake::start(elasticsearch()).await;
    let theirs = json!({ "_meta": { "owner": "somebody" }, "template": { "mine": true } });
    fake.with(|world| world.things.insert("/_index_template/deltascope-logs".to_owned(), theirs.clone()));
    let setup = run(&fake, false, &["setup"]).await;
    assert!(text(&setup.stdout).contains("it belongs to somebody"), "{}", text(&setup.stdout));
    assert!(!setup.status.success());
    assert_eq!(fake.with(|world| world.things["/_index_template/deltascope-logs"].clone()), theirs);
}
