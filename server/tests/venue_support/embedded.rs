//! A client of an embedded simulator.

use server::telling::Teller;
use server::venue::{Address, Rest, Terms};
use telemetry::{Level, Secret};

pub fn client(running: &simulator::Running) -> Rest {
    let address = Address {
        rest_url: running.rest_url.clone(),
        public_ws_url: running.ws_url.clone(),
        private_ws_url: running.ws_url.clone(),
        api_key: Secret::new("simulator-key"),
        api_secret: Secret::new("simulator-secret"),
        terms: Terms::default(),
    };
    Rest::new(address, Teller::new(Level::Fatal, 16)).unwrap()
}
