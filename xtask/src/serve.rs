//! `cargo xtask serve`: the app on this machine, rebuilt when a file changes.

use crate::Result;
use crate::run::{announce, plainly};
use crate::tools::{TO_BUILD, set_up};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

const USUAL_PORT: u16 = 8080;

/// Serves until it is stopped.
pub fn serve(dev: bool, port: Option<u16>) -> Result {
    let tools = set_up(TO_BUILD)?;
    let port = match port {
        Some(port) if free(port) => port,
        Some(port) => return Err(format!("port {port} is taken; choose another with --port")),
        None => (USUAL_PORT..USUAL_PORT + 20)
            .find(|port| free(*port))
            .ok_or("no port from 8080 to 8099 is free; choose one with --port")?,
    };
    announce(
        "the app",
        "built and served on this machine; Ctrl-C stops it",
        "3 minutes the first time, seconds later",
    );
    std::thread::spawn(move || tell_address(port));
    let mut trunk = tools.command("trunk");
    trunk.args(["serve", "--offline", "true", "--port", &port.to_string()]);
    if !dev {
        trunk.arg("--release");
    }
    plainly(&mut trunk)
}

fn free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Prints the address when it answers, which is after the first build: told before, it would
/// scroll away, and lead to an error page.
fn tell_address(port: u16) {
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        std::thread::sleep(Duration::from_millis(300));
    }
    println!("\n==> Millrace is at http://127.0.0.1:{port}/\n");
}
