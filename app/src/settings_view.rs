//! What Settings shows: levels, channels, users, and how the server stands.

use telemetry::Micros;

use crate::alerts_view::ChannelView;

/// A target with a level of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelView {
    pub target: String,
    pub level: String,
    pub expires_at: Micros,
    pub reason: String,
    pub by: String,
    pub set_at: Micros,
}

/// A name and what stands beside it.
pub type Fact = (String, String);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserView {
    pub name: String,
    pub role: String,
    /// Nobody has set one.
    pub without_password: bool,
    pub created_at: Micros,
}

/// What Settings paints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsPaint {
    /// Of everything that has none of its own.
    pub usual_level: String,
    pub levels: Vec<LevelView>,
    pub targets: Vec<String>,
    pub channels: Vec<ChannelView>,
    /// `None`: they cannot be read.
    pub users: Option<Vec<UserView>>,
    pub venue: Vec<Fact>,
    pub retention: Vec<Fact>,
    pub forwarding: Vec<Fact>,
    pub about: Vec<Fact>,
}
