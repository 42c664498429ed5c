//! Both streams: whether each host answers, and with what.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use model::Underlying;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::line::Verdict;
use crate::venue::{Address, Call, Profile, Rest, underlyings, wire};
use crate::{clock, tls, venue};

/// Prices are repeated every few seconds.
const PATIENCE: Duration = Duration::from_secs(15);
const HOST: &str =
    "look at the profile's hosts in server/src/venue/profile.rs, and at what is between here and there";

const GUESSED: &str = "no source prints this venue's public host, and server/src/venue/profile.rs guesses it from the pattern of \
                       the others: ask the venue for it and put it there before anything is traded";

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The index of Bitcoin on the public socket, and whether its perpetual has the number there that it has over REST: an
/// environment's numbers are its own, and a host of another one shows prices all the same.
pub(super) async fn public(rest: &Rest, address: &Address, profile: &Profile) -> Verdict {
    let (url, bitcoin) = (&address.public_ws_url, Underlying::from("BTC"));
    let todo = if profile.public_host_is_guessed { GUESSED } else { HOST };
    let index = address.terms.quote.outward(&underlyings::index(&bitcoin)).into_owned();
    let price = |frame: &Value| (frame["type"] == "spot_price").then(|| frame["p"].to_string());
    let price = match talk(url, &[subscribe("spot_price", &index)], price).await {
        Ok(price) => price,
        Err(why) => return Verdict::failed(format!("{url}: {why}"), todo),
    };
    let perpetual = underlyings::perpetual(&bitcoin);
    let name = address.terms.quote.outward(perpetual.as_str()).into_owned();
    let number = |frame: &Value| {
        let rows = frame["d"].as_array().filter(|_| frame["type"] == "ticker")?;
        rows.iter().find(|row| row["s"] == *name)?["i"].as_u64()
    };
    let there = match talk(url, &[subscribe("ticker", &name)], number).await {
        Ok(number) => number,
        Err(why) => return Verdict::failed(format!("{url}: no ticker of {name}: {why}"), todo),
    };
    match rest.read::<wire::Product>(&Call::product(&perpetual)).await {
        Ok((product, _)) if product.id == there => Verdict::passed(format!(
            "{index} is {price} at {url}, and {name} is product {there} there and over REST"
        )),
        Ok((product, _)) => Verdict::failed(
            format!(
                "{url} names {name} as product {there}, REST as {}: the host is another venue's",
                product.id
            ),
            todo,
        ),
        Err(error) => Verdict::failed(format!("{name} cannot be read over REST: {error}"), HOST),
    }
}

fn subscribe(channel: &str, symbol: &str) -> Value {
    json!({ "type": "subscribe", "payload": { "channels": [{ "name": channel, "symbols": [symbol] }] } })
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
        let (mut socket, _) = tls::web_socket(url, None).await.map_err(|error| error.to_string())?;
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
