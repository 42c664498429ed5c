//! Every checkpoint of the plan.

use super::shapes::Checkpoint;
use super::{browser, engine, house, stream, venue};

pub(super) fn all() -> Vec<Checkpoint> {
    [house::points(), engine::points(), venue::points(), stream::points(), browser::points()]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    /// What is asked for must be what the catalogue promises, or nobody could ever find it.
    #[test]
    fn every_checkpoint_asks_for_what_the_catalogue_knows() {
        let mut known: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let everything = [model::catalogue::catalogue(), crate::catalogue::catalogue(), app::ui_catalogue()];
        for entry in everything.concat() {
            known.entry(entry.name).or_default().extend(entry.payload_keys);
        }
        let of_record = ["correlation_id", "symbol", "reason"];
        // More is added to the summary than stands in the decision.
        let added = ["reason", "also_matched"];
        let points = super::all();
        assert!(points.len() >= 85, "{}", points.len());
        for point in points {
            let fields = known.get(point.event).unwrap_or_else(|| panic!("{} is no event", point.event));
            for field in point.fields {
                let there = fields.contains(*field)
                    || of_record.contains(field)
                    || (point.event == "session.summarised" && added.contains(field));
                assert!(there, "{field} of {}", point.event);
            }
        }
    }
}
