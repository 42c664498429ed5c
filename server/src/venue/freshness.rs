//! Which instruments have fallen silent and are polled. A leg's stream can die while the connection lives, so that each
//! instrument is watched for itself: its top of book, its mark, and the spot price of its underlying. A pure machine;
//! time since some beginning is a parameter.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::{Micros, Symbol};

use super::underlyings;

/// Silence that starts polling.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// A pause in which nothing at all comes is one of the connection.
const OUTAGE: Duration = Duration::from_secs(1);
const POLL_EVERY: Duration = Duration::from_secs(1);
/// What the venue does not list is asked for again after this long.
pub const REFUSED_EVERY: Duration = Duration::from_secs(60);

/// What of an instrument is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feed {
    Top,
    Mark,
    /// The row is the perpetual of the underlying.
    Spot,
    /// Band and greeks; missed only when its channel is refused.
    Ticker,
    /// Several levels; its gaps are counted, and polling would not help.
    Book,
}

impl Feed {
    /// The longest silence that is no loss: an unchanged top of book and spot price are repeated every five seconds, a
    /// mark every two, a ticker every five.
    fn longest(self) -> Duration {
        match self {
            Feed::Top | Feed::Spot | Feed::Ticker => Duration::from_secs(6),
            Feed::Mark => Duration::from_secs(5),
            // A quiet book is told again by the other channel, every ten seconds.
            Feed::Book => Duration::from_secs(11),
        }
    }

    /// The same in microseconds.
    pub fn longest_us(self) -> i64 {
        i64::try_from(self.longest().as_micros()).unwrap_or(i64::MAX)
    }

    pub fn word(self) -> &'static str {
        match self {
            Feed::Top => "quote",
            Feed::Mark => "mark",
            Feed::Spot => "spot",
            Feed::Ticker => "ticker",
            Feed::Book => "book",
        }
    }
}

/// What is to be done and told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Entered { symbols: Vec<Symbol>, silence: Duration },
    Left { symbols: Vec<Symbol>, polled_for: Duration, polls: u64 },
    Poll(Symbol),
}

/// The machine.
#[derive(Clone, Debug, Default)]
pub struct Freshness {
    /// When the connection brought anything at all.
    connection: Duration,
    /// When it last brought something after a pause of its own.
    back: Duration,
    rows: BTreeMap<Symbol, Row>,
    /// What the venue refuses: known before the first look, perhaps.
    refused: BTreeSet<(Symbol, Feed)>,
}

#[derive(Clone, Debug, Default)]
struct Row {
    feeds: BTreeMap<Feed, Heard>,
    polled: Option<Polled>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Duration,
    patience: Duration,
    /// When the youngest data was made, by the clock of the engine.
    data_at: Option<Micros>,
}

#[derive(Clone, Copy, Debug)]
struct Polled {
    since: Duration,
    polls: u64,
    next: Duration,
    in_flight: bool,
}

impl Freshness {
    /// These instruments are watched, and the spot prices that go with them. Who is new has its patience from now.
    pub fn watch(&mut self, now: Duration, symbols: &[Symbol]) {
        let mut wanted: BTreeSet<(Symbol, Feed)> = BTreeSet::new();
        for symbol in symbols {
            wanted.extend([Feed::Top, Feed::Mark, Feed::Ticker].map(|feed| (symbol.clone(), feed)));
        }
        let spots = underlyings::followed(symbols);
        wanted.extend(spots.iter().map(|underlying| (underlyings::perpetual(underlying), Feed::Spot)));
        for (symbol, row) in &mut self.rows {
            row.feeds.retain(|feed, _| wanted.contains(&(symbol.clone(), *feed)));
        }
        for (symbol, feed) in wanted {
            let new = Heard { at: now, patience: PATIENCE, data_at: None };
            self.rows.entry(symbol).or_default().feeds.entry(feed).or_insert(new);
        }
    }

    /// The connection brought something.
    pub fn connection_heard(&mut self, now: Duration) {
        if now.saturating_sub(self.connection) > OUTAGE {
            self.back = now;
        }
        self.connection = self.connection.max(now);
    }

    /// A frame came with data made at `data_at`, which is `age` ago. Gives whether its symbol is polled: the end of that
    /// may have come.
    pub fn heard(
        &mut self,
        now: Duration,
        symbol: &Symbol,
        feed: Feed,
        data_at: Micros,
        age: Duration,
    ) -> bool {
        let Some(row) = self.rows.get_mut(symbol) else { return false };
        let polled = row.polled.is_some();
        let Some(heard) = row.feeds.get_mut(&feed) else { return false };
        let at = now.saturating_sub(age);
        let silence = at.saturating_sub(heard.at);
        // A quiet book is repeated later than the patience lasts. Who was found silent for that is given the time that a
        // repetition takes, once and for as long as it is watched: otherwise polling would begin and end with each.
        // A pause of the whole connection says nothing of the book.
        if silence > heard.patience && silence <= feed.longest() && heard.at >= self.back {
            heard.patience = feed.longest();
        }
        heard.at = heard.at.max(at);
        heard.data_at = heard.data_at.max(Some(data_at));
        polled
    }

    /// These are refused by the venue, and no others.
    pub fn refused(&mut self, refused: BTreeSet<(Symbol, Feed)>) {
        self.refused = refused;
    }

    /// Whether polled data is younger than all that is known; an answer may have been kept somewhere on its way.
    pub fn is_news(&mut self, symbol: &Symbol, feed: Feed, data_at: Micros) -> bool {
        let Some(heard) = self.rows.get_mut(symbol).and_then(|row| row.feeds.get_mut(&feed)) else {
            // Nobody watches it, and nothing younger can be overwritten.
            return true;
        };
        let news = heard.data_at.is_none_or(|known| known < data_at);
        heard.data_at = heard.data_at.max(Some(data_at));
        news
    }

    /// A poll has come to its end; the next one is not wanted for this long.
    pub fn polled(&mut self, now: Duration, symbol: &Symbol, pause: Duration) {
        if let Some(polled) = self.rows.get_mut(symbol).and_then(|row| row.polled.as_mut()) {
            polled.in_flight = false;
            polled.next = polled.next.max(now + pause);
        }
    }

    /// What is to be done now; asked a few times a second.
    pub fn step(&mut self, now: Duration) -> Vec<Effect> {
        let connected = now.saturating_sub(self.connection) <= PATIENCE;
        let (mut entered, mut silence) = (Vec::new(), Duration::ZERO);
        let (mut left, mut polled_for, mut polls) = (Vec::new(), Duration::ZERO, 0);
        for (symbol, row) in &mut self.rows {
            let refused = |feed| self.refused.contains(&(symbol.clone(), feed));
            match (row.silence(now, connected, refused), row.polled) {
                (Some(silent_for), None) => {
                    entered.push(symbol.clone());
                    silence = silence.max(silent_for);
                    row.polled = Some(Polled { since: now, polls: 0, next: now, in_flight: false });
                }
                (None, Some(polled)) => {
                    left.push(symbol.clone());
                    polled_for = polled_for.max(now.saturating_sub(polled.since));
                    polls += polled.polls;
                    row.polled = None;
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        self.rows.retain(|_, row| !row.feeds.is_empty());
        let mut effects = Vec::new();
        if !left.is_empty() {
            effects.push(Effect::Left { symbols: left, polled_for, polls });
        }
        if !entered.is_empty() {
            effects.push(Effect::Entered { symbols: entered, silence });
        }
        effects.extend(self.due(now).into_iter().map(Effect::Poll));
        effects
    }

    /// Whom to ask for now. The ticker of an option tells the spot price too, so that the perpetual need not be asked.
    fn due(&mut self, now: Duration) -> Vec<Symbol> {
        let polled = self.rows.iter().filter(|(_, row)| row.polled.is_some());
        let told: BTreeSet<Symbol> = polled
            .filter_map(|(symbol, _)| underlyings::of_option(symbol))
            .map(|underlying| underlyings::perpetual(&underlying))
            .collect();
        let mut due = Vec::new();
        for (symbol, row) in &mut self.rows {
            let Some(polled) = row.polled.as_mut() else { continue };
            let only_spot = row.feeds.keys().all(|feed| *feed == Feed::Spot);
            if polled.in_flight || polled.next > now || (only_spot && told.contains(symbol)) {
                continue;
            }
            polled.in_flight = true;
            polled.polls += 1;
            polled.next = now + POLL_EVERY;
            due.push(symbol.clone());
        }
        due
    }
}

impl Row {
    /// How long the most silent of its feeds has been silent for longer than it may; `None` when all are well.
    fn silence(&self, now: Duration, connected: bool, refused: impl Fn(Feed) -> bool) -> Option<Duration> {
        let silent = self.feeds.iter().filter_map(|(feed, heard)| {
            let silence = now.saturating_sub(heard.at);
            let patience = if connected { heard.patience } else { PATIENCE };
            let missed = *feed != Feed::Ticker && silence > patience;
            (missed || refused(*feed)).then_some(silence)
        });
        silent.max()
    }
}
