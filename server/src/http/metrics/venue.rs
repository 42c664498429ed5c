//! What is left of the venue's request quotas, by who may spend it.

use std::fmt::Write as _;

use crate::venue::{Purse, Standing};

pub(super) fn text(standing: &Standing) -> String {
    let Standing { address, account, for_entries, for_reads } = *standing;
    let mut text = String::new();
    head(&mut text, "left", "Units of a quota that may be spent now, by what for.");
    for (quota, purpose, units) in [
        ("account", "closing", account.left),
        ("account", "reads", for_reads),
        ("account", "entries", for_entries),
        ("address", "reads", address.left),
    ] {
        // Writing to a String cannot fail.
        let _ =
            writeln!(text, "deltascope_venue_budget_left{{quota=\"{quota}\",purpose=\"{purpose}\"}} {units}");
    }
    type Of = fn(&Purse) -> i64;
    let both: [(&str, &str, Of); 2] = [
        ("elsewhere", "Units that the venue counts and we did not spend.", |purse| {
            i64::from(purse.elsewhere)
        }),
        ("held_ms", "How long the venue asked to wait.", |purse| purse.held_ms),
    ];
    for (name, help, of) in both {
        head(&mut text, name, help);
        for (quota, purse) in [("account", account), ("address", address)] {
            let _ = writeln!(text, "deltascope_venue_budget_{name}{{quota=\"{quota}\"}} {}", of(&purse));
        }
    }
    text
}

fn head(text: &mut String, name: &str, help: &str) {
    let _ = writeln!(
        text,
        "# HELP deltascope_venue_budget_{name} {help}\n# TYPE deltascope_venue_budget_{name} gauge"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_by_who_may_spend_it() {
        let account = Purse { left: 2_480, elsewhere: 6_520, held_ms: 700 };
        let address = Purse { left: 9_997, ..Purse::default() };
        let text = text(&Standing { address, account, for_entries: 0, for_reads: 480 });
        for line in [
            "deltascope_venue_budget_left{quota=\"account\",purpose=\"closing\"} 2480",
            "deltascope_venue_budget_left{quota=\"account\",purpose=\"entries\"} 0",
            "deltascope_venue_budget_left{quota=\"address\",purpose=\"reads\"} 9997",
            "deltascope_venue_budget_elsewhere{quota=\"account\"} 6520",
            "deltascope_venue_budget_held_ms{quota=\"address\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }
}
