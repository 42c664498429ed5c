//! Whose fault a refusal is. What every document would meet alike is the destination's: it is held until it is put
//! right, and nothing becomes a dead letter for it.

use super::Item;

/// Whose fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    /// It was taken.
    Nobody,
    /// The destination is not set up, closed, full, or refuses these credentials.
    Destination,
    /// Too much at once, or not now.
    Busy,
    /// The engine failed over it.
    Server,
    /// By its own words about the document.
    Record,
    /// The words do not tell.
    Unknown,
    /// The request was refused as a whole, and it was alone in it.
    Request,
}

/// Kinds of errors that every document would meet.
const OF_THE_DESTINATION: [&str; 12] = [
    "alias_not_found_exception",
    "authorization_exception",
    "cluster_block_exception",
    "index_closed_exception",
    "index_not_found_exception",
    "invalid_alias_name_exception",
    "invalid_index_name_exception",
    "invalid_index_template_exception",
    "no_shard_available_action_exception",
    "security_exception",
    "unavailable_shards_exception",
    "validation_exception",
];
/// Words of errors that every document would meet, whatever their kind.
const WORDS: [&str; 6] = [
    "document id is not supported",
    "maximum shards",
    "maximum normal shards",
    "only write ops with an op_type of create are allowed",
    "no write index",
    "read-only-allow-delete block",
];
/// Kinds of errors about what stands in a document.
const OF_THE_RECORD: [&str; 8] = [
    "arguments_exception",
    "date_time_parse_exception",
    "document_parsing_exception",
    "json_parse_exception",
    "mapper_exception",
    "mapper_parsing_exception",
    "strict_dynamic_mapping_exception",
    "x_content_parse_exception",
];

/// Of one result.
pub(super) fn blame(item: &Item) -> Blame {
    match item.status {
        200 | 201 | 409 => Blame::Nobody,
        401 | 403 | 404 => Blame::Destination,
        // A full disk blocks with 429; it does not pass by itself within seconds.
        429 if says_destination(&item.reason) => Blame::Destination,
        429 | 502..=504 => Blame::Busy,
        500.. => Blame::Server,
        _ if says_destination(&item.reason) => Blame::Destination,
        _ if OF_THE_RECORD.contains(&kind(&item.reason)) => Blame::Record,
        _ => Blame::Unknown,
    }
}

/// Whether the words of a refusal are about the destination.
pub(super) fn says_destination(reason: &str) -> bool {
    let lower = reason.to_lowercase();
    OF_THE_DESTINATION.contains(&kind(reason)) || WORDS.iter().any(|words| lower.contains(words))
}

/// One clear sentence about a destination that refuses.
pub(super) fn explain(status: u16, reason: &str) -> String {
    let lower = reason.to_lowercase();
    let advice = if lower.contains("document id is not supported") {
        "the destination needs document ids to be allowed: use an index or a collection of the search type"
    } else if lower.contains("shards") && lower.contains("maximum") {
        "the cluster has no shard left: raise cluster.max_shards_per_node or delete old indices"
    } else if lower.contains("index_closed_exception") {
        "the index is closed: open it"
    } else if lower.contains("cluster_block_exception") || lower.contains("read-only-allow-delete") {
        "the index is blocked: look at the engine's disk space"
    } else if status == 401 {
        "the engine does not know these credentials: look at ELASTICSEARCH_API_KEY"
    } else if status == 403 {
        "the credentials may not write there: the key needs create_doc and auto_configure on logs-deltascope.*"
    } else if lower.contains("https port") || lower.contains("http request to an https") {
        "the port speaks https: begin the address with https://"
    } else if lower.contains("<html") || lower.contains("web page") {
        "something else than a search engine answers there: look at the address and at proxies in between"
    } else {
        return reason.to_owned();
    };
    format!("{advice} ({reason})")
}

fn kind(reason: &str) -> &str {
    reason.split_once(':').map_or(reason, |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_document_meets_is_the_destinations_fault() {
        let table = [
            (
                400,
                "illegal_argument_exception: Document ID is not supported in create/index operation request",
                Blame::Destination,
            ),
            (
                400,
                "validation_exception: Validation Failed: 1: this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open;",
                Blame::Destination,
            ),
            (400, "index_closed_exception: closed", Blame::Destination),
            (
                403,
                "cluster_block_exception: index [x] blocked by: [FORBIDDEN/8/index write (api)];",
                Blame::Destination,
            ),
            (
                429,
                "cluster_block_exception: index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];",
                Blame::Destination,
            ),
            (404, "index_not_found_exception: no such index", Blame::Destination),
            (429, "es_rejected_execution_exception: rejected execution", Blame::Busy),
            (503, "", Blame::Busy),
            (500, "null_pointer_exception: null", Blame::Server),
            (400, "document_parsing_exception: [1:2] failed to parse field [price]", Blame::Record),
            (400, "illegal_argument_exception: mapper [payload.a] cannot be changed", Blame::Unknown),
            (400, "", Blame::Unknown),
            (201, "", Blame::Nobody),
            (409, "version_conflict_engine_exception: there", Blame::Nobody),
        ];
        for (status, reason, expected) in table {
            let item = Item { status, reason: reason.to_owned(), ..Item::default() };
            assert_eq!(blame(&item), expected, "{status} {reason}");
        }
    }
}
