//! Makes the channel of a project, in a category with room, so that a failure at any step leaves nothing behind.
//!
//! What is about to be made is in the ledger before Discord hears of it. Whatever goes wrong then, here or because
//! the program ends, [`Bot::clear_up`] finds by it what has to go.

use std::path::Path;
use std::time::Duration;

use serenity::all::{ChannelId, ChannelType, CreateChannel, GuildChannel, GuildId};
use tokio::time::Instant;

use crate::domain::command::Command;
use crate::domain::id::ProjectName;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::workflow::State;
use crate::engine::Entry;
use crate::ledger::{Channel, LedgerError, Making};
use crate::surface::discord::bot::Bot;
use crate::surface::discord::guilds::Known;
use crate::surface::discord::naming::{self, About, End};
use crate::surface::discord::permission;
use crate::surface::discord::rest::{self, Fault};
use crate::surface::discord::topic::Wanted;
use crate::surface::parse::to_text;

/// Discord's bound of the channels of a server; categories count, threads do not.
const CHANNELS_MAX: usize = 500;
/// From so many on people are told that there will be no room some day.
const CHANNELS_MANY: usize = 480;
/// Discord's bound of the channels of a category.
const IN_CATEGORY_MAX: usize = 50;
/// How long to try to make a channel.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(4);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// Where a new channel goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Room {
    /// A category that is there.
    In(ChannelId),
    /// A category that has to be made first.
    New(String),
}

/// A channel that can be made.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    guild: GuildId,
    project: ProjectName,
    path: String,
    about: About,
    /// What it will be called.
    pub(super) name: String,
    room: Room,
    /// The channel that the same project had when it was let go: it is taken up again.
    former: Option<ChannelId>,
    /// What people should know besides.
    pub(super) remark: Option<String>,
}

impl Bot {
    /// Finds out how the channel of a project can be made, or why not: the name is free, the bot may, there is room.
    ///
    /// # Errors
    ///
    /// Says which of these is not so, and what to do.
    pub(super) fn plan_channel(
        &self,
        guild: GuildId,
        project: &ProjectName,
        path: &Path,
    ) -> Result<Plan, Refusal> {
        let config = self.config();
        let name = naming::channel(&config.channel, self.host(), project);
        let bind = self.binding(project, path);
        let about = self.about(project, path);
        let plan = |known: &Known| -> Result<Plan, Refusal> {
            let former = taken(known, &name, &about).map_err(|()| name_taken(&name, None, &bind))?;
            if let Some(taken) = former.and_then(|it| self.project_in(it)) {
                return Err(name_taken(&name, Some(&taken), &bind));
            }
            let room = room(known, &config.category);
            let count = known.count() + 1 + usize::from(matches!(room, Room::New(_)));
            if count > CHANNELS_MAX && former.is_none() {
                return Err(full(known.count(), &bind));
            }
            let remark = (count >= CHANNELS_MANY).then(|| {
                format!(
                    "this server has {count} of {CHANNELS_MAX} channels; `project bind` ties further projects to channels or threads that are there"
                )
            });
            let (project, path) = (project.clone(), path.display().to_string());
            Ok(Plan { guild, project, path, about: about.clone(), name: name.clone(), room, former, remark })
        };
        let unknown = || {
            let message = "Discord has not told yet what channels this server has";
            Refusal::new(Code::Busy, message, "try again in a moment")
        };
        let plan = self.guilds().look(guild, plan).ok_or_else(unknown)??;
        if plan.former.is_none() {
            self.may_make(&plan)?;
        }
        Ok(plan)
    }

    /// The command that gives a project a channel or thread that is there.
    fn binding(&self, project: &ProjectName, path: &Path) -> String {
        let name = Some(project.clone());
        let path = self.entry_at(path).is_none().then(|| path.to_owned());
        to_text(&Command::ProjectBind { name, channel: None, path })
    }

    fn may_make(&self, plan: &Plan) -> Result<(), Refusal> {
        let refusal = |place: String, missing: String| {
            let message = format!("the bot may not make channels {place}");
            let hint = format!("give its role these permissions there: {missing}");
            Refusal::new(Code::Forbidden, message, hint)
        };
        let missing =
            |channel| permission::missing(self.guilds().may(plan.guild, channel)?, permission::TO_MAKE);
        if let Some(missing) = missing(None) {
            return Err(refusal("on this server".to_owned(), missing));
        }
        let Room::In(category) = plan.room else { return Ok(()) };
        let Some(missing) = missing(Some(category)) else { return Ok(()) };
        Err(refusal(format!("in the category {}", self.name_of(plan.guild, category)), missing))
    }

    /// Makes a channel as planned. Whoever calls holds [`Bot::making`], and ends it with [`Bot::keep_channel`] or
    /// [`Bot::clear_up`].
    ///
    /// # Errors
    ///
    /// Says what Discord has against it.
    pub(super) async fn make_channel(&self, plan: &Plan, state: State) -> Result<ChannelId, Refusal> {
        if let Some(former) = plan.former {
            return Ok(former);
        }
        let category = match &plan.room {
            Room::In(_) => None,
            Room::New(name) => Some(name.clone()),
        };
        let making = Making {
            guild: plan.guild.get(),
            channel: plan.name.clone(),
            project: plan.project.to_string(),
            path: plan.path.clone(),
            category,
        };
        self.ledger().begin_making(&making).map_err(|error| not_noted(&error))?;
        let parent = match &plan.room {
            Room::In(category) => *category,
            Room::New(name) => {
                self.make_category(plan.guild, name).await.map_err(|fault| not_made(&fault))?
            }
        };
        let topic = plan.about.topic(None, End::State(state));
        let new = CreateChannel::new(&plan.name).kind(ChannelType::Text).category(parent);
        let new = match &topic {
            Some(topic) => new.topic(topic),
            None => new,
        };
        let made = self.create(plan.guild, &plan.name, Some(&plan.about), new).await;
        let made = made.map_err(|fault| not_made(&fault))?;
        self.may_speak(plan.guild, made)?;
        Ok(made)
    }

    /// A category of ours that has room, made if need be. Whoever calls holds [`Bot::making`].
    pub(super) async fn category_with_room(&self, guild: GuildId) -> Result<ChannelId, Fault> {
        let base = &self.config().category;
        match self.guilds().look(guild, |known| room(known, base)) {
            Some(Room::In(category)) => Ok(category),
            Some(Room::New(name)) => self.make_category(guild, &name).await,
            None => self.make_category(guild, base).await,
        }
    }

    async fn make_category(&self, guild: GuildId, name: &str) -> Result<ChannelId, Fault> {
        let new = CreateChannel::new(name).kind(ChannelType::Category);
        self.create(guild, name, None, new).await
    }

    /// Whether the bot can be heard in a channel or thread.
    ///
    /// # Errors
    ///
    /// Names the permissions that are missing.
    pub(super) fn may_speak(&self, guild: GuildId, channel: ChannelId) -> Result<(), Refusal> {
        let is_thread = |known: &Known| known.channels.get(&channel).is_some_and(|it| it.is_thread());
        let needed = match self.guilds().look(guild, is_thread) {
            Some(true) => permission::TO_SPEAK_IN_THREAD,
            _ => permission::TO_SPEAK,
        };
        let has = self.guilds().may(guild, Some(channel)).unwrap_or(needed);
        let Some(missing) = permission::missing(has, needed) else { return Ok(()) };
        let message = format!("the bot could not write in #{}", self.name_of(guild, channel));
        let hint = format!("give its role these permissions there: {missing}");
        Err(Refusal::new(Code::Forbidden, message, hint))
    }

    /// Ties a project to the channel that was made for it. From here on nothing is cleared up any more.
    pub(super) fn keep_channel(
        &self,
        plan: &Plan,
        entry: &Entry,
        channel: ChannelId,
        state: State,
    ) -> Result<(), LedgerError> {
        let (guild, project) = (plan.guild, entry.key);
        self.move_in(Channel { project, guild: guild.get(), channel: channel.get(), bound: false })?;
        self.ledger().end_making(guild.get(), &plan.name)?;
        self.want_topic(channel, Wanted { guild, about: plan.about.clone(), end: End::State(state) });
        Ok(())
    }

    /// Makes one channel or category. When it is not clear what became of a try, Discord is asked what there is, so
    /// that nothing is made twice.
    async fn create(
        &self,
        guild: GuildId,
        name: &str,
        about: Option<&About>,
        new: CreateChannel<'_>,
    ) -> Result<ChannelId, Fault> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let fault = match rest::within(TRY, guild.create_channel(self.http(), new.clone())).await {
                Ok(made) => {
                    self.guilds().set_channel(&made);
                    return Ok(made.id);
                }
                Err(fault) => fault,
            };
            if !fault.is_passing() || Instant::now() + PAUSE >= deadline {
                return Err(fault);
            }
            tracing::info!(%guild, channel = name, "{fault}; looking whether it was made");
            tokio::time::sleep(PAUSE).await;
            let there = rest::patiently(TRY, || self.http().get_channels(guild)).await?;
            let made = |it: &&GuildChannel| match about {
                Some(about) => {
                    it.name == name && about.end(it.topic.as_deref().unwrap_or_default()).is_some()
                }
                None => it.kind == ChannelType::Category && naming::same(&it.name, name),
            };
            if let Some(made) = there.iter().find(made) {
                self.guilds().set_channel(made);
                return Ok(made.id);
            }
        }
    }

    /// What people call a channel, without `#`; its id where that is not known.
    pub(super) fn name_of(&self, guild: GuildId, channel: ChannelId) -> String {
        let name = self.guilds().look(guild, |known| known.channels.get(&channel).map(|it| it.name.clone()));
        name.flatten().unwrap_or_else(|| channel.to_string())
    }
}

/// A channel of this name. One that says it was this project's is no obstacle and is given; any other is an error.
fn taken(known: &Known, name: &str, about: &About) -> Result<Option<ChannelId>, ()> {
    let mut same = known.channels.iter().filter(|(_, it)| {
        !it.is_thread() && it.kind != ChannelType::Category && naming::same(&it.name, name)
    });
    let Some((id, place)) = same.next() else { return Ok(None) };
    let end = place.topic.as_deref().and_then(|topic| about.end(topic));
    let is_former = place.takes_text() && matches!(end, Some(End::State(_) | End::LetGo));
    if is_former && same.next().is_none() { Ok(Some(*id)) } else { Err(()) }
}

fn name_taken(name: &str, by: Option<&Entry>, bind: &str) -> Refusal {
    let by = by.map_or_else(String::new, |entry| format!(", for {}", entry.name));
    let message = format!("there is a channel #{name} already{by}");
    let hint = format!(
        "give the project another name with `name:`, or ask in the channel that it shall have: `{bind}`"
    );
    Refusal::new(Code::Taken, message, hint)
}

/// The category of ours that has room, or the one that has to be made.
fn room(known: &Known, base: &str) -> Room {
    let find = |name: &str| {
        let is_it = |it: &crate::surface::discord::guilds::Place| {
            it.kind == ChannelType::Category && naming::same(&it.name, name)
        };
        known.channels.iter().find(|(_, it)| is_it(it)).map(|(id, _)| *id)
    };
    let full = |category: ChannelId| {
        let inside = known.channels.values().filter(|it| !it.is_thread() && it.parent == Some(category));
        inside.count() >= IN_CATEGORY_MAX
    };
    // There cannot be more categories than channels, so one of these names is free.
    let names = || (1..=CHANNELS_MAX + 1).map(|number| naming::category(base, number));
    let with_room = names().map_while(|name| find(&name)).find(|category| !full(*category));
    match with_room {
        Some(category) => Room::In(category),
        None => Room::New(names().find(|name| find(name).is_none()).unwrap_or_else(|| base.to_owned())),
    }
}

fn full(count: usize, bind: &str) -> Refusal {
    let message = format!("this server has {count} channels, and Discord takes no more than {CHANNELS_MAX}");
    let hint = format!("ask in a channel or thread that is there and that the project shall have: `{bind}`");
    Refusal::new(Code::Forbidden, message, hint)
}

fn not_noted(error: &LedgerError) -> Refusal {
    let message = format!("the ledger cannot be written: {}", crate::store::with_causes(error));
    Refusal::new(Code::Damaged, message, "nothing was changed; ask whoever runs Bandmaster")
}

fn not_made(fault: &Fault) -> Refusal {
    let message = format!("no channel could be made: {fault}");
    match fault {
        Fault::Away(_) => Refusal::new(Code::Busy, message, "nothing was changed; try again in a moment"),
        Fault::Forbidden(_) => {
            let hint = "nothing was changed; give the role of the bot the permission Manage Channels";
            Refusal::new(Code::Forbidden, message, hint)
        }
        _ => Refusal::new(Code::Forbidden, message, "nothing was changed; try `project bind`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::discord::guilds::Place;

    fn place(name: &str, kind: ChannelType, parent: Option<u64>, topic: Option<&str>) -> Place {
        let (name, parent, topic) = (name.to_owned(), parent.map(ChannelId::new), topic.map(str::to_owned));
        Place { name, kind, parent, topic, overwrites: Vec::new() }
    }

    fn known(places: impl IntoIterator<Item = (u64, Place)>) -> Known {
        let channels = places.into_iter().map(|(id, place)| (ChannelId::new(id), place)).collect();
        Known { channels, ..Known::default() }
    }

    fn category(id: u64, name: &str, inside: u64) -> Vec<(u64, Place)> {
        let text = |at| (1000 * id + at, place("x", ChannelType::Text, Some(id), None));
        let mut all: Vec<_> = (0..inside).map(text).collect();
        // Threads take no room.
        all.push((1000 * id + 999, place("x", ChannelType::PublicThread, Some(id), None)));
        all.push((id, place(name, ChannelType::Category, None, None)));
        all
    }

    #[test]
    fn a_channel_goes_into_the_first_category_with_room() {
        let new = |name: &str| Room::New(name.to_owned());
        let cases = [
            (vec![], new("Bandmaster")),
            (category(1, "bandmaster", 49), Room::In(ChannelId::new(1))),
            (category(1, "Bandmaster", 50), new("Bandmaster 2")),
            (
                [category(1, "Bandmaster", 50), category(2, "Bandmaster 2", 7)].concat(),
                Room::In(ChannelId::new(2)),
            ),
            (category(2, "Bandmaster 2", 7), new("Bandmaster")),
            (category(1, "Bandmasters", 7), new("Bandmaster")),
        ];
        for (places, expected) in cases {
            assert_eq!(room(&known(places.clone()), "Bandmaster"), expected, "{places:?}");
        }
    }

    #[test]
    fn only_the_channel_that_was_the_projects_own_does_not_take_its_name() {
        let about = About::new("box", &"shop".parse().unwrap(), Path::new("/srv/shop"));
        let say = |end| about.topic(None, end);
        let text = ChannelType::Text;
        #[rustfmt::skip]
        let cases = [
            ("box-shop", text,                   None,                           Err(())),
            ("BOX-Shop", ChannelType::Voice,     say(End::LetGo),                Err(())),
            ("box-shop", text,                   say(End::Moved),                Err(())),
            ("box-shop", text,                   say(End::LetGo),                Ok(Some(ChannelId::new(5)))),
            ("box-shop", text,                   say(End::State(State::Idle)),   Ok(Some(ChannelId::new(5)))),
            ("box-shop", ChannelType::Category,  None,                           Ok(None)),
            ("box-shop", ChannelType::PublicThread, None,                        Ok(None)),
            ("box-shop-2", text,                 None,                           Ok(None)),
        ];
        for (name, kind, topic, expected) in cases {
            let known = known([(5, place(name, kind, None, topic.as_deref()))]);
            assert_eq!(taken(&known, "box-shop", &about), expected, "{name} {kind:?} {topic:?}");
        }
        let own = say(End::LetGo);
        let two = known([5, 6].map(|id| (id, place("box-shop", text, None, own.as_deref()))));
        assert_eq!(taken(&two, "box-shop", &about), Err(()), "which one would it be?");
    }

    #[test]
    fn threads_do_not_count_as_channels() {
        assert_eq!(known(category(1, "Bandmaster", 3)).count(), 4);
    }
}
