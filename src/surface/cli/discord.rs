//! `discord invite` and `discord check`: whether the bot can be at work on Discord, and how it gets there.

use std::num::NonZeroU64;

use anyhow::bail;
use serde_json::json;

use crate::surface::cli::doctor;
use crate::surface::cli::{Exit, Output};
use crate::surface::discord::needs::NEEDS;
use crate::surface::discord::{self, Inspection};

/// Prints the link that takes the bot to a server. Without an id the token says which application it is.
pub async fn invite(
    application: Option<NonZeroU64>,
    config: &crate::config::Discord,
    token: Option<&str>,
    output: Output,
) -> anyhow::Result<Exit> {
    let id = match (application, token) {
        (Some(id), _) => id.get(),
        (None, Some(token)) => discord::application(config, token).await?.id.get(),
        (None, None) => bail!(
            "there is no token that says which application it is: give its id with `--application`, or the token in DISCORD_TOKEN or `discord.token_file`"
        ),
    };
    let link = discord::link(id);
    if output.json {
        let needs = NEEDS
            .iter()
            .map(|need| json!({ "permission": need.name, "bit": need.bit, "reason": need.reason }));
        let needs: Vec<_> = needs.collect();
        let (application, permissions) = (id.to_string(), discord::needs::bits().to_string());
        output.object(&json!({
            "link": link, "application": application, "permissions": permissions, "needs": needs,
        }))?;
    } else {
        output.text(&format!("{link}\n"))?;
    }
    Ok(Exit::Done)
}

/// Checks everything about Discord and changes nothing; a failed check fails the action.
pub async fn check(inspection: &Inspection, output: Output) -> anyhow::Result<Exit> {
    doctor::show(&discord::inspect(inspection).await, output)
}
