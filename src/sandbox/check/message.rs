//! Which messages Discord takes.

use serde_json::Value;

use crate::sandbox::check::{Form, component, join};
use crate::sandbox::error::{ApiError, refused};
use crate::sandbox::model::COMPONENTS_V2;
use crate::sandbox::rest::Upload;

const CONTENT: usize = 2_000;
const EMBEDS: usize = 10;
const EMBED_TOTAL: usize = 6_000;
const FIELDS: usize = 25;
const FILES: usize = 10;
/// Of one file, in bytes. Guilds without paid extras have 10 MiB.
pub(crate) const FILE: usize = 10 << 20;

/// Checks a message that is written or edited. `kept` is how many of its old files an edit keeps.
pub(crate) fn check(body: &Value, files: &[Upload], kept: usize) -> Result<(), ApiError> {
    if files.iter().any(|file| file.bytes.len() > FILE) {
        return Err(refused::TooLarge());
    }
    let mut form = Form::default();
    form.text(body, "content", "", CONTENT);
    let is_v2 = body["flags"].as_u64().unwrap_or(0) & COMPONENTS_V2 != 0;
    embeds(&mut form, body);
    component::rows(&mut form, body, is_v2);
    form.length("attachments", files.len() + kept, 0, FILES);
    mentions(&mut form, &body["allowed_mentions"]);
    if is_v2 && !(blank(&body["content"]) && blank(&body["embeds"])) {
        let code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2";
        form.at(
            "content",
            code,
            "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        );
    }
    form.finish()
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn embeds(form: &mut Form, body: &Value) {
    let mut total = 0;
    for (at, embed) in form.list(body, "embeds", "", EMBEDS).iter().enumerate() {
        total += one_embed(form, embed, &join("embeds", at));
    }
    if total > EMBED_TOTAL {
        let message = format!("Embed size exceeds maximum size of {EMBED_TOTAL}");
        form.at("embeds", "MAX_EMBED_SIZE_EXCEEDED", message);
    }
}

/// Checks an embed, and gives how many characters of it count.
fn one_embed(form: &mut Form, embed: &Value, path: &str) -> usize {
    let mut length = form.text(embed, "title", path, 256) + form.text(embed, "description", path, 4_096);
    if !embed["footer"].is_null() {
        length += form.needed_text(&embed["footer"], "text", &join(path, "footer"), 2_048);
    }
    if !embed["author"].is_null() {
        length += form.needed_text(&embed["author"], "name", &join(path, "author"), 256);
    }
    for (at, field) in form.list(embed, "fields", path, FIELDS).iter().enumerate() {
        let path = join(&join(path, "fields"), at);
        length += form.needed_text(field, "name", &path, 256);
        length += form.needed_text(field, "value", &path, 1_024);
    }
    if embed["color"].as_i64().is_some_and(|color| !(0..=0xff_ffff).contains(&color)) {
        form.at(
            &join(path, "color"),
            "NUMBER_TYPE_MAX",
            "int value should be less than or equal to 16777215.",
        );
    }
    for key in ["url", "image.url", "thumbnail.url"] {
        let link = key.split('.').fold(embed, |value, step| &value[step]);
        let fine = ["http://", "https://", "attachment://"];
        if link.as_str().is_some_and(|link| !fine.iter().any(|scheme| link.starts_with(scheme))) {
            let message = "Not a well formed URL.";
            form.at(&join(path, key), "URL_TYPE_INVALID_URL", message);
        }
    }
    let says_nothing = ["title", "description", "footer", "author", "fields", "image", "thumbnail", "url"]
        .iter()
        .all(|key| blank(&embed[*key]));
    if says_nothing {
        form.required(&join(path, "description"));
    }
    length
}

fn mentions(form: &mut Form, allowed: &Value) {
    let all = allowed["parse"].as_array().map(Vec::as_slice).unwrap_or_default();
    for key in ["users", "roles"] {
        let named = allowed[key].as_array().map_or(0, Vec::len);
        if named > 0 && all.iter().any(|one| one == key) {
            let message = format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive.");
            form.at("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
        }
        form.length(&join("allowed_mentions", key), named, 0, 100);
    }
}
