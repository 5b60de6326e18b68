//! Compares the journal with a list in memory, through reopenings and cut-off writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use crate::store::journal::ChangeRecord;
use crate::store::journal::CommitMeta;
use crate::store::journal::FileChange;
use crate::store::journal::Journal;
use crate::store::journal::JournalError;
use crate::store::lock::Holder;
use crate::store::object::Oid;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Something done to the journal.
#[derive(Clone, Debug)]
enum Step {
    /// One batch: the projects, and how long each change is.
    Append(Vec<(u8, usize)>),
    /// Some of what is pending of a project is published.
    Publish(u8, u64),
    Checkpoint,
    Reopen,
    /// A batch of which only some sectors reach the disk.
    Crash(Vec<(u8, usize)>, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let batch = || prop::collection::vec((0_u8..3, 0_usize..700), 1..4);
    prop_oneof![
        6 => batch().prop_map(Step::Append),
        5 => (0_u8..3, 0_u64..4).prop_map(|(project, left)| Step::Publish(project, left)),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Reopen),
        3 => (batch(), any::<u64>()).prop_map(|(batch, sectors)| Step::Crash(batch, sectors)),
    ]
}

/// The journal as it should be.
struct Model {
    folder: tempfile::TempDir,
    journal: Option<Journal>,
    revisions: BTreeMap<u8, u64>,
    /// What must come back.
    pending: Vec<ChangeRecord>,
    /// What may come back: the above and what was published since the last write.
    possible: Vec<ChangeRecord>,
}

impl Model {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = Some(open(folder.path()).0);
        Self { folder, journal, revisions: BTreeMap::new(), pending: Vec::new(), possible: Vec::new() }
    }

    fn journal(&mut self) -> &mut Journal {
        self.journal.as_mut().unwrap()
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Append(batch) => {
                let batch = self.changes(batch);
                if self.append(&batch) {
                    self.pending.extend(batch);
                    self.possible = self.pending.clone();
                }
            }
            Step::Publish(project, left) => self.publish(*project, *left),
            Step::Checkpoint => {
                self.journal().checkpoint().unwrap();
                if self.pending.is_empty() {
                    self.possible.clear();
                }
            }
            Step::Reopen => self.reopen(&[]),
            Step::Crash(batch, sectors) => self.crash(batch, *sectors),
        }
    }

    fn publish(&mut self, project: u8, left: u64) {
        let newest = self.revisions.get(&project).copied().unwrap_or(0);
        let revision = newest.saturating_sub(left);
        self.journal().published([project; 16], revision, Oid::new([1; Oid::LEN]));
        self.pending.retain(|change| change.project != [project; 16] || change.revision > revision);
    }

    fn crash(&mut self, batch: &[(u8, usize)], sectors: u64) {
        let before = contents(self.folder.path());
        let batch = self.changes(batch);
        let written = self.append(&batch);
        let after = contents(self.folder.path());
        drop(self.journal.take());
        for ((name, before), (_, after)) in before.iter().zip(&after) {
            let path = self.folder.path().join(name);
            std::fs::write(path, mixed(before, after, sectors)).unwrap();
        }
        self.reopen(if written { &batch } else { &[] });
    }

    /// Opens the journal again and checks what it says, given the `unsure` tail of a write.
    fn reopen(&mut self, unsure: &[ChangeRecord]) {
        drop(self.journal.take());
        let (journal, found) = open(self.folder.path());
        self.journal = Some(journal);
        let known = found.iter().filter(|change| !unsure.contains(change));
        let known: Vec<_> = known.cloned().collect();
        let new = &found[known.len()..];
        assert!(unsure.starts_with(new), "a part of the batch is missing or out of order");
        assert!(is_within(&known, &self.possible), "something came back changed or out of order");
        assert!(is_within(&self.pending, &known), "something is missing");

        self.revisions.clear();
        for change in self.possible.iter().chain(&found) {
            let revision = self.revisions.entry(change.project[0]).or_default();
            *revision = change.revision.max(*revision);
        }
        self.pending = found.clone();
        self.possible = found;
    }

    fn append(&mut self, batch: &[ChangeRecord]) -> bool {
        match self.journal().append(batch) {
            Ok(()) => true,
            Err(JournalError::Full { .. }) => {
                // What was refused never was, so its numbers are free.
                for change in batch {
                    *self.revisions.entry(change.project[0]).or_default() -= 1;
                }
                false
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn changes(&mut self, batch: &[(u8, usize)]) -> Vec<ChangeRecord> {
        let change = |(project, length): &(u8, usize)| {
            let revision = self.revisions.entry(*project).or_default();
            *revision += 1;
            let content = Some(vec![*project; *length]);
            let meta = CommitMeta {
                author_name: "Ada".into(),
                author_email: "ada@example.org".into(),
                time_seconds: 0,
                message: String::new(),
            };
            let files = vec![FileChange { path: "a".into(), content }];
            ChangeRecord { project: [*project; 16], revision: *revision, files, meta }
        };
        batch.iter().map(change).collect()
    }
}

fn open(folder: &Path) -> (Journal, Vec<ChangeRecord>) {
    let holder = Holder { host: "alpha".into(), pid: 1, since: "2026-11-20T10:00:00Z".into() };
    // A program that another test is starting holds copies of our locks until it runs.
    Journal::open(folder, 8192, &holder, Duration::from_secs(10)).unwrap()
}

fn contents(folder: &Path) -> Vec<(&'static str, Vec<u8>)> {
    ["journal-0", "journal-1"].map(|name| (name, std::fs::read(folder.join(name)).unwrap())).to_vec()
}

/// Takes sectors from `after` where `choice` has a bit set, and from `before` elsewhere.
fn mixed(before: &[u8], after: &[u8], choice: u64) -> Vec<u8> {
    let sectors = before.chunks(SECTOR).zip(after.chunks(SECTOR)).enumerate();
    sectors
        .flat_map(|(at, (old, new))| if choice >> (at % 64) & 1 == 1 { new } else { old })
        .copied()
        .collect()
}

/// Whether all of `few` are in `many`, in the same order.
fn is_within(few: &[ChangeRecord], many: &[ChangeRecord]) -> bool {
    let mut many = many.iter();
    few.iter().all(|change| many.any(|other| other == change))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_journal_is_a_list_that_survives(steps in prop::collection::vec(step(), 1..40)) {
        let mut model = Model::new();
        for step in &steps {
            model.take(step);
        }
        model.reopen(&[]);
    }
}
