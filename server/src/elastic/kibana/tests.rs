//! The files of Kibana against what is known of its schemas, and against our own words.

use super::*;
use crate::elastic::assets::mapped;

/// The fields of a rule by `POST /api/alerting/rule/{id}`, and of the parameters of `.es-query`.
const RULE: [&str; 7] = ["name", "rule_type_id", "consumer", "schedule", "tags", "params", "actions"];
const QUERY: [&str; 14] = [
    "searchType",
    "index",
    "timeField",
    "timeWindowSize",
    "timeWindowUnit",
    "size",
    "esQuery",
    "aggType",
    "groupBy",
    "termField",
    "termSize",
    "thresholdComparator",
    "threshold",
    "excludeHitsFromPreviousRun",
];

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Ids of what holds secrets must be UUIDs, or Kibana refuses them.
#[test]
fn rules_and_connectors_are_of_the_basic_licence_and_known_by_uuids() {
    let connectors = listed(CONNECTORS);
    let ids: Vec<String> = connectors.iter().map(|connector| text(connector, "id")).collect();
    for connector in &connectors {
        assert!([".index", ".server-log"].contains(&connector["connector_type_id"].as_str().unwrap()));
    }
    for rule in listed(RULES) {
        assert_eq!(rule["rule_type_id"], ".es-query");
        for action in rule["actions"].as_array().unwrap() {
            assert!(ids.contains(&text(action, "id")), "{action}");
            assert_eq!(action["group"], "query matched");
        }
    }
    for id in ids.iter().cloned().chain(listed(RULES).iter().map(|rule| text(rule, "id"))) {
        let version = uuid::Uuid::parse_str(&id).unwrap().get_version_num();
        assert_eq!(version, 4, "{id}");
    }
}

#[test]
fn rules_hold_to_the_schema() {
    let mut names = Vec::new();
    for asset in listed(RULES) {
        let (_, rule) = identified(asset);
        assert!(keys(&rule).iter().all(|key| RULE.contains(key)), "{rule}");
        let params = &rule["params"];
        assert!(keys(params).iter().all(|key| QUERY.contains(key)), "{params}");
        assert_eq!(params["groupBy"] == "top", params["termField"].is_string(), "{params}");
        assert!([">", ">=", "<"].contains(&params["thresholdComparator"].as_str().unwrap()));
        let query: Value = serde_json::from_str(params["esQuery"].as_str().unwrap()).unwrap();
        assert_eq!(keys(&query), ["query"]);
        for field in fields(&query["query"]) {
            assert!(mapped().contains_key(&field), "{field}");
        }
        names.push(text(&rule, "name"));
    }
    assert_eq!(names.len(), 4, "{names:?}");
}

/// The fields that filters of a query name.
fn fields(query: &Value) -> Vec<String> {
    let filters = query["bool"]["filter"].as_array().unwrap();
    filters
        .iter()
        .flat_map(|filter| {
            ["term", "terms"].map(|kind| filter[kind].as_object().cloned().unwrap_or_default())
        })
        .flat_map(|named| named.into_iter().map(|(field, _)| field))
        .collect()
}

/// Words in quotes that follow `event ==` and the like, from all files.
#[test]
fn events_that_are_asked_for_are_told_by_somebody() {
    let catalogue = include_str!("../../../../EVENTS.md");
    let all = [RULES, DASHBOARDS].join("").replace('\\', "");
    let is_name = |word: &&str| {
        word.split_once('.').is_some_and(|(family, rest)| {
            let plain =
                |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            plain(family) && plain(rest)
        })
    };
    let asked: Vec<&str> = all
        .split('"')
        .filter(is_name)
        .filter(|word| !word.contains(".md") && !word.starts_with("context."))
        .collect();
    assert!(asked.len() > 10, "{asked:?}");
    for name in asked {
        assert!(catalogue.contains(&format!("| `{name}` |")), "{name} is in no catalogue");
    }
}

#[test]
fn dashboards_hold_to_the_schema_and_ask_for_columns_that_they_make() {
    for dashboard in listed(DASHBOARDS) {
        assert_eq!(keys(&dashboard), ["description", "id", "panels", "time_range", "title"]);
        let mut taken = Vec::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let grid = &panel["grid"];
            let n = |key: &str| grid[key].as_u64().unwrap();
            assert!(panel["type"] == "vis" && n("x") + n("w") <= 48, "{panel}");
            let place = (n("x"), n("y"), n("x") + n("w"), n("y") + n("h"));
            let apart = |other: &(u64, u64, u64, u64)| {
                place.2 <= other.0 || other.2 <= place.0 || place.3 <= other.1 || other.3 <= place.1
            };
            assert!(taken.iter().all(apart), "{panel} lies on another");
            taken.push(place);
            let config = &panel["config"];
            let (query, columns) = match config["type"].as_str().unwrap() {
                "xy" => {
                    let layer = &config["layers"][0];
                    let mut columns = vec![layer["x"].clone(), layer["breakdown_by"].clone()];
                    columns.extend(layer["y"].as_array().unwrap().iter().cloned());
                    (&layer["data_source"], columns)
                }
                "data_table" => {
                    let all = [&config["rows"], &config["metrics"]];
                    (
                        &config["data_source"],
                        all.iter().flat_map(|list| list.as_array().unwrap().clone()).collect(),
                    )
                }
                "metric" => (&config["data_source"], config["metrics"].as_array().unwrap().clone()),
                other => panic!("{other}"),
            };
            assert_eq!(query["type"], "esql");
            let query = query["query"].as_str().unwrap();
            assert!(query.contains("@timestamp <= ?_tend AND @timestamp > ?_tstart"), "{query}");
            let made = query.split_once("STATS").unwrap().1;
            for column in columns.iter().filter_map(|column| column["column"].as_str()) {
                assert!(made.contains(column), "{column} is not made by {query}");
            }
        }
    }
}
