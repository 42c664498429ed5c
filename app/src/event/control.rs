//! What a person can click.

/// A control of the console; its word is in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    SignIn,
    SetPassword,
    StepUp,
    SignOut,
    Theme,
    Choose,
    Compose,
    Start,
    Pause,
    Resume,
    StopDialog,
    Stop,
    Drain,
    ResolveDialog,
    Resolve,
    Panic,
    ClearLatch,
    CloseNotice,
    Follow,
    Retry,
}

impl Control {
    /// Those that the server writes into a page, by their word.
    pub fn of(word: &str) -> Option<Self> {
        let written = [
            Control::Choose,
            Control::Compose,
            Control::CloseNotice,
            Control::Follow,
            Control::Start,
            Control::Pause,
            Control::Resume,
            Control::StopDialog,
            Control::Stop,
            Control::Drain,
            Control::ResolveDialog,
            Control::Resolve,
        ];
        written.into_iter().find(|control| control.word() == word)
    }

    pub fn word(self) -> &'static str {
        match self {
            Control::SignIn => "sign_in",
            Control::SetPassword => "set_password",
            Control::StepUp => "step_up",
            Control::SignOut => "sign_out",
            Control::Theme => "theme",
            Control::Choose => "choose",
            Control::Compose => "compose",
            Control::Start => "start",
            Control::Pause => "pause",
            Control::Resume => "resume",
            Control::StopDialog => "stop_dialog",
            Control::Stop => "stop",
            Control::Drain => "drain",
            Control::ResolveDialog => "resolve_dialog",
            Control::Resolve => "resolve",
            Control::Panic => "panic",
            Control::ClearLatch => "clear_latch",
            Control::CloseNotice => "close_notice",
            Control::Follow => "follow",
            Control::Retry => "retry",
        }
    }

    /// As people read it.
    pub fn words(self) -> &'static str {
        match self {
            Control::SignIn => "Sign in",
            Control::SetPassword => "Set password",
            Control::StepUp => "Password once more",
            Control::SignOut => "Sign out",
            Control::Theme => "Theme",
            Control::Choose => "Choose",
            Control::Compose => "Compose",
            Control::Start => "Start",
            Control::Pause => "Pause",
            Control::Resume => "Resume",
            Control::StopDialog => "Stop dialog",
            Control::Stop => "Stop",
            Control::Drain => "Drain",
            Control::ResolveDialog => "Resolve dialog",
            Control::Resolve => "Resolve",
            Control::Panic => "Panic",
            Control::ClearLatch => "Clear latch",
            Control::CloseNotice => "Close notice",
            Control::Follow => "Follow",
            Control::Retry => "Retry",
        }
    }
}
