//! Opened by the next commit.
