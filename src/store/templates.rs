//! The documents that a new project starts with.

use crate::domain::id::ProjectName;
use crate::store::journal::FileChange;
use crate::store::layout;

const ARCHITECTURE: &str = include_str!("../../templates/architecture.md");
const BEST_PRACTICES: &str = include_str!("../../templates/best-practices.md");

/// The documents of a project called `name`.
pub fn documents(name: &ProjectName) -> [FileChange; 2] {
    [(layout::ARCHITECTURE, ARCHITECTURE), (layout::BEST_PRACTICES, BEST_PRACTICES)].map(
        |(path, template)| {
            let content = template.replace("{project}", name.as_str()).into_bytes();
            FileChange { path: path.to_owned(), content: Some(content) }
        },
    )
}
