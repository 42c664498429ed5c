//! What Settings shows: how the server is set and stands, in words.

use telemetry::Micros;

use super::alerts::channels_of;
use crate::forwarder::Snapshot;
use crate::live::Door;
use crate::shared::App;
use crate::store::telemetry::Books;
use crate::telling::VERSION;
use crate::venue::{Purse, Standing};

/// Of messages, to find the last of each channel.
const MESSAGES: usize = 50;

type Facts = Vec<app::Fact>;

fn fact(name: &str, value: impl Into<String>) -> app::Fact {
    (name.to_owned(), value.into())
}

/// Everything that the page shows. What cannot be read is said to be so.
pub(super) async fn paint_of(app: &App) -> app::SettingsPaint {
    let told = app.alerts.told(MESSAGES).await.unwrap_or_default();
    let people = app.accounts.people().await.ok();
    let user = |person: crate::auth::Person| app::UserView {
        name: person.username,
        role: "admin".to_owned(),
        without_password: !person.has_password,
        created_at: Micros(person.created_us),
    };
    let level = |change: crate::levels::Change| app::LevelView {
        target: change.target,
        level: change.level.as_str().to_owned(),
        expires_at: change.expires_at,
        reason: change.reason,
        by: change.by,
        set_at: change.set_at,
    };
    app::SettingsPaint {
        usual_level: app.teller.usual_level().as_str().to_owned(),
        levels: app.levels.changes().await.into_iter().map(level).collect(),
        targets: app.levels.targets().into_iter().map(str::to_owned).collect(),
        channels: channels_of(app, &told),
        users: people.map(|people| people.into_iter().map(user).collect()),
        venue: venue(app),
        retention: retention(app),
        forwarding: forwarding(app).await,
        about: about(app),
    }
}

fn venue(app: &App) -> Facts {
    let strip = app.trading.hub.strip();
    let up = |is_up: bool| if is_up { "up" } else { "down" };
    let standing = app.trading.rest.standing();
    let clock = app.trading.rest.offset().map_or_else(
        || "not measured yet".to_owned(),
        |offset| {
            let side = if offset.ms < 0 { "behind" } else { "ahead of" };
            format!("{} ms {side} ours, ± {} ms", offset.ms.abs(), offset.uncertainty_ms)
        },
    );
    let mut facts = vec![
        fact("Venue", app.config.venue.kind.word()),
        fact("Market", strip.market_note.unwrap_or_else(|| "the venue’s own".to_owned())),
        fact("Price stream", up(strip.prices_up)),
        fact("Order stream", up(strip.orders_up)),
        fact("The venue’s clock", clock),
        fact("Budget left, account", purse(standing.account)),
        fact("Of it for entries", grouped(standing.for_entries)),
        fact("Of it for reads", grouped(standing.for_reads)),
        fact("Kept for closing", format!("{} of {}", grouped(Standing::RESERVE), grouped(Standing::QUOTA))),
        fact("Budget left, address", purse(standing.address)),
    ];
    if let Some(live) = app.trading.accounts.live() {
        facts.extend(live.live().map(|account| {
            let money = if account.real_money { "real money" } else { "play money" };
            fact("Account", format!("{}, {money}", account.account))
        }));
        facts.push(fact(
            "Live sessions",
            match live.door() {
                Door::Open => "can be started: the keys are of this account and may trade".to_owned(),
                shut @ Door::Shut { .. } => shut.to_string(),
            },
        ));
    }
    facts
}

/// `9,810`.
fn grouped(units: u32) -> String {
    let digits = units.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Units left of a quota, with what takes from it besides us.
fn purse(Purse { left, elsewhere, held_ms }: Purse) -> String {
    let mut words = format!("{} of {}", grouped(left), grouped(Standing::QUOTA));
    if elsewhere > 0 {
        words.push_str(&format!("; {} were spent by others, or before this start", grouped(elsewhere)));
    }
    if held_ms > 0 {
        words.push_str(&format!("; held back for {held_ms} ms by the venue"));
    }
    words
}

fn retention(app: &App) -> Facts {
    let log = &app.config.log;
    vec![
        fact("Data directory", app.config.data.dir.display().to_string()),
        fact("Log records", format!("{} days, or {} MB: the oldest go first", log.keep_days, log.keep_mb)),
        fact("Alerts that ended", "210 days"),
        fact("Messages of alerts", "30 days"),
        fact("Answers to keyed requests", "1 day"),
        fact("Trading journal", "30 days, and what a living session needs"),
    ]
}

async fn forwarding(app: &App) -> Facts {
    let Some(status) = &app.forwarder else {
        return vec![fact("State", "off: no ELASTICSEARCH_URL is set, and none is needed")];
    };
    let Snapshot { state, last_error, .. } = status.snapshot();
    let config = &app.config.elasticsearch;
    let mut facts = vec![fact("State", state)];
    facts.extend(last_error.map(|error| fact("Last error", telemetry::clean(&error).into_owned())));
    facts.push(fact("Address", config.url.clone().unwrap_or_default()));
    facts.push(fact("Namespace", config.namespace.clone()));
    match app.records.books().await {
        Ok(Books { offered, delivered, held, quarantined, turned_away, .. }) => {
            facts.push(fact("Offered", offered.to_string()));
            facts.push(fact("Delivered", delivered.to_string()));
            facts.push(fact("Held", held.to_string()));
            facts.push(fact("Quarantined, turned away", format!("{quarantined}, {turned_away}")));
        }
        Err(error) => facts.push(fact("Books", format!("cannot be read: {error}"))),
    }
    facts
}

fn about(app: &App) -> Facts {
    let (overall, reasons) = app.health.overall();
    let health = if reasons.is_empty() {
        overall.word().to_owned()
    } else {
        format!("{}: {}", overall.word(), reasons.join("; "))
    };
    vec![
        fact("Version", VERSION),
        fact("Boot id", app.teller.boot_id()),
        fact("Health", health),
        fact("Listens on", app.config.http.listen.to_string()),
    ]
}
