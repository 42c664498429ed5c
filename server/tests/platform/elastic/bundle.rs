//! The files of `deploy/elastic`, as far as they can be checked without the programs that read them: keys against the
//! references of these programs, and what must hold of the whole.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_yaml_ng::Value;

fn text(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/elastic");
    std::fs::read_to_string(folder.join(name)).expect("the file")
}

fn yaml(name: &str) -> Value {
    serde_yaml_ng::from_str(&text(name)).expect("YAML")
}

fn keys(value: &Value) -> Vec<String> {
    let mapping = value.as_mapping().expect("a mapping");
    mapping.keys().map(|key| key.as_str().expect("a text").to_owned()).collect()
}

fn only(value: &Value, known: &str) {
    let known: BTreeSet<&str> = known.split_whitespace().collect();
    for key in keys(value) {
        assert!(known.contains(key.as_str()), "{key} is in no reference: {value:?}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_sequence().map(Vec::as_slice).unwrap_or_default()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Of the Compose specification.
const SERVICE: &str = "image build user network_mode restart volumes entrypoint depends_on logging mem_limit ulimits \
                       environment ports healthcheck stop_grace_period profiles";

#[test]
fn the_services_hold_together() {
    let compose = yaml("compose.yaml");
    let services = compose["services"].as_mapping().expect("services");
    let volumes: BTreeSet<String> = keys(&compose["volumes"]).into_iter().collect();
    for (name, service) in services {
        only(service, SERVICE);
        assert!(service.get("image").is_some(), "{name:?}");
        for (other, how) in service["depends_on"].as_mapping().into_iter().flatten() {
            let found = services.get(other).unwrap_or_else(|| panic!("{name:?} waits for nobody: {other:?}"));
            let condition = word(&how["condition"]);
            match condition {
                "service_healthy" => assert!(found.get("healthcheck").is_some(), "{other:?}"),
                "service_completed_successfully" => assert_eq!(word(&found["restart"]), "no", "{other:?}"),
                other => panic!("{other}"),
            }
        }
        for port in list(&service["ports"]) {
            assert!(word(port).starts_with("127.0.0.1:"), "{name:?} listens to the world: {port:?}");
        }
        for volume in list(&service["volumes"]) {
            let source = word(volume).split(':').next().unwrap_or_default();
            let file = source.strip_prefix("./");
            let there = file.is_some_and(|file| !text(file).is_empty()) || volumes.contains(source);
            assert!(there, "{name:?} mounts what is not there: {volume:?}");
        }
    }
    for required in ["elasticsearch", "kibana", "setup", "deltascope", "filebeat", "fluent-bit", "logstash"] {
        assert!(services.contains_key(required), "{required}");
    }
    for optional in ["filebeat", "fluent-bit", "logstash"] {
        assert_eq!(list(&compose["services"][optional]["profiles"]), [Value::from(optional)]);
    }
}

#[test]
fn security_is_on_the_licence_is_basic_and_no_secret_is_written_down() {
    let compose = yaml("compose.yaml");
    let engine = &compose["services"]["elasticsearch"]["environment"];
    assert_eq!(engine["xpack.security.enabled"], Value::from("true"));
    assert_eq!(engine["xpack.license.self_generated.type"], Value::from("basic"));
    for (name, service) in compose["services"].as_mapping().expect("services") {
        for (key, value) in service["environment"].as_mapping().into_iter().flatten() {
            let key = word(key).to_lowercase();
            let secret = ["password", "key", "secret"].iter().any(|part| key.ends_with(part));
            assert!(!secret || word(value).starts_with("/secrets/"), "{name:?}: {key}");
        }
        let script = list(&service["entrypoint"]).last().map(word).unwrap_or_default();
        for line in script.lines().filter(|line| line.contains("export ")) {
            assert!(line.contains("$$("), "read from a file at the start: {line}");
        }
    }
    // Who only ships sees no password of the engine.
    for shipper in ["deltascope", "filebeat", "fluent-bit", "logstash"] {
        let mounts = list(&compose["services"][shipper]["volumes"]);
        assert!(!mounts.iter().any(|mount| word(mount).starts_with("secrets")), "{shipper}");
    }
}

#[test]
fn filebeat_is_told_only_what_it_knows() {
    let file = yaml("filebeat.yml");
    only(
        &file,
        "filebeat.inputs processors queue.disk.max_size output.elasticsearch setup.template.enabled setup.ilm.enabled",
    );
    let input = &file["filebeat.inputs"][0];
    only(
        input,
        "type id paths parsers prospector.scanner.check_interval prospector.scanner.fingerprint.length \
         close.on_state_change.inactive",
    );
    assert_eq!(word(&input["type"]), "filestream");
    only(
        &input["parsers"][0]["ndjson"],
        "target overwrite_keys add_error_key expand_keys message_key ignore_decoding_error",
    );
    for processor in list(&file["processors"]) {
        only(processor, "timestamp copy_fields drop_fields");
    }
    let output = &file["output.elasticsearch"];
    only(output, "hosts api_key preset index indices");
    // The id is kept in the record: a document without it cannot be told from another.
    assert!(text("filebeat.yml").contains("from: event_id, to: \"@metadata._id\""));
    streams(&text("filebeat.yml"), "${NAMESPACE:default}");
}

#[test]
fn fluent_bit_is_told_only_what_it_knows() {
    let file = yaml("fluent-bit.yaml");
    only(&file, "service parsers pipeline");
    only(&file["service"], "flush log_level storage.path storage.sync");
    only(&file["parsers"][0], "name format time_key time_format time_keep");
    let pipeline = &file["pipeline"];
    only(
        &pipeline["inputs"][0],
        "name tag path parser db read_from_head refresh_interval buffer_chunk_size buffer_max_size storage.type",
    );
    for filter in list(&pipeline["filters"]) {
        only(filter, "name match rule emitter_storage.type");
    }
    for output in list(&pipeline["outputs"]) {
        only(
            output,
            "name match index host port http_api_key id_key write_operation suppress_type_name time_key \
             time_key_format time_key_nanos replace_dots buffer_size compress retry_limit",
        );
        assert_eq!((word(&output["id_key"]), word(&output["write_operation"])), ("event_id", "create"));
    }
    // It reads no anchors.
    assert!(!text("fluent-bit.yaml").contains(['&', '*']) || text("fluent-bit.yaml").contains("/*/*.ndjson"));
    streams(&text("fluent-bit.yaml"), "${NAMESPACE}");
}

#[test]
fn logstash_is_told_only_what_it_knows() {
    let known: BTreeSet<&str> =
        "path mode start_position stat_interval sincedb_path ecs_compatibility codec match target \
        add_field remove_field replace hosts api_key ssl_enabled index action document_id data_stream \
        manage_template ilm_enabled"
            .split_whitespace()
            .collect();
    let text = text("logstash.conf");
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    for line in code.filter(|line| line.contains("=>")) {
        let option = line.split_whitespace().next().unwrap_or_default();
        let nested = ["mutate"].contains(&option);
        assert!(nested || known.contains(option), "{line}");
    }
    let count = |c: char| text.matches(c).count();
    assert_eq!((count('{'), count('[')), (count('}'), count(']')));
    assert!(text.contains("document_id => \"%{event_id}\"") && text.contains("action => \"create\""));
    assert!(text.contains("logs-deltascope.%{[@metadata][dataset]}-${NAMESPACE:default}"));
}

/// The names of the streams as the forwarder has them.
fn streams(text: &str, namespace: &str) {
    for source in [telemetry::Source::Backend, telemetry::Source::Frontend, telemetry::Source::Audit] {
        let stream = telemetry::data_stream(source, namespace);
        assert!(text.contains(&stream), "{stream}");
    }
}

/// Debian's `docker-compose` reads the file and knows every service; no daemon is asked. CI installs it.
#[test]
fn docker_compose_takes_the_file() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../deploy/elastic/compose.yaml");
    let mut command = std::process::Command::new("docker-compose");
    command.arg("-f").arg(&file);
    for profile in ["filebeat", "fluent-bit", "logstash"] {
        command.args(["--profile", profile]);
    }
    match command.args(["config", "--services"]).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            let known: BTreeSet<&str> = told.split_whitespace().collect();
            let services = keys(&yaml("compose.yaml")["services"]);
            assert_eq!(known, services.iter().map(String::as_str).collect());
        }
        Err(error) => {
            let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!in_ci, "CI must have docker-compose: {error}");
            println!("skipped: docker-compose is not installed");
        }
    }
}
