//! The P&L chart, drawn by `public/chart.js`, which loads the chart library.

use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::{find, said};

#[wasm_bindgen]
extern "C" {
    /// Set by the boot script: loads `public/chart.js`.
    #[wasm_bindgen(js_namespace = deltascope, js_name = chart, catch)]
    fn load_chart() -> Result<js_sys::Promise, JsValue>;

    type ChartModule;
    #[wasm_bindgen(method, catch)]
    fn create(this: &ChartModule, element: &web_sys::Element) -> Result<js_sys::Promise, JsValue>;

    #[derive(Clone)]
    type ChartHandle;
    #[wasm_bindgen(method)]
    fn set(this: &ChartHandle, rows: &[f64]);
    #[wasm_bindgen(method)]
    fn append(this: &ChartHandle, rows: &[f64]);
    #[wasm_bindgen(method)]
    fn point(this: &ChartHandle, seconds: f64, value: f64);
    #[wasm_bindgen(method)]
    fn destroy(this: &ChartHandle);
}

#[derive(Clone)]
pub struct Chart(ChartHandle);

impl Chart {
    pub async fn create(selector: &str) -> Result<Chart, String> {
        let promise = load_chart().map_err(|error| said(&error))?;
        let module = JsFuture::from(promise).await.map_err(|error| said(&error))?;
        let element = find(selector).ok_or_else(|| "the chart's place is gone".to_owned())?;
        let making = module.unchecked_into::<ChartModule>().create(&element);
        let handle = JsFuture::from(making.map_err(|error| said(&error))?).await;
        handle.map(|handle| Chart(handle.unchecked_into())).map_err(|error| said(&error))
    }

    pub fn set(&self, rows: &[f64]) {
        self.0.set(rows);
    }

    pub fn append(&self, rows: &[f64]) {
        self.0.append(rows);
    }

    pub fn point(&self, seconds: f64, value: f64) {
        self.0.point(seconds, value);
    }

    pub fn destroy(&self) {
        self.0.destroy();
    }
}
