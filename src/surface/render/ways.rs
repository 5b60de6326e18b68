//! What leads from one state to another, for every picture of the workflow.

use crate::domain::command::CommandKind;
use crate::domain::workflow::State;

/// A way on from a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    /// Where it leads.
    pub(crate) to: State,
    /// The commands that are made for it.
    pub(crate) by: &'static [CommandKind],
    /// What must also be so, or is enough.
    pub(crate) when: Option<&'static str>,
}

impl Way {
    /// Each command and each condition, in words.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.by.iter().map(|kind| kind.name()).chain(self.when)
    }

    const fn new(to: State, by: &'static [CommandKind]) -> Self {
        Self { to, by, when: None }
    }

    const fn when(self, when: &'static str) -> Self {
        Self { when: Some(when), ..self }
    }
}

/// What leads on from `state`, apart from going back in time and from moving single stories.
pub(crate) fn ways(state: State) -> &'static [Way] {
    use CommandKind::{
        BacklogAdd, Epic, Feedback, RequestChanges, SkipTask, SprintCancel, SprintFinish, SprintPause,
        SprintPlan, SprintResume, SprintStart, SuggestFix,
    };
    use State::{BacklogReady, Blocked, Idle, SprintActive, SprintPaused, SprintPlanned, SprintReview};

    const CANCEL: Way = Way::new(BacklogReady, &[SprintCancel]);
    const FINISH: Way = Way::new(SprintReview, &[SprintFinish]);

    match state {
        Idle => const { &[Way::new(BacklogReady, &[Epic, BacklogAdd])] },
        BacklogReady => const { &[Way::new(SprintPlanned, &[SprintPlan])] },
        SprintPlanned => const { &[Way::new(SprintActive, &[SprintStart]), CANCEL] },
        SprintActive => {
            const {
                &[
                    Way::new(SprintPaused, &[SprintPause]),
                    FINISH.when("or all is done"),
                    Way::new(Blocked, &[]).when("all is stuck"),
                    CANCEL,
                ]
            }
        }
        SprintPaused => const { &[Way::new(SprintActive, &[SprintResume]), FINISH, CANCEL] },
        SprintReview => {
            const {
                &[
                    Way::new(BacklogReady, &[Feedback, RequestChanges]),
                    Way::new(Idle, &[Feedback]).when("nothing is open"),
                ]
            }
        }
        Blocked => const { &[Way::new(SprintActive, &[SuggestFix, SkipTask]), FINISH, CANCEL] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::CommandKind::{Restore, StoryMove, Undo};
    use crate::domain::workflow::possible_in;
    use crate::domain::workflow::tests::{COMMANDS, in_state};

    #[test]
    fn every_command_that_changes_the_state_is_a_way() {
        for state in State::ALL {
            for (kind, command) in
                COMMANDS.iter().filter(|(kind, _)| ![Restore, StoryMove, Undo].contains(kind))
            {
                let mut world = in_state(state);
                let taken = world.run(command).is_ok();
                let to = world.project.state;
                let way = ways(state).iter().any(|way| way.to == to && way.by.contains(kind));
                assert_eq!(way, taken && to != state, "{command} leads from {state} to {to}");
            }
        }
    }

    #[test]
    fn every_command_of_a_way_is_possible_where_it_begins() {
        for state in State::ALL {
            let possible = possible_in(state);
            for kind in ways(state).iter().flat_map(|way| way.by) {
                assert!(possible.contains(kind), "{kind} in {state}");
            }
        }
    }

    #[test]
    fn no_way_leads_back_to_where_it_begins() {
        for state in State::ALL {
            assert!(ways(state).iter().all(|way| way.to != state && way.words().next().is_some()), "{state}");
        }
    }
}
