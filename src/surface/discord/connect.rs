//! The way to Discord's API: the real one, or another server that speaks its protocol.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use serenity::all::Http;
use serenity::http::HttpBuilder;

use crate::config::Discord;

/// The server whose name serenity puts into every address.
const REAL: &str = "https://discord.com";

/// A client for the API.
///
/// Another server is reached in one of two ways. As a proxy: every call goes to `api_base` instead, without waiting for
/// rate limits, which serenity only knows for the real one. Or under Discord's own name, which leads somewhere else:
/// that is the way of every call to the real one, limits included.
pub(super) fn http(token: &str, config: &Discord) -> anyhow::Result<Http> {
    let is_real = config.api_base == REAL;
    if !is_real {
        if config.resolve.is_some() {
            bail!("`discord.resolve` only goes with `api_base = \"{REAL}\"`: it says where that name leads");
        }
        return Ok(HttpBuilder::new(token).proxy(&config.api_base).ratelimiter_disabled(true).build());
    }
    let mut client = reqwest::Client::builder().use_rustls_tls();
    if let Some(resolve) = config.resolve {
        client = client.resolve("discord.com", resolve).no_proxy();
    }
    if let Some(path) = &config.root_certificate {
        client = client.add_root_certificate(certificate(path)?);
    }
    let client = client.build().context("cannot make a client for Discord")?;
    Ok(HttpBuilder::new(token).client(client).build())
}

fn certificate(path: &Path) -> anyhow::Result<reqwest::Certificate> {
    let pem = fs::read(path).with_context(|| format!("cannot read the certificate {}", path.display()))?;
    reqwest::Certificate::from_pem(&pem).with_context(|| format!("{} holds no certificate", path.display()))
}
