//! A thread for each story of a sprint that goes on: it tells what happens to the story, and is put away with it.
//!
//! What is told comes from the history of the project, from where it was told last. Telling and remembering how far
//! are one step of the ledger, so whatever is interrupted, nothing is lost and nothing is told twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serenity::all::{
    AutoArchiveDuration, ChannelId, ChannelType, CreateAllowedMentions, CreateMessage, CreateThread,
    EditThread, GuildId,
};

use crate::domain::command::View;
use crate::domain::id::{StoryId, Uid};
use crate::domain::project::Project;
use crate::domain::sprint::SprintStatus;
use crate::domain::story::{Status, Story};
use crate::ledger::{Channel, LedgerError, Letter, Telling, Thread};
use crate::store::Since;
use crate::surface::answer::{self, Answer};
use crate::surface::discord::bot::Bot;
use crate::surface::discord::following::Told;
use crate::surface::discord::guilds;
use crate::surface::discord::look::{self, Paging};
use crate::surface::discord::outbox;
use crate::surface::discord::pace::Went;
use crate::surface::discord::posted::went;
use crate::surface::discord::reply::Kept;
use crate::surface::discord::rest::{self, Fault};

/// How many commits are told at most. Whoever was away for longer reads the history.
const COMMITS: usize = 2000;
/// How much is told in one message, before Markdown makes it longer.
const MESSAGE: usize = 900;
/// How many messages one story gets at once.
const MESSAGES_MAX: usize = 5;
/// Discord's bound of the name of a thread.
const NAME_MAX: usize = 100;

/// What is to be told about a project, and where.
struct Round<'a> {
    project: &'a Project,
    place: &'a Channel,
    /// The threads that the ledger knows.
    known: BTreeMap<StoryId, Thread>,
    telling: Telling,
}

impl Bot {
    /// Tells what has happened to the stories of a project since it was told last, and puts its threads in order.
    pub(super) async fn tell_threads(&self, key: Uid) -> Went {
        let (Some(place), Some(entry)) = (self.reachable(key), self.entry_of(key)) else { return Went::Well };
        let cursor = format!("told:{key}");
        let told = match self.ledger().cursor(&cursor) {
            Ok(told) => told,
            Err(error) => return unwritten(&error),
        };
        let from = told.clone();
        let look = move |store: &mut crate::store::ProjectStore, project: &Arc<Project>| {
            store.since(from.as_deref(), COMMITS).map(|since| (since, Arc::clone(project)))
        };
        let (since, project) = match self.desk().engine().visit(&entry.name, look).await {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => return self.unread(&entry, &error.into()),
            Err(error) => return self.unread(&entry, &error),
        };
        let Some(latest) = since.latest.clone() else { return Went::Well };
        let known = match self.ledger().threads(key) {
            Ok(known) => known.into_iter().map(|it| (it.story, it)).collect(),
            Err(error) => return unwritten(&error),
        };
        let telling =
            Telling { project: key, cursor, told: latest, threads: Vec::new(), letters: Vec::new() };
        let round = Round { project: &project, place: &place, known, telling };
        let is_news = told != since.latest;
        let done = self.tell_round(round, &since, is_news).await;
        if let (Ok(()), Some(latest), Some(board)) = (&done, since.latest, self.board_digest(&project)) {
            self.upkeep().note_told(key, Told { commit: latest, board });
            self.settle(&place);
        }
        went(&format!("the threads of {}", entry.name), done)
    }

    async fn tell_round(&self, mut round: Round<'_>, since: &Since, is_news: bool) -> Result<(), Fault> {
        if !since.is_whole {
            tracing::warn!(project = %round.project.name, "there is too much to tell; the history has it");
        }
        let entries = if since.is_whole { since.entries.as_slice() } else { &[] };
        let has_threads = !self.is_thread(round.place);
        for (id, lines) in answer::news(round.project, entries) {
            let Some(story) = round.project.stories.get(&id) else { continue };
            if has_threads {
                self.open_thread(&mut round, story, Some(lines)).await?;
            } else {
                // A thread has no threads. What would be said in those is said here.
                round.say(self, ChannelId::new(round.place.channel), id, &lines);
            }
        }
        if is_news {
            self.put_out(&mut round)?;
        }
        let opened = if has_threads { self.open_threads(&mut round).await } else { Ok(()) };
        // What cannot be opened keeps nothing from being closed.
        let closed = self.close_threads(round.telling.project, round.project).await;
        opened.and(closed)
    }

    /// Opens the threads of the stories that go on, one after another: however many there are, each is there as soon
    /// as Discord lets it.
    async fn open_threads(&self, round: &mut Round<'_>) -> Result<(), Fault> {
        for story in going_on(round.project) {
            self.open_thread(round, story, None).await?;
            if !round.telling.threads.is_empty() {
                self.put_out(round)?;
            }
        }
        Ok(())
    }

    /// Keeps for good what is to be told so far.
    fn put_out(&self, round: &mut Round<'_>) -> Result<(), Fault> {
        self.ledger().tell(&round.telling).map_err(|error| Fault::Away(error.to_string()))?;
        self.outbox_filled.notify_one();
        round.telling.threads.clear();
        round.telling.letters.clear();
        Ok(())
    }

    /// Sees to it that a story has a thread that is open, and tells the news there.
    async fn open_thread(
        &self,
        round: &mut Round<'_>,
        story: &Story,
        lines: Option<Vec<String>>,
    ) -> Result<(), Fault> {
        let known = round.known.get(&story.id).cloned();
        if lines.is_none() && known.as_ref().is_some_and(|it| !it.closed) {
            return Ok(());
        }
        let usable = match &known {
            Some(known) => self.usable(round.place, known).await?,
            None => None,
        };
        let thread = match usable {
            Some(thread) => thread,
            None => self.new_thread(round, story).await?,
        };
        let open = Thread { story: story.id, thread: thread.get(), closed: false };
        if known.as_ref() != Some(&open) {
            round.known.insert(story.id, open.clone());
            round.telling.threads.push(open);
        }
        if let Some(lines) = lines {
            round.say(self, thread, story.id, &lines);
        }
        Ok(())
    }

    /// The thread that the ledger knows, if it is still there, in the right channel; it is open afterwards.
    async fn usable(&self, place: &Channel, known: &Thread) -> Result<Option<ChannelId>, Fault> {
        let (thread, channel) = (ChannelId::new(known.thread), ChannelId::new(place.channel));
        let parent = self
            .guilds()
            .look(GuildId::new(place.guild), |it| it.channels.get(&thread).and_then(|it| it.parent))
            .flatten();
        match parent {
            Some(parent) if parent == channel && !known.closed => return Ok(Some(thread)),
            Some(parent) if parent != channel => {
                self.put_away(thread).await?;
                return Ok(None);
            }
            _ => {}
        }
        match rest::within(rest::TRY, thread.edit_thread(self.http(), EditThread::new().archived(false)))
            .await
        {
            Ok(now) if now.parent_id == Some(channel) => {
                self.guilds().set_channel(&now);
                Ok(Some(thread))
            }
            Ok(_) => {
                self.put_away(thread).await?;
                Ok(None)
            }
            Err(Fault::Gone(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Makes a thread, or finds one that was made before something went wrong, and introduces the story there.
    async fn new_thread(&self, round: &mut Round<'_>, story: &Story) -> Result<ChannelId, Fault> {
        let (guild, channel) = (GuildId::new(round.place.guild), ChannelId::new(round.place.channel));
        let prefix = format!("{} ", story.id);
        let lost = self.guilds().look(guild, |known| {
            let is_it = |it: &guilds::Place| {
                it.kind == ChannelType::PublicThread
                    && it.parent == Some(channel)
                    && it.name.starts_with(&prefix)
            };
            known.channels.iter().find(|(_, it)| is_it(it)).map(|(id, _)| *id)
        });
        let thread = match lost.flatten() {
            Some(thread) => thread,
            None => {
                let thread = CreateThread::new(thread_name(story))
                    .kind(ChannelType::PublicThread)
                    .auto_archive_duration(AutoArchiveDuration::OneWeek);
                let made = rest::within(rest::TRY, channel.create_thread(self.http(), thread)).await?;
                self.guilds().set_channel(&made);
                made.id
            }
        };
        round.telling.letters.extend(self.introduction(thread, round.project, story));
        Ok(thread)
    }

    /// Puts away the threads of stories that are over, once everything has been said there.
    async fn close_threads(&self, key: Uid, project: &Project) -> Result<(), Fault> {
        let ours = |error: LedgerError| Fault::Away(error.to_string());
        let open: Vec<_> = going_on(project).map(|story| story.id).collect();
        let threads = self.ledger().threads(key).map_err(ours)?;
        for it in threads.into_iter().filter(|it| !it.closed && !open.contains(&it.story)) {
            if self.ledger().has_letters_for(it.thread).map_err(ours)? {
                return Err(Fault::Away("something waits to be said first".to_owned()));
            }
            self.put_away(ChannelId::new(it.thread)).await?;
            self.ledger().set_thread(key, &Thread { closed: true, ..it }).map_err(ours)?;
        }
        Ok(())
    }

    /// Puts a thread away, if it can be.
    async fn put_away(&self, thread: ChannelId) -> Result<(), Fault> {
        match rest::within(rest::TRY, thread.edit_thread(self.http(), EditThread::new().archived(true))).await
        {
            Err(fault) if fault.is_passing() => Err(fault),
            Err(fault) => {
                tracing::debug!(%thread, "a thread stays as it is: {fault}");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    fn is_thread(&self, place: &Channel) -> bool {
        let kind = self.guilds().look(GuildId::new(place.guild), |known| {
            known.channels.get(&ChannelId::new(place.channel)).map(|it| it.kind)
        });
        let threads = [ChannelType::PublicThread, ChannelType::PrivateThread, ChannelType::NewsThread];
        kind.flatten().is_some_and(|kind| threads.contains(&kind))
    }

    /// Everything about a story, as somebody sees it who asks for it.
    fn introduction(&self, thread: ChannelId, project: &Project, story: &Story) -> Option<Letter> {
        let view = View::One(story.id.to_string().parse().ok()?);
        let about = answer::backlog(project, &view, 1).ok()?;
        let sheets = look::sheets(&about);
        let pages = u32::try_from(sheets.len()).unwrap_or(1);
        let paging = Paging { page: 1, pages, command: format!("backlog view {}", story.id) };
        let message = CreateMessage::new()
            .allowed_mentions(CreateAllowedMentions::new())
            .embed(sheets.first()?.embed())
            .components(look::rows(&about.choices, Some(paging), &mut Kept(self.ledger())));
        outbox::letter(thread, &format!("open-{thread}"), &message)
    }

    fn letter(&self, channel: ChannelId, name: &str, answer: &Answer) -> Option<Letter> {
        let rows = look::rows(&answer.choices, None, &mut Kept(self.ledger()));
        let message = CreateMessage::new()
            .allowed_mentions(CreateAllowedMentions::new())
            .content(look::plain(answer))
            .components(rows);
        outbox::letter(channel, name, &message)
    }
}

impl Round<'_> {
    /// Adds lines about a story, in as few messages as they take.
    fn say(&mut self, bot: &Bot, channel: ChannelId, story: StoryId, lines: &[String]) {
        let Some(story) = self.project.stories.get(&story) else { return };
        let commit: String = self.telling.told.chars().take(12).collect();
        for (at, lines) in messages(story.id, lines).iter().enumerate() {
            let name = format!("{commit}-{}-{at}", story.id);
            self.telling.letters.extend(bot.letter(channel, &name, &answer::story_news(story, lines)));
        }
    }
}

/// The stories that have an open thread, in the order of the sprint.
fn going_on(project: &Project) -> impl Iterator<Item = &Story> {
    let sprint = project
        .current_sprint()
        .filter(|it| matches!(it.status, SprintStatus::Active | SprintStatus::Paused));
    let stories = sprint.into_iter().flat_map(|sprint| project.stories_of(sprint));
    stories.map(AsRef::as_ref).filter(|story: &&Story| story.status != Status::Done)
}

/// Lines as messages of a bounded length. What is left out is counted.
fn messages(story: StoryId, lines: &[String]) -> Vec<Vec<String>> {
    let mut messages: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for line in lines {
        let length = line.encode_utf16().count() + 1;
        match messages.last_mut().filter(|_| length <= room) {
            Some(message) => message.push(line.clone()),
            None => {
                room = MESSAGE;
                messages.push(vec![line.clone()]);
            }
        }
        room = room.saturating_sub(length);
    }
    let left: usize = messages.iter().skip(MESSAGES_MAX).map(Vec::len).sum();
    messages.truncate(MESSAGES_MAX);
    if let Some(last) = messages.last_mut().filter(|_| left > 0) {
        last.push(format!("… and {left} more, see `log id:{story}`"));
    }
    messages
}

/// What the thread of a story is called.
fn thread_name(story: &Story) -> String {
    let whole = format!("{} {}", story.id, story.title);
    let fits = |name: &String| name.encode_utf16().count() <= NAME_MAX;
    if fits(&whole) {
        return whole;
    }
    let mut name = String::new();
    for c in whole.chars() {
        if name.encode_utf16().count() + c.len_utf16() >= NAME_MAX {
            break;
        }
        name.push(c);
    }
    format!("{}…", name.trim_end())
}

fn unwritten(error: &LedgerError) -> Went {
    tracing::error!("what happens to stories cannot be told: {error}");
    Went::Away
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surface::answer::samples::{World, story};

    #[test]
    fn many_lines_become_few_messages_and_the_rest_is_counted() {
        let story: StoryId = "S-7".parse().unwrap();
        let lines = |count: usize| vec!["x".repeat(99); count];

        let sizes = |count| messages(story, &lines(count)).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(10), [9, 1]);
        assert_eq!(sizes(46), [9, 9, 9, 9, 10]);
        let all = messages(story, &lines(100));
        assert_eq!(all[4].last().unwrap(), "… and 55 more, see `log id:S-7`");
        let longest = look::plain(&answer::story_news(&sample("x"), &vec!["*".repeat(280); 3]));
        assert!(longest.encode_utf16().count() < 2000);
    }

    #[test]
    fn a_thread_is_called_like_its_story_as_far_as_that_fits() {
        assert_eq!(thread_name(&sample("Log in with a password")), "S-1 Log in with a password");
        for title in ["x".repeat(119), "👨‍👩‍👧‍👦".repeat(15)] {
            let name = thread_name(&sample(&title));
            assert!(name.encode_utf16().count() <= NAME_MAX && name.ends_with('…'), "{name}");
        }
    }

    fn sample(title: &str) -> Story {
        let mut world = World::new();
        world.does(story(title, |_| ()));
        Story::clone(&world.project.stories[&StoryId(1)])
    }
}
