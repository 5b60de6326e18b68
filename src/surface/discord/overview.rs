//! The overview of a server: one line for each of its projects, in a channel that the configuration names.

use serenity::all::{ChannelId, ChannelType, CreateAllowedMentions, CreateChannel, EditMessage, GuildId};

use crate::domain::id::ProjectName;
use crate::ledger::{Channel, Posted};
use crate::surface::answer::{Standing as How, Tone};
use crate::surface::discord::bot::Bot;
use crate::surface::discord::pace::Went;
use crate::surface::discord::posted::{Content, Standing, went};
use crate::surface::discord::rest::{self, Fault};

/// What kind of message it is in the ledger.
const KIND: &str = "overview";
/// Discord's bound of a message.
const MESSAGE_MAX: usize = 2000;
/// The most messages of an overview. A server has room for no more channels than these have for lines.
const PAGES_MAX: usize = 50;
/// What an overview without projects says.
const NONE: &str = "There are no projects yet. Put a repository under management with `/project register`.";

impl Bot {
    /// Brings the overview of a server up to date, if it is to have one.
    pub(super) async fn show_overview(&self, guild: GuildId) -> Went {
        let name = self.config_of(guild).ok().and_then(|config| config.overview.clone());
        let Some(name) = name.filter(|_| self.guilds().look(guild, |_| ()).is_some()) else {
            return Went::Well;
        };
        let pages = pages(&self.lines(guild).await);
        went(&format!("the overview {name}"), self.show_pages(guild, &name, &pages).await)
    }

    async fn show_pages(&self, guild: GuildId, name: &str, pages: &[String]) -> Result<(), Fault> {
        let channel = self.overview_channel(guild, name).await?;
        for (at, page) in pages.iter().enumerate() {
            let message = EditMessage::new().content(page).allowed_mentions(CreateAllowedMentions::new());
            let body = serde_json::to_value(message).map_err(|error| Fault::Invalid(error.to_string()))?;
            let owner = owner(guild, at);
            let standing = Standing { kind: KIND, owner: &owner, channel, pinned_as: None };
            self.keep_posted(standing, &Content { rich: body.clone(), plain: body }).await?;
        }
        for at in pages.len()..PAGES_MAX {
            if self.overview_page(guild, at)?.is_none() {
                break;
            }
            self.unpost(KIND, &owner(guild, at)).await?;
        }
        Ok(())
    }

    /// The channel in which the overview is, or should be; it is made where there is none.
    async fn overview_channel(&self, guild: GuildId, name: &str) -> Result<ChannelId, Fault> {
        let before = self.overview_page(guild, 0)?.map(|posted| ChannelId::new(posted.channel));
        let found = self.guilds().look(guild, |known| {
            let is_there = |channel: &ChannelId| known.channels.contains_key(channel);
            let is_named = |it: &crate::surface::discord::guilds::Place| {
                it.kind == ChannelType::Text && it.name.eq_ignore_ascii_case(name)
            };
            let named = || known.channels.iter().find(|(_, it)| is_named(it)).map(|(id, _)| *id);
            // People may have given it another name since.
            before.filter(is_there).or_else(named)
        });
        if let Some(channel) = found.flatten() {
            return Ok(channel);
        }
        let new = CreateChannel::new(name.to_lowercase())
            .kind(ChannelType::Text)
            .topic("The projects of this server, kept up to date by Bandmaster");
        let made = rest::within(rest::TRY, self.http().create_channel(guild, &new, None)).await?;
        self.guilds().set_channel(&made);
        tracing::info!(%guild, channel = %made.id, "the channel {name} was made for the overview");
        Ok(made.id)
    }

    fn overview_page(&self, guild: GuildId, at: usize) -> Result<Option<Posted>, Fault> {
        self.ledger().posted(KIND, &owner(guild, at)).map_err(|error| Fault::Away(error.to_string()))
    }

    /// A line for each project of the server, by name.
    async fn lines(&self, guild: GuildId) -> Vec<String> {
        let mut lines = Vec::new();
        for entry in self.desk().engine().projects() {
            let place = self.places().of(entry.key).filter(|it| it.guild == guild.get());
            if let Some(place) = place {
                lines.push(line(&entry.name, self.standing(entry.key).await.as_ref(), &place));
            }
        }
        lines
    }
}

fn owner(guild: GuildId, page: usize) -> String {
    format!("{guild}:{page}")
}

/// One project. Nothing of it was written by people but the name, which has no signs that mean anything.
fn line(name: &ProjectName, how: Option<&How>, place: &Channel) -> String {
    let channel = format!("<#{}>", place.channel);
    match how {
        None => format!("⚠ **{name}** cannot be read, see `/project health` · {channel}"),
        Some(how) => {
            let mark = if how.tone() == Tone::Warning { "⚠" } else { "●" };
            format!("{mark} **{name}** `{}` {} · {channel}", how.state, how.words())
        }
    }
}

/// Lines as messages. There is always one.
fn pages(lines: &[String]) -> Vec<String> {
    let mut pages = vec![String::new()];
    for line in lines {
        match pages.last_mut() {
            Some(page) if page.is_empty() => page.push_str(line),
            Some(page) if page.encode_utf16().count() + 1 + line.encode_utf16().count() <= MESSAGE_MAX => {
                page.push('\n');
                page.push_str(line);
            }
            _ => pages.push(line.clone()),
        }
    }
    if lines.is_empty() {
        NONE.clone_into(&mut pages[0]);
    }
    pages.truncate(PAGES_MAX);
    pages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::answer::samples::World;

    #[test]
    fn a_line_says_how_a_project_is_doing_and_where() {
        let world = World::midway();
        let place = Channel { project: world.project.key, guild: 1, channel: 42, bound: false };
        let name = &world.project.name;

        assert_eq!(
            [line(name, Some(&How::of(&world.project)), &place), line(name, None, &place)],
            [
                "⚠ **billing** `SPRINT_ACTIVE` 1/17 points, 1 blocked · <#42>",
                "⚠ **billing** cannot be read, see `/project health` · <#42>"
            ]
        );
    }

    #[test]
    fn many_lines_become_pages_that_fit_and_nothing_is_lost() {
        let lines: Vec<_> =
            (0..333).map(|number| format!("● **project-{number}** {}", "é".repeat(60))).collect();

        let pages = pages(&lines);

        assert!(pages.iter().all(|page| page.encode_utf16().count() <= MESSAGE_MAX));
        assert_eq!(pages.join("\n").lines().collect::<Vec<_>>(), lines);
        assert_eq!(super::pages(&[]), [NONE]);
    }
}
