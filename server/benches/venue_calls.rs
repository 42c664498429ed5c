//! What the client costs its caller for a signed call: the time that its own thread computes, beside a plain request with
//! the same bytes over the same connection, one after the other in the same run. Budget, building, signature, judging,
//! reading and telling are what is between them.

#[path = "support/cpu.rs"]
mod cpu;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use model::Decimal;
use model::ids::{ClientOrderId, ProductId, Symbol};
use model::order::{OrderRequest, Purpose, Side, TimeInForce};
use server::telling::Teller;
use server::venue::{Address, Call, Rest, Sent, wire};
use telemetry::{Level, Secret};

/// Both kinds of one client together stay within a window's quota.
const CALLS: usize = 400;
const ROUNDS: usize = 9;
/// Answers as long as the venue's.
const WALLET: &str = r#"{"success":true,"result":[{"asset_id":14,"asset_symbol":"USD","balance":"100000.5","available_balance":"99000.25","blocked_margin":"1000.25","order_margin":"0","position_margin":"1000.25","user_id":22142,"id":1}],"meta":{"net_equity":"100000.5"}}"#;
const ORDER: &str = r#"{"result":{"average_fill_price":null,"bracket_order":null,"bracket_stop_loss_limit_price":null,"bracket_stop_loss_price":null,"bracket_take_profit_limit_price":null,"bracket_take_profit_price":null,"bracket_trail_amount":null,"cancellation_reason":null,"client_order_id":"s000001p000001l00a001","close_on_trigger":"false","commission":"0","created_at":"2026-09-03T02:38:26Z","id":152870626,"limit_price":"300","meta_data":{"source":"api"},"order_type":"limit_order","paid_commission":"0","product_id":139,"product_symbol":"C-BTC-78200-040926","reduce_only":false,"side":"sell","size":200,"state":"open","stop_order_type":null,"stop_price":null,"stop_trigger_method":"mark_price","time_in_force":"gtc","trail_amount":null,"unfilled_size":200,"user_id":22142},"success":true}"#;

const KEY: &str = "a-key-of-thirty-characters-000";
const BODY: &str = r#"{"client_order_id":"s000001p000001l00a001","limit_price":"300","order_type":"limit_order","product_id":139,"reduce_only":false,"side":"sell","size":200,"time_in_force":"gtc"}"#;

/// Connections that were made: one, which all share. On which processor its other end runs changes what sending costs.
static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);

/// A server that says the same to everybody, one thread for a connection.
fn venue() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            CONNECTIONS.fetch_add(1, Ordering::Relaxed);
            std::thread::spawn(move || serve(stream));
        }
    });
    format!("http://{address}")
}

fn serve(mut stream: TcpStream) {
    let answer = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let (wallet, order) = (answer(WALLET), answer(ORDER));
    let _ = stream.set_nodelay(true);
    let (mut buffer, mut held) = ([0_u8; 4_096], Vec::new());
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        held.extend_from_slice(&buffer[..read]);
        while let Some(whole) = request_len(&held) {
            let answer = if held.starts_with(b"POST") { &order } else { &wallet };
            held.drain(..whole);
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Bytes of the first request that is there as a whole.
fn request_len(held: &[u8]) -> Option<usize> {
    let head = held.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&held[..head]).expect("a head of letters").to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = head + length.map_or(0, |length| length.parse::<usize>().expect("a length"));
    (held.len() >= whole).then_some(whole)
}

fn order() -> OrderRequest {
    OrderRequest {
        client_order_id: ClientOrderId::from("s000001p000001l00a001"),
        product_id: ProductId(139),
        symbol: Symbol::from("C-BTC-78200-040926"),
        side: Side::Sell,
        lots: 200,
        limit: Some(Decimal::from(300)),
        time_in_force: TimeInForce::Gtc,
        reduce_only: false,
        purpose: Purpose::Entry,
        leg: 0,
        attempt: 1,
    }
}

/// What single calls cost, nanoseconds computed and nanoseconds passed.
#[derive(Default)]
struct Costs {
    computed: Vec<f64>,
    passed: Vec<f64>,
}

impl Costs {
    async fn of(&mut self, call: impl Future<Output = ()>) {
        let (began, before) = (Instant::now(), cpu::thread());
        call.await;
        self.computed.push(cpu::thread() - before);
        self.passed.push(began.elapsed().as_nanos() as f64);
    }
}

/// The quarter, the half and the three quarters of it.
fn quarters(figures: &mut [f64]) -> [f64; 3] {
    figures.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| figures[figures.len() * quarter / 4])
}

fn print(name: &str, plain: &mut Costs, ours: &mut Costs) {
    println!("{name}: {} calls of each, in turn; lower quarter, median, upper quarter", plain.computed.len());
    for (what, plain, ours) in [
        ("computed by the client's thread", &mut plain.computed, &mut ours.computed),
        ("passed until the answer was read", &mut plain.passed, &mut ours.passed),
    ] {
        let ([low, plain, high], [our_low, ours, our_high]) = (quarters(plain), quarters(ours));
        println!("  {what}, plain {low:>8.0} {plain:>8.0} {high:>8.0} ns");
        println!("  {what}, ours  {our_low:>8.0} {ours:>8.0} {our_high:>8.0} ns");
        println!("  {what}: {:.1} µs more, {:.2} ×", (ours - plain) / 1e3, ours / plain);
    }
}

/// The same method, path, headers and body as ours, signed by nobody; the answer is read and not looked at.
async fn plain(client: &reqwest::Client, url: &str, body: Option<&'static str>) {
    let (method, path) = match body {
        Some(_) => (reqwest::Method::POST, "/v2/orders"),
        None => (reqwest::Method::GET, "/v2/wallet/balances"),
    };
    let mut request = client
        .request(method, [url, path].concat())
        .header("accept", "application/json")
        .header("api-key", KEY)
        .header("signature", "4e38dda3e6477092f360ba70399266d8145630b22bcc34c0ec7f804d5746877a")
        .header("timestamp", "1542110948");
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body);
    }
    let bytes = request.send().await.expect("an answer").bytes().await.expect("a body");
    assert!(!bytes.is_empty());
}

async fn wallet(rest: &Rest) {
    let read = rest.read::<Vec<wire::Wallet>>(&Call::wallet()).await;
    assert!(read.is_ok(), "{read:?}");
}

async fn place(rest: &Rest, order: &OrderRequest) {
    let sent = rest.send::<wire::Order>(&Call::place(order)).await;
    assert!(matches!(sent, Sent::Acked(_)), "{sent:?}");
}

fn main() {
    println!("venue_calls: signed calls over loopback, beside plain requests with the same bytes");
    // One thread drives both clients and nothing else.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = venue();
    let address = Address {
        rest_url: url.clone(),
        public_ws_url: String::new(),
        private_ws_url: String::new(),
        api_key: Secret::new(KEY),
        api_secret: Secret::new("a-secret-of-sixty-characters-00000000000000000000000000000000"),
        terms: server::venue::Terms::default(),
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let agent = concat!("deltascope/", env!("CARGO_PKG_VERSION"));
    let http = reqwest::Client::builder().user_agent(agent).no_proxy().build().expect("a client");
    let order = order();
    let mut costs: [Costs; 5] = Default::default();
    runtime.block_on(async {
        for _ in 0..ROUNDS {
            // A window's quota for each round.
            let rest = Rest::over(http.clone(), address.clone(), Teller::new(Level::Info, 4_096));
            wallet(&rest).await;
            plain(&http, &url, None).await;
            // One that tells nothing: what telling costs.
            let silent = Rest::over(http.clone(), address.clone(), Teller::new(Level::Fatal, 4_096));
            wallet(&silent).await;
            let [plain_read, our_read, plain_write, our_write, silent_read] = &mut costs;
            for _ in 0..CALLS {
                plain_read.of(plain(&http, &url, None)).await;
                our_read.of(wallet(&rest)).await;
                plain_write.of(plain(&http, &url, Some(BODY))).await;
                our_write.of(place(&rest, &order)).await;
                silent_read.of(wallet(&silent)).await;
            }
        }
    });
    println!("{} connection for all of them", CONNECTIONS.load(Ordering::Relaxed));
    let [plain_read, our_read, plain_write, our_write, silent_read] = &mut costs;
    let mut again = Costs { computed: plain_read.computed.clone(), passed: plain_read.passed.clone() };
    print("reading the wallet, and telling nobody", &mut again, silent_read);
    print("reading the wallet", plain_read, our_read);
    print("placing an order", plain_write, our_write);
}
