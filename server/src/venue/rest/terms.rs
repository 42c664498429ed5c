//! How the venue of a client speaks and charges. Inside, everything is called by its name in USD.

use super::Rest;
use super::exchange::{NoReply, Reply};
use crate::venue::Terms;

impl Rest {
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.address.terms
    }

    pub(super) fn in_their_words(&self, text: &str) -> String {
        self.terms().quote.outward(text).into_owned()
    }

    pub(super) fn in_our_words(&self, came: Result<Reply, NoReply>) -> Result<Reply, NoReply> {
        came.map(|reply| Reply { body: self.terms().quote.inward(reply.body), ..reply })
    }
}
