//! The panic hook: the logger sends what it has with the panic on top, the sentinel takes over the page. Never
//! touches signals, owners or context: their locks may be held.

use telemetry::client::Frame;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::logger;

#[wasm_bindgen]
extern "C" {
    /// The sentinel: makes the page inert and shows the notice. `told`: the logger has sent the report.
    #[wasm_bindgen(js_namespace = deltascope, js_name = fail)]
    fn sentinel(kind: &str, message: &str, location: &str, trace: &str, told: bool);
}

/// Most of the stack that is worth sending.
const FRAMES: usize = 64;

pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        let message = payload(info);
        let location =
            info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
        let stack = js_sys::Reflect::get(&js_sys::Error::new(""), &"stack".into())
            .ok()
            .and_then(|stack| stack.as_string())
            .unwrap_or_default();
        let told = logger::panicked(&message, &location, &frames(&stack));
        sentinel("panic", &message, &location, "", told);
    }));
}

fn payload(info: &std::panic::PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

/// WASM frames of a JavaScript stack: `at name (url:wasm-function[12]:0x3a4)`.
fn frames(stack: &str) -> Vec<Frame<'_>> {
    stack.lines().filter_map(frame).take(FRAMES).collect()
}

fn frame(line: &str) -> Option<Frame<'_>> {
    let (before, after) = line.split_once("wasm-function[")?;
    let (index, rest) = after.split_once(']')?;
    let digits = rest.strip_prefix(":0x").unwrap_or_default();
    let end = digits.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(digits.len());
    let number = index.parse().ok();
    // Safari tells names where there are any: `<?>.wasm-function[app::run]@[wasm code]`.
    let before = if number.is_some() { before.trim_end_matches("<?>.") } else { index };
    let function =
        before.trim().trim_start_matches("at ").split(['(', '@']).next().unwrap_or_default().trim();
    Some(Frame {
        function: if function.contains("://") { "" } else { function },
        module: "",
        index: number,
        offset: u32::from_str_radix(&digits[..end], 16).ok(),
    })
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn frames_of_three_engines_are_read_without_their_address() {
        let stack = "Error\n    at app::run (http://127.0.0.1:3000/pkg/deltascope.wasm:wasm-function[812]:0x9f1d2)\n\
                     run@http://127.0.0.1:3000/pkg/deltascope.wasm:wasm-function[7]:0x1f\n    at http://127.0.0.1/x.js:1:2\n\
                     <?>.wasm-function[9]@[wasm code]\n<?>.wasm-function[app::run]@[wasm code]";
        let wanted = |function, index, offset| Frame { function, module: "", index, offset };
        let found = frames(stack);
        assert_eq!(
            found[..2],
            [wanted("app::run", Some(812), Some(0x9f1d2)), wanted("run", Some(7), Some(0x1f))]
        );
        assert_eq!(found[2..], [wanted("", Some(9), None), wanted("app::run", None, None)]);
    }
}
