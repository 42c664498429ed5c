//! Both streams: whether each host answers, and with what.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use model::Underlying;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::line::Verdict;
use crate::venue::{Address, Rest, underlyings};
use crate::{clock, venue};

/// Prices are repeated every few seconds.
const PATIENCE: Duration = Duration::from_secs(15);
const HOST: &str =
    "look at the profile's hosts in server/src/venue/profile.rs, and at what is between here and there";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The index of Bitcoin on the public socket.
pub(super) async fn public(address: &Address) -> Verdict {
    let index = address.terms.quote.outward(&underlyings::index(&Underlying::from("BTC"))).into_owned();
    let ask = json!({ "type": "subscribe", "payload": { "channels": [{ "name": "spot_price", "symbols": [index] }] } });
    let price = |frame: &Value| (frame["type"] == "spot_price").then(|| frame["p"].to_string());
    match talk(&address.public_ws_url, &[ask], price).await {
        Ok(price) => Verdict::passed(format!("{index} is {price} at {}", address.public_ws_url)),
        Err(why) => Verdict::failed(format!("{}: {why}", address.public_ws_url), HOST),
    }
}

/// Sign-in and the channel of orders on the private one.
pub(super) async fn private(rest: &Rest, address: &Address) -> Verdict {
    let sign_in = venue::sign_in(address, rest.clock().estimate().venue_time(clock::now()));
    let signed_in = |frame: &Value| {
        (frame["type"] == "key-auth").then(|| (frame["success"] == true, frame["status"].to_string()))
    };
    match talk(&address.private_ws_url, &[sign_in], signed_in).await {
        Ok((true, _)) => Verdict::passed(format!("signed in at {}", address.private_ws_url)),
        Ok((false, status)) => Verdict::failed(
            format!("the sign-in was refused: {status}"),
            "the keys are right for REST: look at the clock and at the key's list of addresses",
        ),
        Err(why) => Verdict::failed(format!("{}: {why}", address.private_ws_url), HOST),
    }
}

/// Says these and waits for a frame that `wanted` makes something of.
async fn talk<T>(url: &str, say: &[Value], wanted: impl Fn(&Value) -> Option<T>) -> Result<T, String> {
    let talk = async {
        let (mut socket, _) = connect_async(url).await.map_err(|error| error.to_string())?;
        for message in say {
            socket.send(Message::text(message.to_string())).await.map_err(|error| error.to_string())?;
        }
        hear(&mut socket, wanted).await
    };
    tokio::time::timeout(PATIENCE, talk)
        .await
        .unwrap_or_else(|_| Err(format!("nothing of use within {} s", PATIENCE.as_secs())))
}

async fn hear<T>(socket: &mut Socket, wanted: impl Fn(&Value) -> Option<T>) -> Result<T, String> {
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(|error| error.to_string())? else { continue };
        let frame: Value = serde_json::from_str(text.as_str()).unwrap_or_default();
        if let Some(found) = wanted(&frame) {
            return Ok(found);
        }
        let refused =
            frame["channels"].as_array().and_then(|rows| rows.iter().find_map(|row| row["error"].as_str()));
        if let Some(refused) = refused {
            return Err(refused.to_owned());
        }
    }
    Err("it was closed".to_owned())
}
