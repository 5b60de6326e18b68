//! The link that takes the bot to a server, with the permissions that it needs.

use std::time::Duration;

use serde::Deserialize;
use serenity::all::{ApplicationId, Http, LightMethod, Request, Route};

use crate::surface::discord::needs;
use crate::surface::discord::rest::{self, Fault};

/// How long to try to find out which application a token belongs to.
const PATIENCE: Duration = Duration::from_secs(5);

/// What Discord knows about the bot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// What it is called.
    pub name: String,
}

/// The application that the token of `http` belongs to.
pub(super) async fn application(http: &Http) -> Result<Application, Fault> {
    let ask = || http.fire(Request::new(Route::Oauth2ApplicationCurrent, LightMethod::Get));
    rest::patiently(PATIENCE, ask).await
}

/// The link. Whoever opens it chooses a server, and sees what the bot may do there.
pub fn link(application: u64) -> String {
    let permissions = needs::bits();
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot%20applications.commands&permissions={permissions}"
    )
}

/// The same for one server.
pub(super) fn link_for(application: u64, guild: u64) -> String {
    format!("{}&guild_id={guild}&disable_guild_select=true", link(application))
}
