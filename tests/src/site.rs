//! A static host as plain as they come: files under a path, no CORS headers, nothing else.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A server that runs as long as the process.
pub struct Site {
    address: SocketAddr,
    prefix: String,
}

struct Content {
    folder: PathBuf,
    prefix: String,
    pages: BTreeMap<String, String>,
}

impl Site {
    /// Serves `folder` under `prefix`, which begins and ends with a slash; and `pages`, by their
    /// absolute paths, as HTML.
    ///
    /// # Panics
    /// If this machine has no free port.
    #[must_use]
    pub fn serve(folder: &Path, prefix: &str, pages: &[(&str, &str)]) -> Self {
        assert!(
            prefix.starts_with('/') && prefix.ends_with('/'),
            "`{prefix}` is no folder"
        );
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the port just bound");
        let content = Arc::new(Content {
            folder: folder.to_path_buf(),
            prefix: prefix.into(),
            pages: pages
                .iter()
                .map(|(path, html)| ((*path).into(), (*html).into()))
                .collect(),
        });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let content = Arc::clone(&content);
                std::thread::spawn(move || content.answer(stream));
            }
        });
        Self {
            address,
            prefix: prefix.into(),
        }
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the folder, with its closing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.origin(), self.prefix)
    }
}

impl Content {
    fn answer(&self, stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(&stream).lines();
        let request = lines.next()?.ok()?;
        // The rest of the head must be read, or closing would reset the connection.
        while lines
            .next()
            .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
        {}
        let path = request
            .split_whitespace()
            .nth(1)?
            .split(['?', '#'])
            .next()?
            .to_string();
        let found = self.find(&path);
        let (status, kind) = if found.is_some() {
            ("200 OK", kind(&path))
        } else {
            ("404 Not Found", "text/plain")
        };
        let body = found.unwrap_or_else(|| b"no such file".to_vec());
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        (&stream).write_all(head.as_bytes()).ok()?;
        (&stream).write_all(&body).ok()
    }

    fn find(&self, path: &str) -> Option<Vec<u8>> {
        if let Some(html) = self.pages.get(path) {
            return Some(html.clone().into_bytes());
        }
        let name = path.strip_prefix(&self.prefix)?;
        let name = if name.is_empty() { "index.html" } else { name };
        if name.split('/').any(|part| part == "..") {
            return None;
        }
        std::fs::read(self.folder.join(name)).ok()
    }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, end)| end) {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("csv") => "text/csv",
        _ => "text/html; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn get(site: &Site, path: &str) -> String {
        let mut stream = TcpStream::connect(site.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn serves_a_folder_under_a_path_and_nothing_above_it() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let site = Site::serve(&here.join("src"), "/a/b/", &[("/page", "<p>hello</p>")]);
        assert!(get(&site, "/a/b/site.rs?x=1").contains("A static host"));
        assert!(
            get(&site, "/page").contains("text/html")
                && get(&site, "/page").ends_with("<p>hello</p>")
        );
        for missing in ["/site.rs", "/a/b/../Cargo.toml", "/a/b/none"] {
            assert!(get(&site, missing).starts_with("HTTP/1.1 404"), "{missing}");
        }
        assert!(!get(&site, "/page").contains("Access-Control"));
    }
}
