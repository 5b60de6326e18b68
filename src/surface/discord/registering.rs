//! Putting a repository under management from a chat, and letting it go: the project and its channel come together.

use std::sync::Arc;

use crate::surface::desk::Outcome;
use crate::surface::discord::asking::Asking;
use crate::surface::discord::bot::Bot;

impl Bot {
    /// Registers a project and gives it a channel. A failure at any step leaves neither.
    pub(super) async fn register(self: &Arc<Self>, asking: &Asking, text: String) -> Outcome {
        self.desk().handle(asking.request(text), &asking.rights).await
    }

    /// Lets a project go.
    pub(super) async fn unregister(self: &Arc<Self>, asking: &Asking, text: String) -> Outcome {
        self.desk().handle(asking.request(text), &asking.rights).await
    }
}
