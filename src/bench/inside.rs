//! What `benches/` measures and nobody else can reach: the journal by itself.

use std::path::Path;
use std::time::Duration;

use crate::store::journal::{ChangeRecord, CommitMeta, FileChange, Journal, JournalError};
use crate::store::lock::Holder;
use crate::store::object::Oid;

const FILE_BYTES: u32 = 4 << 20;
const WAIT: Duration = Duration::from_secs(5);
/// About as long as the file of a story.
const CONTENT: usize = 800;

/// A journal that takes small changes of one project, all of which are in git at once.
pub struct Journaling {
    journal: Journal,
    revision: u64,
}

impl Journaling {
    /// Makes one in a folder.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let holder = Holder { host: "bench".to_owned(), pid: std::process::id(), since: String::new() };
        let (journal, _) = Journal::open(folder, FILE_BYTES, &holder, WAIT)?;
        Ok(Self { journal, revision: 0 })
    }

    /// Makes so many changes durable with one flush.
    pub fn append(&mut self, changes: u64) -> Result<(), JournalError> {
        let records: Vec<_> = (1..=changes).map(|number| change(self.revision + number)).collect();
        self.journal.append(&records)?;
        self.revision += changes;
        self.journal.published(PROJECT, self.revision, Oid::new([7; Oid::LEN]));
        Ok(())
    }
}

const PROJECT: [u8; 16] = [7; 16];

fn change(revision: u64) -> ChangeRecord {
    let file = |path: &str| FileChange { path: path.to_owned(), content: Some(vec![b'x'; CONTENT]) };
    ChangeRecord {
        project: PROJECT,
        revision,
        files: vec![file("status.json"), file("stories/0/S-1.json")],
        meta: CommitMeta {
            author_name: "Bench".to_owned(),
            author_email: "bench@bandmaster.invalid".to_owned(),
            time_seconds: 0,
            message: "backlog edit: S-1".to_owned(),
        },
    }
}
