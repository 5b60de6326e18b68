//! Checking a project as a whole: every file against its schema, every reference, every commit.

use crate::domain::check;
use crate::domain::project::Project;
use crate::store::StoreError;
use crate::store::error::with_causes;
use crate::store::load;
use crate::store::project_store::ProjectStore;

/// One thing that was checked.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was checked.
    pub name: &'static str,
    /// What is wrong; nothing, if all is well.
    pub faults: Vec<String>,
    /// How many things were looked at.
    pub looked_at: usize,
}

impl ProjectStore {
    /// Reads the latest commit again from git and checks it; `project` is what it should say.
    pub fn verify(&mut self, project: &Project) -> Result<Vec<Finding>, StoreError> {
        let repository = self.place.repository();
        let fail = |source| StoreError::Git { action: "read", path: self.place.work().to_owned(), source };
        let files = self.branch.root().files(repository).map_err(fail)?;
        let read = load::project_at(repository, &files);
        let schemas = Finding {
            name: "schemas",
            faults: read.as_ref().err().map(|error| with_causes(error)).into_iter().collect(),
            looked_at: files.len(),
        };
        let mut findings = vec![schemas];
        if let Ok((found, _)) = read {
            let faults: Vec<_> = check::violations(&found).iter().map(ToString::to_string).collect();
            findings.push(Finding {
                name: "references",
                faults,
                looked_at: found.stories.len() + found.sprints.len(),
            });
            let differs =
                (&found != project).then(|| "the branch does not say what the program knows".to_owned());
            findings.push(Finding { name: "branch", faults: differs.into_iter().collect(), looked_at: 1 });
        }
        // Only looked at: the next command takes the edits up, or is refused because of them.
        let (edits, missing) = self.folder.look()?;
        let faults =
            self.edited(project, &edits).err().map(|error| with_causes(&error)).into_iter().collect();
        findings.push(Finding { name: "edits by hand", faults, looked_at: edits.len() + missing.len() });
        Ok(findings)
    }
}
