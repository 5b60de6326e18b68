//! Makes a message of what a bot sends: files get their places, embeds and components what Discord adds.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sandbox::check;
use crate::sandbox::check::component::SELECT;
use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::id::Snowflake;
use crate::sandbox::model::{Attachment, COMPONENTS_V2, Message, SILENT, SUPPRESS_EMBEDS};
use crate::sandbox::rest::Upload;
use crate::sandbox::world::World;

impl World {
    /// A message with nothing in it yet.
    pub(crate) fn blank_message(&mut self, channel: Snowflake, author: Snowflake) -> Message {
        Message {
            id: self.new_id(),
            channel,
            author,
            content: String::new(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            kind: 0,
            pinned: false,
            edits: 0,
            written: self.clock.now(),
            edited: None,
            thinking: false,
            only_for: None,
            pings: Vec::new(),
            flags: 0,
            nonce: None,
            reference: None,
            interaction: None,
            webhook: false,
        }
    }

    /// Checks `body` and puts it into `message`, which may be new or not.
    ///
    /// # Errors
    ///
    /// Refuses what Discord refuses. The message is of no use then.
    pub(crate) fn fill(
        &mut self,
        message: &mut Message,
        body: &Value,
        files: &[Upload],
    ) -> Result<(), ApiError> {
        let kept: Vec<_> = match body["attachments"].as_array() {
            Some(listed) => {
                let stays =
                    |file: &&Attachment| listed.iter().any(|one| one["id"] == file.id.to_string().as_str());
                message.attachments.iter().filter(stays).cloned().collect()
            }
            None => message.attachments.clone(),
        };
        check::message::check(body, files, kept.len())?;
        message.attachments = kept;
        self.attach(message, body, files);
        if body.get("content").is_some() {
            body["content"].as_str().unwrap_or_default().trim().clone_into(&mut message.content);
            message.pings = pings(&message.content, &body["allowed_mentions"]);
        }
        if let Some(embeds) = given(body, "embeds") {
            message.embeds = embeds.iter().map(|embed| finished_embed(embed, &message.attachments)).collect();
        }
        if let Some(components) = given(body, "components") {
            message.components = components.to_vec();
            finish_components(&mut message.components, &mut 0);
        }
        let settable = SILENT | COMPONENTS_V2 | SUPPRESS_EMBEDS;
        message.flags |= body["flags"].as_u64().unwrap_or(0) & settable;
        if message.is_empty() { Err(refused::EmptyMessage()) } else { Ok(()) }
    }

    /// Puts the files of a request on a message.
    fn attach(&mut self, message: &mut Message, body: &Value, files: &[Upload]) {
        for file in files {
            let listed = body["attachments"].as_array().into_iter().flatten();
            let mut about = listed.filter(|one| one["id"].to_string().trim_matches('"') == file.index);
            let about = about.next().unwrap_or(&Value::Null);
            let id = self.new_id();
            let name = about["filename"].as_str().unwrap_or(&file.name).to_owned();
            message.attachments.push(Attachment {
                id,
                url: format!("{}/attachments/{}/{id}/{}", self.base, message.channel, escaped(&name)),
                description: about["description"].as_str().map(str::to_owned),
                content_type: file.content_type.clone(),
                bytes: file.bytes.clone(),
                name,
            });
        }
    }
}

/// A list that was sent, also if it is empty: then it takes away what there was.
fn given<'a>(body: &'a Value, key: &str) -> Option<&'a [Value]> {
    match body.get(key)? {
        Value::Array(items) => Some(items),
        _ => Some(&[]),
    }
}

/// Discord replaces what an address cannot hold.
fn escaped(name: &str) -> String {
    let fine = |c: char| c.is_ascii_alphanumeric() || ['.', '-', '_'].contains(&c);
    name.chars().map(|c| if fine(c) { c } else { '_' }).collect()
}

fn finished_embed(embed: &Value, files: &[Attachment]) -> Value {
    let mut embed = embed.clone();
    if let Some(all) = embed.as_object_mut() {
        all.retain(|_, value| !value.is_null());
    }
    embed["type"] = json!("rich");
    for key in ["image", "thumbnail"] {
        let Some(name) = embed[key]["url"].as_str().and_then(|url| url.strip_prefix("attachment://")) else {
            if embed[key].is_null() {
                remove(&mut embed, key);
            }
            continue;
        };
        if let Some(file) = files.iter().find(|file| file.name == name) {
            embed[key]["url"] = json!(file.url);
            embed[key]["proxy_url"] = json!(file.url);
        }
    }
    for field in embed["fields"].as_array_mut().into_iter().flatten() {
        if field["inline"].is_null() {
            field["inline"] = json!(false);
        }
    }
    if embed["fields"].is_null() {
        remove(&mut embed, "fields");
    }
    embed
}

/// Reading a key of an object that is changed makes it: this takes it out again.
fn remove(embed: &mut Value, key: &str) {
    if let Some(all) = embed.as_object_mut() {
        all.remove(key);
    }
}

/// Components without a number get one, in the order in which they stand; a select says what it takes.
fn finish_components(components: &mut [Value], last: &mut u64) {
    for component in components {
        *last += 1;
        let mut usual = vec![("id", json!(*last))];
        if component["type"].as_u64().is_some_and(|kind| (SELECT..=8).contains(&kind)) {
            usual.extend([("min_values", json!(1)), ("max_values", json!(1)), ("disabled", json!(false))]);
        }
        for (key, value) in usual {
            if component[key].is_null() {
                component[key] = value;
            }
        }
        if let Some(inner) = component.get_mut("components").and_then(Value::as_array_mut) {
            finish_components(inner, last);
        }
    }
}

/// Whom a text would ring: ids, and `everyone`.
fn pings(content: &str, allowed: &Value) -> Vec<String> {
    let may = |kind: &str| {
        let parsed = allowed["parse"].as_array();
        allowed.is_null() || parsed.is_some_and(|all| all.iter().any(|one| one == kind))
    };
    let named =
        |kind: &str, id: &str| allowed[kind].as_array().is_some_and(|all| all.iter().any(|one| one == id));
    let mut found = BTreeSet::new();
    for part in content.split("<@").skip(1) {
        let Some((inside, _)) = part.split_once('>') else { continue };
        let (kind, id) = match inside.strip_prefix('&') {
            Some(role) => ("roles", role),
            None => ("users", inside.trim_start_matches('!')),
        };
        if id.parse::<Snowflake>().is_ok() && (may(kind) || named(kind, id)) {
            found.insert(id.to_owned());
        }
    }
    if may("everyone") && (content.contains("@everyone") || content.contains("@here")) {
        found.insert("everyone".to_owned());
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_rings_whom_it_names_unless_told_not_to() {
        let text = "<@12> and <@&34>, @everyone";

        assert_eq!(pings(text, &Value::Null), ["12", "34", "everyone"]);
        assert_eq!(pings(text, &json!({ "parse": [] })), Vec::<String>::new());
        assert_eq!(pings(text, &json!({ "parse": ["roles"], "users": ["12"] })), ["12", "34"]);
    }
}
