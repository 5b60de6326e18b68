//! A plain client of the REST API of a local Discord: a method, a path, a body, and what comes back.

use bandmaster::sandbox::Server;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

/// Speaks for the bot.
pub(crate) struct Rest {
    client: Client,
    base: String,
    token: String,
}

impl Rest {
    /// A client with the right token.
    pub(crate) fn new(discord: &Server) -> Self {
        let base = format!("{}/api/v10", discord.url());
        Self { client: Client::new(), base, token: format!("Bot {}", discord.token()) }
    }

    /// The same with another authorization.
    pub(crate) fn with_token(self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("{}{path}", self.base)).header("authorization", &self.token)
    }

    /// Status and body of the answer; a body that is not JSON comes as a text.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self.request(method, path);
        let request = if body.is_null() { request } else { request.json(&body) };
        read(request).await.unwrap()
    }

    /// The same for what may find nobody.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Value,
    ) -> reqwest::Result<(u16, Value)> {
        read(self.request(method, path).json(&body)).await
    }

    /// The body of an answer that has to be a good one.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Status and code of a refusal.
    pub(crate) async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, u64) {
        let (status, answer) = self.call(method, path, body).await;
        assert!(status >= 400, "{method} {path} was not refused: {status} {answer}");
        (status, answer["code"].as_u64().unwrap())
    }

    /// A body with files, each a name and its bytes.
    pub(crate) async fn upload(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        files: &[(&str, &[u8])],
    ) -> (u16, Value) {
        let mut form = Form::new().text("payload_json", body.to_string());
        for (at, (name, bytes)) in files.iter().enumerate() {
            let part = Part::bytes(bytes.to_vec()).file_name((*name).to_owned());
            form = form.part(format!("files[{at}]"), part);
        }
        read(self.request(method, path).multipart(form)).await.unwrap()
    }

    /// The bytes behind an address.
    pub(crate) async fn fetch(&self, url: &str) -> Vec<u8> {
        self.client.get(url).send().await.unwrap().bytes().await.unwrap().to_vec()
    }
}

async fn read(request: RequestBuilder) -> reqwest::Result<(u16, Value)> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok((status, if json == "" { Value::Null } else { json }))
}
