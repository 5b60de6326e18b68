//! Who may ask for what: one table of roles, and the rights of one person.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::command::CommandKind;
use crate::domain::id::ProjectName;
use crate::domain::person::Role;
use crate::domain::refusal::{Code, Refusal};

/// More names than this nobody reads.
const NAMED_MAX: usize = 10;

/// What one person may do.
#[derive(Clone, Debug)]
pub enum Rights {
    /// Everything: whoever can write the data directory of this node could do it anyway.
    Owner,
    /// What somebody in a chat was given.
    Given(Given),
}

/// What somebody in a chat was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The role where no project is concerned.
    pub general: Role,
    /// The projects that can be spoken to from there, with the role in each. Others are not even named.
    pub projects: Arc<BTreeMap<ProjectName, Role>>,
    /// The folders below which repositories may be registered.
    pub roots: Arc<[PathBuf]>,
}

impl Rights {
    /// The role in a project, or where no project is concerned. `None` for a project that is not to be known.
    pub fn role(&self, project: Option<&ProjectName>) -> Option<Role> {
        match (self, project) {
            (Self::Owner, _) => Some(Role::Admin),
            (Self::Given(given), None) => Some(given.general),
            (Self::Given(given), Some(project)) => given.projects.get(project).copied(),
        }
    }

    /// Whether a project may be known.
    pub fn sees(&self, project: &ProjectName) -> bool {
        self.role(Some(project)).is_some()
    }

    /// The folders below which repositories may be registered; `None` means anywhere.
    pub fn roots(&self) -> Option<Arc<[PathBuf]>> {
        match self {
            Self::Owner => None,
            Self::Given(given) => Some(Arc::clone(&given.roots)),
        }
    }
}

/// The least role that a command needs.
pub fn needed(kind: CommandKind) -> Role {
    use CommandKind as Kind;

    match kind {
        Kind::ProjectList
        | Kind::ProjectStatus
        | Kind::ProjectHealth
        | Kind::BacklogView
        | Kind::SprintStatus
        | Kind::State
        | Kind::Log
        | Kind::Ready
        | Kind::Search
        | Kind::Help => Role::Viewer,
        Kind::Epic
        | Kind::BacklogAdd
        | Kind::BacklogEdit
        | Kind::BacklogRemove
        | Kind::BacklogPrioritize
        | Kind::SprintPlan
        | Kind::StoryMove
        | Kind::SuggestFix => Role::Contributor,
        Kind::Approve
        | Kind::Reject
        | Kind::SprintStart
        | Kind::SprintPause
        | Kind::SprintResume
        | Kind::SprintFinish
        | Kind::SprintCancel
        | Kind::SkipTask
        | Kind::RequestChanges
        | Kind::Feedback
        | Kind::Undo => Role::Approver,
        Kind::ProjectRegister | Kind::ProjectUnregister | Kind::ProjectBind | Kind::Restore => Role::Admin,
    }
}

/// Lets a command pass, or says which role it needs.
///
/// # Errors
///
/// [`Code::Unknown`] for a project that this person may not know, [`Code::NotAllowed`] for too low a role.
pub fn allow(rights: &Rights, kind: CommandKind, project: Option<&ProjectName>) -> Result<(), Refusal> {
    let needed = needed(kind);
    match (rights.role(project), project) {
        (Some(role), _) if role >= needed => Ok(()),
        (None, Some(project)) => Err(unseen(rights, project.as_str())),
        (role, _) => {
            let role = role.unwrap_or(Role::Viewer);
            let place = project.map_or_else(String::new, |project| format!(" in {project}"));
            let message = format!("`{kind}` needs the role {needed}, yours{place} is {role}");
            Err(Refusal::new(Code::NotAllowed, message, "ask somebody who has that role"))
        }
    }
}

/// The refusal of a project that cannot be spoken to from where it was asked, with those that can.
pub fn unseen(rights: &Rights, name: &str) -> Refusal {
    let Rights::Given(given) = rights else {
        return Refusal::new(Code::Unknown, format!("there is no project {name}"), "see `project list`");
    };
    let message = format!("there is no project {name} here");
    Refusal::new(Code::Unknown, message, known_here(given))
}

/// Which projects can be spoken to, as a hint.
pub fn known_here(given: &Given) -> String {
    let mut names: Vec<_> = given.projects.keys().take(NAMED_MAX).map(ProjectName::as_str).collect();
    if names.is_empty() {
        return "register a repository with `project register`".to_owned();
    }
    let more = given.projects.len() - names.len();
    let rest = format!("{more} more");
    if more > 0 {
        names.push(&rest);
    }
    format!("there are: {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(general: Role, projects: &[(&str, Role)]) -> Rights {
        let projects = projects.iter().map(|(name, role)| (name.parse().unwrap(), *role)).collect();
        Rights::Given(Given { general, projects: Arc::new(projects), roots: Arc::new([]) })
    }

    fn code(rights: &Rights, kind: CommandKind, project: Option<&str>) -> Option<Code> {
        let project = project.map(|name| name.parse().unwrap());
        allow(rights, kind, project.as_ref()).err().map(|refusal| refusal.code)
    }

    #[test]
    fn every_role_may_do_what_the_one_before_it_may() {
        for kind in CommandKind::ALL {
            let allowed = Role::ALL.map(|role| {
                let rights = rights(role, &[("demo", role)]);
                code(&rights, *kind, Some("demo")).is_none()
            });
            assert!(allowed.is_sorted() && allowed[3], "{kind}: {allowed:?}");
        }
    }

    #[test]
    fn the_role_in_a_project_decides_there_and_the_general_one_elsewhere() {
        let ada = rights(Role::Viewer, &[("demo", Role::Approver), ("other", Role::Viewer)]);

        assert_eq!(code(&ada, CommandKind::SprintStart, Some("demo")), None);
        assert_eq!(code(&ada, CommandKind::SprintStart, Some("other")), Some(Code::NotAllowed));
        assert_eq!(code(&ada, CommandKind::ProjectRegister, None), Some(Code::NotAllowed));
        assert_eq!(code(&ada, CommandKind::ProjectList, None), None);
        assert_eq!(code(&Rights::Owner, CommandKind::Restore, Some("demo")), None);
    }

    #[test]
    fn a_project_of_others_is_not_even_named() {
        let ada = rights(Role::Admin, &[("demo", Role::Admin)]);

        let refusal = allow(&ada, CommandKind::State, Some(&"secret".parse().unwrap())).unwrap_err();

        assert_eq!(refusal.code, Code::Unknown);
        assert_eq!(refusal.hint, "there are: demo");
    }

    #[test]
    fn a_refusal_names_the_role_that_is_needed() {
        let ada = rights(Role::Viewer, &[("demo", Role::Contributor)]);

        let refusal = allow(&ada, CommandKind::Approve, Some(&"demo".parse().unwrap())).unwrap_err();

        assert_eq!(refusal.message, "`approve` needs the role approver, yours in demo is contributor");
    }
}
