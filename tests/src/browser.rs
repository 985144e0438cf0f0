//! A headless Chromium, driven as a person would drive it.
//!
//! Every method waits for what it needs and panics with a sentence that says what was missing,
//! so that a journey reads as a list of what a person does and sees.

use serde_json::{Value, json};
use std::future::Future;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use thirtyfour::error::WebDriverResult;
use thirtyfour::{By, Capabilities, WebDriver, WebElement};
use tokio::runtime::Runtime;

/// How long a page may take for anything: generous, since a test machine does other things too.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `cargo xtask` tells its children.
///
/// # Panics
/// If it is not set, saying what to run.
#[must_use]
pub fn setting(name: &str) -> PathBuf {
    std::env::var_os(name).map_or_else(
        || panic!("{name} is not set: `cargo xtask test` builds the page and sets it"),
        PathBuf::from,
    )
}

/// One browser with one window; it closes when dropped.
pub struct Browser {
    runtime: Runtime,
    driver: Option<WebDriver>,
    process: Child,
}

impl Browser {
    /// Starts ChromeDriver on a free port and a browser with the flags of webdriver.json, with a
    /// window of 1280×800.
    ///
    /// # Panics
    /// If either does not start.
    #[must_use]
    pub fn start() -> Self {
        // Two that start at once may choose the same port, and the later one ends: once more, then.
        let (mut process, port) = (0..5)
            .find_map(|_| chromedriver())
            .expect("ChromeDriver names its port before it ends");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let driver = runtime.block_on(WebDriver::new(
            format!("http://127.0.0.1:{port}"),
            capabilities(),
        ));
        let driver = match driver {
            Ok(driver) => driver,
            Err(why) => {
                let _ = process.kill();
                panic!("the browser did not start: {why}");
            }
        };
        let browser = Self {
            runtime,
            driver: Some(driver),
            process,
        };
        browser.size(1280, 800);
        browser
    }

    fn driver(&self) -> &WebDriver {
        self.driver
            .as_ref()
            .expect("the session lasts as long as the browser")
    }

    fn wait_for<T>(&self, what: &str, future: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime
            .block_on(future)
            .unwrap_or_else(|why| panic!("{what}: {why}"))
    }

    /// Sends a command of the DevTools protocol.
    pub fn devtools(&self, method: &str, params: Value) -> Value {
        self.wait_for(method, self.driver().cdp().send_raw(method, params))
    }

    /// Sets the inner size of the window, also to one narrower than a window can be.
    pub fn size(&self, width: u32, height: u32) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
    }

    /// Sets what the person's system asks for: `prefers-color-scheme` is `light` or `dark`,
    /// `prefers-reduced-motion` is `reduce` or `no-preference`.
    pub fn prefers(&self, scheme: &str, motion: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        );
    }

    /// Opens a page.
    pub fn open(&self, url: &str) {
        self.wait_for(url, self.driver().goto(url));
    }

    /// Opens a page in a new tab, and goes there.
    pub fn open_in_new_tab(&self, url: &str) {
        self.wait_for("a new tab", async {
            let tab = self.driver().new_tab().await?;
            self.driver().switch_to_window(tab).await
        });
        self.size(1280, 800);
        self.open(url);
    }

    /// The address of the page.
    #[must_use]
    pub fn url(&self) -> String {
        self.wait_for("the address", self.driver().current_url())
            .into()
    }

    /// Runs a script in the page; `arguments` are what its name says. A promise is awaited.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.wait_for(script, async {
            Ok(self
                .driver()
                .execute(script, arguments.to_vec())
                .await?
                .json()
                .clone())
        })
    }

    /// Waits until an expression is true in the page.
    ///
    /// # Panics
    /// If it does not become true in time; `what` says what was waited for.
    pub fn wait_until(&self, what: &str, expression: &str) {
        let script = format!("return Boolean({expression})");
        self.patiently(what, || (self.run(&script, &[]) == true).then_some(()));
    }

    /// Looks until there is something to see.
    ///
    /// # Panics
    /// If there is nothing in time; `what` says what was looked for.
    pub fn patiently<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "waited {} s in vain: {what}; {}",
                PATIENCE.as_secs(),
                self.page()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the page says, for a message about what it lacks.
    fn page(&self) -> String {
        let text = self.run("return document.body?.innerText ?? ''", &[]);
        let text: String = text
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(600)
            .collect();
        format!("the page at {} says: {text}", self.url())
    }

    fn elements(&self, css: &str) -> Vec<WebElement> {
        self.wait_for(css, self.driver().find_all(By::Css(css)))
    }

    /// Waits for the first element of a selector.
    pub fn element(&self, css: &str) -> WebElement {
        self.patiently(&format!("`{css}` on the page"), || {
            self.elements(css).into_iter().next()
        })
    }

    /// Waits until there is no such element any more.
    pub fn wait_gone(&self, css: &str) {
        self.patiently(&format!("`{css}` gone from the page"), || {
            self.elements(css).is_empty().then_some(())
        });
    }

    /// How many elements there are now.
    #[must_use]
    pub fn count(&self, css: &str) -> usize {
        self.elements(css).len()
    }

    /// Clicks, as soon as the element is there and nothing covers it.
    pub fn click(&self, css: &str) {
        self.patiently(&format!("`{css}` to click"), || {
            let element = self.elements(css).into_iter().next()?;
            self.runtime.block_on(element.click()).ok()
        });
    }

    /// Types into an element: text, or [`thirtyfour::Key`]s. For `input[type=file]`, chooses a file.
    pub fn type_into(&self, css: &str, keys: impl Into<thirtyfour::TypingData>) {
        let element = self.element(css);
        self.wait_for(css, element.send_keys(keys));
    }

    /// Presses keys, for whatever has the focus: text, or [`thirtyfour::Key`]s one after another.
    pub fn press(&self, keys: impl Into<thirtyfour::TypingData>) {
        let keys = keys.into();
        let chain = self.driver().action_chain().send_keys(keys);
        self.wait_for("keys", chain.perform());
    }

    /// Presses the left button at one place of the window, moves, and lets go at another.
    pub fn drag(&self, from: (f64, f64), to: (f64, f64)) {
        const STEPS: u32 = 6;
        let mouse = |kind: &str, (x, y): (f64, f64), buttons: u8| {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            self.devtools(
                "Input.dispatchMouseEvent",
                json!({"type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1}),
            );
        };
        mouse("mouseMoved", from, 0);
        mouse("mousePressed", from, 1);
        for step in 1..=STEPS {
            let part = f64::from(step) / f64::from(STEPS);
            let at = (
                from.0 + (to.0 - from.0) * part,
                from.1 + (to.1 - from.1) * part,
            );
            mouse("mouseMoved", at, 1);
        }
        mouse("mouseReleased", to, 0);
    }

    /// Sets a slider or other input to a value, with the events that a person's hand would cause.
    pub fn set_value(&self, css: &str, value: &str) {
        self.element(css);
        self.run(
            "const e = document.querySelector(arguments[0]); e.value = arguments[1];
             e.dispatchEvent(new Event('input', {bubbles: true}));
             e.dispatchEvent(new Event('change', {bubbles: true}));",
            &[json!(css), json!(value)],
        );
    }

    /// The text of an element, as a person sees it.
    #[must_use]
    pub fn text(&self, css: &str) -> String {
        let element = self.element(css);
        self.wait_for(css, element.text())
    }

    /// Waits until the text of an element is as wanted, and returns it.
    pub fn wait_text(&self, css: &str, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.patiently(&format!("`{css}` {what}"), || {
            // An element may be replaced between finding and reading it: look again.
            let element = self.elements(css).into_iter().next()?;
            self.runtime
                .block_on(element.text())
                .ok()
                .filter(|text| wanted(text))
        })
    }

    /// An attribute of an element.
    #[must_use]
    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let element = self.element(css);
        self.wait_for(css, element.attr(name.to_string()))
    }

    /// Goes into an iframe: what follows is about the page in it.
    pub fn enter_frame(&self, css: &str) {
        let element = self.element(css);
        self.wait_for(css, element.enter_frame());
    }

    /// Goes back to the outermost page.
    pub fn leave_frames(&self) {
        self.wait_for("the outer page", self.driver().enter_default_frame());
    }

    /// The errors in the console since the last call: exceptions, failed requests, what the
    /// Content-Security-Policy refused, in iframes too.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        let log = self.wait_for("the console", self.driver().browser_log());
        log.into_iter()
            .filter(|entry| entry.level == "SEVERE")
            .map(|entry| entry.message)
            .collect()
    }

    /// Every address asked for since the last call that is not of `origin`.
    #[must_use]
    pub fn requests_beyond(&self, origin: &str) -> Vec<String> {
        let log = self.wait_for("the network log", self.driver().get_log("performance"));
        let events = log
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(&entry.message).ok());
        let sent = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        let urls = sent.filter_map(|event| {
            Some(
                event["message"]["params"]["request"]["url"]
                    .as_str()?
                    .to_string(),
            )
        });
        // `data:` and `blob:` are of the page itself.
        urls.filter(|url| {
            !url.starts_with(&format!("{origin}/"))
                && !url.starts_with("data:")
                && !url.starts_with("blob:")
        })
        .collect()
    }

    /// The serious and critical accessibility problems of the page as it is, by the standard rules
    /// of axe-core.
    #[must_use]
    pub fn accessibility_problems(&self) -> Vec<String> {
        if self.run("return !window.axe", &[]) == true {
            let path = setting("MILLRACE_AXE");
            let axe = std::fs::read_to_string(&path)
                .unwrap_or_else(|why| panic!("cannot read {}: {why}", path.display()));
            self.run(&axe, &[]);
        }
        let found = self.run(
            "return axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations
                .filter((v) => v.impact === 'serious' || v.impact === 'critical')
                .flatMap((v) => v.nodes.map((n) => `${v.id} (${v.impact}): ${n.target.join(' ')}: ${n.failureSummary}`)))",
            &[],
        );
        let found = found.as_array().expect("axe gives a list").iter();
        found.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Writes a picture of the page, for a person to look at.
    pub fn screenshot(&self, path: &Path) {
        self.wait_for("a picture", self.driver().screenshot(path));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // Asked to, the browser removes its profile; the driver is stopped in any case.
            let quit = async { tokio::time::timeout(Duration::from_secs(10), driver.quit()).await };
            let _ = self.runtime.block_on(quit);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts ChromeDriver on a port of its choice; `None` if it ended at once.
fn chromedriver() -> Option<(Child, u16)> {
    let path = setting("MILLRACE_CHROMEDRIVER");
    let mut process = Command::new(&path)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|why| panic!("cannot start {}: {why}", path.display()));
    let port = port(&mut process);
    if port.is_none() {
        let _ = process.wait();
    }
    port.map(|port| (process, port))
}

/// `ChromeDriver was started successfully on port 40123.`
fn port(process: &mut Child) -> Option<u16> {
    let out = process.stdout.take().expect("its output is piped");
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let port = lines.find_map(|line| {
        line.split_once("successfully on port ")?
            .1
            .trim_end_matches('.')
            .parse()
            .ok()
    });
    // Read on, or ChromeDriver would stop when the pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    port
}

/// The flags of webdriver.json, and logs of the console and of the network.
fn capabilities() -> Capabilities {
    let path = setting("MILLRACE_WEBDRIVER_JSON");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|why| panic!("cannot read {}: {why}", path.display()));
    let flags: serde_json::Map<String, Value> =
        serde_json::from_str(&text).expect("webdriver.json is JSON");
    let mut capabilities = Capabilities::new();
    for (name, mut value) in flags {
        if let Some(args) = value.get_mut("args").and_then(Value::as_array_mut) {
            // ChromeDriver does not see the console of a frame in a process of its own.
            args.push(json!("disable-features=IsolateSandboxedIframes"));
        }
        capabilities.set(name, value).expect("JSON stays JSON");
    }
    let logs = json!({"browser": "ALL", "performance": "ALL"});
    capabilities
        .set("goog:loggingPrefs", logs)
        .expect("JSON stays JSON");
    capabilities
        .set("browserName", "chrome")
        .expect("JSON stays JSON");
    capabilities
}
