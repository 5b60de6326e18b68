//! The way to Discord's API: the real one, or another server that speaks its protocol.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serenity::all::Http;
use serenity::http::HttpBuilder;

/// The server whose name serenity puts into every address.
const REAL: &str = "https://discord.com";

/// Where Discord's API is, and how to get there.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// The address of the server.
    pub(super) base: String,
    /// Where its name leads, if the name server is not to be asked.
    pub(super) resolve: Option<SocketAddr>,
    /// A certificate that it may show besides those that everybody trusts.
    pub(super) root_certificate: Option<PathBuf>,
}

/// A client for the API.
///
/// Another server is reached in one of two ways. As a proxy: every call goes to `base` instead, without waiting for
/// rate limits, which serenity only knows for the real one. Or under Discord's own name, which leads somewhere else:
/// that is the way of every call to the real one, limits included.
pub(super) fn http(token: &str, address: &Address) -> anyhow::Result<Http> {
    let is_real = address.base == REAL;
    if !is_real {
        if address.resolve.is_some() {
            bail!("`discord.resolve` only goes with `api_base = \"{REAL}\"`: it says where that name leads");
        }
        return Ok(HttpBuilder::new(token).proxy(&address.base).ratelimiter_disabled(true).build());
    }
    let mut client = reqwest::Client::builder().use_rustls_tls();
    if let Some(resolve) = address.resolve {
        client = client.resolve("discord.com", resolve).no_proxy();
    }
    if let Some(path) = &address.root_certificate {
        client = client.add_root_certificate(certificate(path)?);
    }
    let client = client.build().context("cannot make a client for Discord")?;
    Ok(HttpBuilder::new(token).client(client).build())
}

fn certificate(path: &Path) -> anyhow::Result<reqwest::Certificate> {
    let pem = fs::read(path).with_context(|| format!("cannot read the certificate {}", path.display()))?;
    reqwest::Certificate::from_pem(&pem).with_context(|| format!("{} holds no certificate", path.display()))
}
