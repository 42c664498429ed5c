//! What is left of the venue's request budget stands in the metrics and in Settings, by who may spend it.

use crate::support::{Console, PASSWORD};

#[tokio::test]
async fn what_is_left_of_the_budget_is_a_metric_and_stands_in_settings() {
    let mut console = Console::start(&[]).await;
    console.sign_in(PASSWORD).await;
    let text = console.get("/metrics").await.text().await.unwrap();
    let left = |labels: &str| -> u32 {
        let name = format!("deltascope_venue_budget_left{{{labels}}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("{labels} in {text}")).parse().unwrap()
    };
    let (closing, reads, entries) = (
        left("quota=\"account\",purpose=\"closing\""),
        left("quota=\"account\",purpose=\"reads\""),
        left("quota=\"account\",purpose=\"entries\""),
    );
    assert!(closing <= 10_000 && closing > 9_000, "{text}");
    assert_eq!((closing - reads, reads - entries), (2_000, 1_000), "the reserves");
    assert!(left("quota=\"address\",purpose=\"reads\"") > 9_000);
    let settings = console.get("/settings").await.text().await.unwrap();
    for words in ["Budget left, account", "Of it for entries", "Kept for closing", "2,000 of 10,000"] {
        assert!(settings.contains(words), "{words} in {settings}");
    }
}
