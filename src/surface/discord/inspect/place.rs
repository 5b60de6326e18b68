//! Looks at the channel of each project: whether it is there, and what the bot may do in it.

use serenity::all::{ChannelId, GuildId, Http, Route};

use crate::engine::Entry;
use crate::ledger::Channel;
use crate::surface::answer::Check;
use crate::surface::discord::inspect::server::Server;
use crate::surface::discord::inspect::told::{self, Place};
use crate::surface::discord::needs;
use crate::surface::discord::rest::Fault;

/// What gives a project a channel.
const MEND: &str = "run `project health` on Discord, which makes one, or tie one with `project bind`";

/// Checks the channels of all projects. Those on a server that could not be looked at are left out: that has been
/// said already.
pub(super) async fn checks(
    http: &Http,
    servers: &[Server],
    entries: &[Entry],
    channels: &[Channel],
) -> Vec<Check> {
    let mut checks = Vec::new();
    for entry in entries {
        let name = format!("channel of {}", entry.name);
        let Some(channel) = channels.iter().find(|it| it.project == entry.key) else {
            checks.push(Check::bad(name, "it has none", MEND));
            continue;
        };
        let id = GuildId::new(channel.guild);
        if let Some(server) = servers.iter().find(|server| server.id == id) {
            checks.push(check(http, server, name, ChannelId::new(channel.channel)).await);
        }
    }
    checks
}

async fn check(http: &Http, server: &Server, name: String, id: ChannelId) -> Check {
    // A thread that was put away is in no list.
    let asked = match server.channels.iter().find(|it| it.id == id) {
        Some(known) => Ok(known.clone()),
        None => told::get::<Place>(http, Route::Channel { channel_id: id }).await,
    };
    let place = match asked {
        Ok(place) => place,
        Err(Fault::Gone(_)) => return Check::bad(name, format!("{id} was deleted"), MEND),
        Err(Fault::Forbidden(_)) => {
            return Check::bad(name, format!("the bot does not see {id}"), "let the role of the bot see it");
        }
        Err(fault) => return Check::bad(name, fault.to_string(), "try again later"),
    };
    let decides = match place.parent_id.filter(|_| place.is_thread()) {
        Some(parent) => server.channels.iter().find(|it| it.id == parent).unwrap_or(&place),
        None => &place,
    };
    let here = told::in_channel(server.may(), decides, server.id, &server.own, server.me);
    // What is missing everywhere has been said of the server.
    let missing: Vec<_> =
        needs::missing(here).into_iter().filter(|it| !needs::missing(server.may()).contains(it)).collect();
    if missing.is_empty() {
        return Check::good(name, place.called());
    }
    let mend = "give them to the role of the bot in the settings of the channel or its category";
    Check::bad(name, format!("{}: missing: {}", place.called(), missing.join(", ")), mend)
}
