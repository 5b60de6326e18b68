//! `discord sandbox`: the bot at work on a Discord inside this process, for somebody who wants to see it first.
//!
//! Invariants:
//!
//! - The bot is the real one, with a real repository; only Discord is ours.
//! - Nothing outside one temporary folder is touched, and that is removed unless it is to be kept.
//!
//! Deliberately absent: typing along. A real server is better for that, and the console is there meanwhile.

mod script;
mod stage;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::Settings;
use crate::surface::cli::args::{self, Speed};
use crate::surface::cli::sandbox::script::{Step, registering, steps};
use crate::surface::cli::sandbox::stage::{Scene, Stage};
use crate::surface::cli::{Exit, Output};

/// How long somebody has to read a step.
const TO_READ: Duration = Duration::from_secs(3);
/// What to read next.
const NEXT: &str = "docs_src/discord.md";

/// Plays a scripted sprint and prints what people see. `stopped` ends it early.
pub async fn sandbox(
    args: &args::Sandbox,
    settings: &Settings,
    temporary: &Path,
    stopped: impl Future<Output = ()>,
    output: Output,
) -> anyhow::Result<Exit> {
    let mut stage = Stage::open(settings, temporary).await?;
    let pause = match args.speed {
        Some(Speed::Slow) => TO_READ,
        None if io::stdout().is_terminal() => TO_READ,
        Some(Speed::Fast) | None => Duration::ZERO,
    };
    let shown = tokio::select! {
        shown = show(&mut stage, pause, output) => shown,
        () = stopped => Err(anyhow::anyhow!("interrupted")),
    };
    let repository = stage.repository();
    let keep = args.keep && shown.is_ok();
    // Whatever happened, it is taken down in order; the first failure is the one to tell.
    let closed = stage.close(keep).await;
    shown?;
    closed?;
    end(&repository, keep, output)?;
    Ok(Exit::Done)
}

async fn show(stage: &mut Stage, pause: Duration, output: Output) -> anyhow::Result<()> {
    let path = stage.repository();
    let path = path.to_str().ok_or_else(|| anyhow::anyhow!("{} is not text", path.display()))?;
    let all = [vec![registering(path)], steps()].concat();
    for (number, step) in (1..).zip(&all) {
        let scene = stage.play(step).await?;
        if output.json {
            line(&told(number, step, &scene), output)?;
        } else {
            output.text(&written(step, &scene))?;
        }
        tokio::time::sleep(pause).await;
    }
    stage.settle().await;
    for (place, text) in stage.rest() {
        if output.json {
            line(&json!({ "place": place, "seen": plain(&text) }), output)?;
        } else {
            output.text(&format!("── {place}\n{}\n", indented(&text)))?;
        }
    }
    Ok(())
}

fn told(number: usize, step: &Step, scene: &Scene) -> Value {
    let Scene { who, channel, does, seen, is_private } = scene;
    json!({
        "step": number, "about": step.about, "who": who, "channel": channel, "does": does, "seen": plain(seen),
        "private": is_private,
    })
}

fn written(step: &Step, scene: &Scene) -> String {
    let about = if step.about.is_empty() { String::new() } else { format!("── {}\n\n", step.about) };
    let Scene { who, channel, does, seen, .. } = scene;
    format!("{about}{who} in {channel}: {does}\n{}\n", indented(seen))
}

fn indented(text: &str) -> String {
    plain(text).lines().map(|line| format!("    {line}\n")).collect()
}

/// Discord does not show what keeps a sign from being markup, nor the signs of bold text.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.replace("**", "").chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(c) = rest.next() {
        match rest.next_if(|next| c == '\\' && next.is_ascii_punctuation()) {
            Some(escaped) => shown.push(escaped),
            None => shown.push(c),
        }
    }
    shown
}

/// One object on one line.
fn line(value: &Value, output: Output) -> io::Result<()> {
    output.text(&format!("{value}\n"))
}

fn end(repository: &Path, kept: bool, output: Output) -> io::Result<()> {
    if output.json {
        let repository = kept.then(|| repository.display().to_string());
        return line(&json!({ "ok": true, "repository": repository, "next": NEXT }), output);
    }
    let shown = repository.display();
    let left = if kept {
        format!(
            "The repository is left for you: git -C {shown} log orch-state\nRemove its folder when you are done.\n"
        )
    } else {
        "Everything was removed. With --keep the repository stays, and `git log orch-state` tells the same story.\n"
            .to_owned()
    };
    output.text(&format!("── That was it\n\n{left}To have it on your own server: {NEXT}\n"))
}
