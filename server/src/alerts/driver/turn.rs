//! One turn after the other: what was heard goes in, what follows is kept, told and sent, in this order: what was sent is
//! always known to be on its way.

use telemetry::Source;

use super::*;
use crate::alerts::alert::{Alert, Channel, Kind};
use crate::alerts::desk::{AskError, Told, accepted};
use crate::store::StoreError;
use crate::store::telemetry::Filter;
use crate::store::trading::StoredAnswer;
use crate::store::watch::{AlertRow, AnswerRow, DeliveryRow};

/// Names of what is kept.
const MACHINE: &str = "alerts";
const CURSOR: &str = "journal_seq";
const LINE: &str = "log_position";
/// Windows and cursors move all the time; by themselves they are kept this often.
const IDLE_SAVE: Duration = Duration::from_secs(5);

pub(super) struct Turn {
    parts: Parts,
    desk: Desk,
    machine: Machine,
    /// The decision that is looked at next; `None` until that was read.
    next_seq: Option<u64>,
    /// Lines up to here were looked at.
    heard_to: i64,
    /// Effects that are not carried out yet.
    effects: Vec<Effect>,
    /// What is not saved yet, also what a store that was away has missed.
    saved: Saved,
    changed: bool,
    saved_at: Instant,
    replies: Vec<(tokio::sync::oneshot::Sender<Result<StoredAnswer, AskError>>, StoredAnswer)>,
    done: mpsc::UnboundedSender<Delivery>,
    loss: Loss,
    shed: Shed,
    seldom: Instant,
    forget: Instant,
}

impl Turn {
    /// Goes on from what was kept. Without it, the past is not told: rules begin with what is decided from now on.
    pub async fn begin(
        parts: Parts,
        desk: Desk,
        began: Began,
        done: mpsc::UnboundedSender<Delivery>,
    ) -> Self {
        let store = desk.store();
        let kept = store.state(MACHINE).await.ok().flatten();
        let machine: Machine = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let next_seq = store.state(CURSOR).await.ok().flatten().and_then(|text| text.parse().ok());
        let heard_to = store.state(LINE).await.ok().flatten().and_then(|text| text.parse().ok());
        let is_new = next_seq.is_none() || heard_to.is_none();
        let machine = machine.begin(desk.notifiers().usable());
        let now = Instant::now();
        let mut turn = Self {
            parts,
            desk,
            machine,
            next_seq: next_seq.or(began.next_seq),
            heard_to: heard_to.unwrap_or(began.heard_to),
            effects: Vec::new(),
            saved: Saved::default(),
            changed: false,
            saved_at: now,
            replies: Vec::new(),
            done,
            loss: Loss::default(),
            shed: Shed::default(),
            seldom: now,
            forget: now,
        };
        turn.on(What::Booted);
        if is_new {
            // At once: a process that is killed in its first seconds has a place to go on from.
            turn.changed = true;
            turn.save(true).await;
        }
        turn
    }

    pub fn on(&mut self, what: What) {
        // By time alone nothing is learnt that would have to be kept.
        let idle = matches!(what, What::Ticked | What::Measured { .. });
        let effects = self.machine.on(Input { at: clock::now(), what });
        self.changed |= !idle || !effects.is_empty();
        self.effects.extend(effects);
    }

    /// When time alone changes something.
    pub async fn wake(&self) {
        match self.machine.next_wake() {
            Some(at) => {
                let wait = u64::try_from((at.0 - clock::now().0).max(1_000)).unwrap_or(1_000);
                tokio::time::sleep(Duration::from_micros(wait)).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Takes in what was told and decided.
    pub async fn hear(&mut self) {
        let tap = self.parts.teller.tap().clone();
        for sighting in tap.take() {
            self.on(What::Seen(sighting));
        }
        let lost = tap.take_lost();
        if lost > 0 {
            self.parts.teller.tell(&AlertEvent::SightingsLost(lost), &Context::default());
        }
        // Told by the store where it failed; the cursor stays where it is.
        let _ = self.read_journal().await;
        let _ = self.read_browsers().await;
    }

    /// What browsers told, and nothing else: what this process tells of itself comes by the tap, below the level as well.
    async fn read_browsers(&mut self) -> Result<(), StoreError> {
        let records = &self.parts.records;
        let end = *records.committed().borrow();
        // Segments that were removed are not waited for.
        let mut from = self.heard_to.min(end);
        let filter = Filter { source: Some(Source::Frontend), ..Filter::default() };
        let mut heard = Vec::new();
        while from < end {
            let (lines, to) = records.follow_from(&filter, from, LINES).await?;
            heard.extend(lines.iter().filter_map(|(_, line)| Sighting::of_line(line)));
            if to <= from {
                break;
            }
            from = to;
        }
        // Where to go on is kept now and then also when nothing was heard.
        self.changed |= !heard.is_empty() || (self.heard_to != from && self.saved_at.elapsed() > SELDOM);
        heard.into_iter().for_each(|sighting| self.on(What::Seen(sighting)));
        self.heard_to = from;
        Ok(())
    }

    async fn read_journal(&mut self) -> Result<(), StoreError> {
        let last = self.parts.journal.last().await?;
        // A journal that was put back from an older copy has been looked at already.
        let mut next_seq = self.next_seq.unwrap_or(last + 1).min(last + 1);
        while next_seq <= last {
            let page = self.parts.journal.page_from(next_seq, CHUNK).await?;
            let Some(after) = page.next_seq else { break };
            for record in &page.records {
                let event: &dyn telemetry::Event = &record.decision;
                if is_watched(event.name()) {
                    self.on(What::Seen(Sighting {
                        at: record.at,
                        name: event.name().to_owned(),
                        level: event.level(),
                        message: event.message(),
                        context: record.context(),
                        payload: event.payload(),
                    }));
                }
            }
            next_seq = after;
        }
        self.changed |= self.next_seq != Some(next_seq);
        self.next_seq = Some(next_seq);
        Ok(())
    }

    /// Looks at numbers: how far the forwarder is behind, and what is missing.
    pub async fn measure(&mut self) {
        let now = clock::now();
        self.on(What::Ticked);
        if let Some(status) = &self.parts.forwarder {
            let lag_ms = status.snapshot().oldest_us.map_or(0, |at| (now.0 - at).max(0) / 1_000);
            let words = format!("the oldest record waits for {}.{} s", lag_ms / 1_000, lag_ms / 100 % 10);
            self.on(What::Measured { rule: RuleId::Forwarder, subject: "lag", value: lag_ms, words });
        }
        self.measure_shed(now);
        if self.seldom <= Instant::now() {
            self.seldom = Instant::now() + SELDOM;
            // What is not known is not zero: then nothing is said.
            if let Ok(tabs) = self.parts.records.tabs(0).await {
                let missing = self.loss.note(now, tabs.unexplained_loss);
                let value = i64::try_from(missing).unwrap_or(i64::MAX);
                let words = format!("{missing} records of browser tabs are missing");
                self.on(What::Measured { rule: RuleId::TelemetryLoss, subject: "tabs", value, words });
            }
        }
        if self.forget <= Instant::now() {
            self.forget = Instant::now() + FORGET;
            // Told by the store where it failed; it is tried again in an hour.
            let _ = self.desk.store().forget(now.0).await;
        }
    }

    fn measure_shed(&mut self, now: Micros) {
        let (rule, subject) = (RuleId::TelemetryLoss, "server".to_owned());
        if let Some(count) = self.shed.note(now, self.parts.teller.counts().shed) {
            // It is lost already: there is nothing to wait for.
            let since = Micros(now.0 - rule.rule().window());
            let words = format!("the server shed {count} records");
            self.on(What::Noted { signal: Signal::On { rule, subject, since }, words });
        } else if self.shed.is_over(now) {
            let words = "nothing was shed for five minutes".to_owned();
            self.on(What::Noted { signal: Signal::Off { rule, subject }, words });
        }
    }

    /// Somebody asks. The answer goes out when it is kept.
    pub async fn asked(&mut self, asked: Asked) {
        let Asked { ask, key, reply } = asked;
        match self.desk.store().answer_of(&key.username, &key.key).await {
            Ok(Some(before)) if before.request_hash == key.request_hash => {
                let _ = reply.send(Ok(before));
                return;
            }
            Ok(Some(_)) => {
                let _ = reply.send(Err(AskError::KeyReused));
                return;
            }
            Ok(None) => {}
            Err(_told_by_the_store) => {
                let _ = reply.send(Err(AskError::Unavailable));
                return;
            }
        }
        self.on(What::Asked(ask));
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::Answer(_)));
        let Some(Effect::Answer(answer)) = at.map(|at| self.effects.remove(at)) else { return };
        let now = clock::now();
        match answer {
            Ok(id) => {
                let response = accepted(&id, now).to_string();
                let answer = StoredAnswer { request_hash: key.request_hash, status: 202, response };
                let row =
                    AnswerRow { username: key.username, key: key.key, answer: answer.clone(), at_us: now.0 };
                self.saved.answers.push(row);
                self.replies.push((reply, answer));
            }
            Err(refusal) => {
                let _ = reply.send(Err(AskError::Refused(refusal)));
            }
        }
    }

    /// Keeps, shows, tells and sends what followed.
    pub async fn finish(&mut self) {
        let effects = std::mem::take(&mut self.effects);
        for effect in &effects {
            self.collect(effect);
        }
        let kept = self.save(!effects.is_empty()).await;
        for (reply, answer) in self.replies.drain(..) {
            // Who asked may have gone; it is done all the same.
            let _ = reply.send(if kept { Ok(answer) } else { Err(AskError::Unavailable) });
        }
        self.desk.show(View::of(&self.machine, clock::now()));
        for effect in effects {
            self.carry_out(effect);
        }
    }

    fn collect(&mut self, effect: &Effect) {
        match effect {
            Effect::Keep(alert) => self.saved.alerts.extend(row(alert)),
            Effect::Receipt { kind, channel, alert } => {
                self.saved.deliveries.extend(told(*kind, *channel, alert));
            }
            Effect::Tell(..) | Effect::Send(_) | Effect::Answer(_) => {}
        }
    }

    /// Whether everything is on disk. What could not be saved is saved with what comes next.
    async fn save(&mut self, soon: bool) -> bool {
        let idle = !soon && self.saved.is_empty() && self.saved_at.elapsed() < IDLE_SAVE;
        if !self.changed || idle {
            return self.saved.is_empty();
        }
        let mut saved = std::mem::take(&mut self.saved);
        saved.state.clear();
        if let Ok(text) = serde_json::to_string(&self.machine) {
            saved.state.push((MACHINE, text));
        }
        saved.state.extend(self.next_seq.map(|seq| (CURSOR, seq.to_string())));
        saved.state.push((LINE, self.heard_to.to_string()));
        self.saved_at = Instant::now();
        match self.desk.store().save(&saved).await {
            Ok(()) => {
                self.changed = false;
                true
            }
            Err(_told_by_the_store) => {
                saved.answers.clear();
                // A disk that stays full must not fill the memory.
                saved.alerts.truncate(1_000);
                saved.deliveries.truncate(1_000);
                self.saved = saved;
                false
            }
        }
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Tell(event, context) => self.parts.teller.tell(&event, &context),
            Effect::Send(notice) => {
                let (notifiers, done) = (self.desk.notifiers().clone(), self.done.clone());
                tokio::spawn(async move {
                    let outcome = notifiers.send(&notice).await;
                    // Nobody listens any more in a process that ends: it is sent again by the next.
                    let _ = done.send(Delivery { notice: notice.id, outcome });
                });
            }
            Effect::Keep(_) | Effect::Receipt { .. } | Effect::Answer(_) => {}
        }
    }

    /// The server stops: what is known is kept; messages that are under way are sent again by the next process.
    pub async fn last_words(mut self) {
        self.finish().await;
        self.changed = true;
        self.save(true).await;
    }
}

fn row(alert: &Alert) -> Option<AlertRow> {
    let body = serde_json::to_string(alert).ok()?;
    let resolved_us = alert.resolved.as_ref().map(|ending| ending.at.0);
    Some(AlertRow { id: alert.id.clone(), fired_us: alert.fired_at.0, resolved_us, body })
}

fn told(kind: Kind, channel: Channel, alert: &Alert) -> Option<DeliveryRow> {
    let receipt = alert.receipts.get(&channel)?.clone();
    let at_us = receipt.at.0;
    let told = Told { channel, kind, alert_id: alert.id.clone(), rule: alert.rule, receipt };
    Some(DeliveryRow { at_us, alert_id: alert.id.clone(), body: serde_json::to_string(&told).ok()? })
}
