//! A process dies, or the power fails, at the worst moment.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use super::*;

/// A copy of a repository, as it was at one moment.
struct Copy(TempDir);

impl Copy {
    fn of(world: &World) -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        copy_into(world.path(), copy.path());
        copy
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn folder(&self) -> PathBuf {
        self.path().join(".orch-state")
    }

    fn commits(&self) -> Vec<String> {
        let commits = git(self.path(), &["rev-list", "orch-state"], b"");
        commits.lines().map(str::to_owned).collect()
    }
}

/// Copies files with their times, into folders that may be there already.
fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_into(&source, &target);
        } else {
            // A hard link would be edited with the original.
            let _ = fs::remove_file(&target);
            fs::copy(&source, &target).unwrap();
            let modified = source.metadata().unwrap().modified().unwrap();
            set_modified(&target, modified);
        }
    }
}

fn set_modified(path: &Path, time: SystemTime) {
    // A pack is read-only, which does not keep its owner from dating it.
    File::open(path).unwrap().set_modified(time).unwrap();
}

/// Shows what the folder showed in `before`.
fn take_folder_back(copy: &Copy, before: &Copy) {
    let link = fs::read(copy.folder().join(".git")).unwrap();
    fs::remove_dir_all(copy.folder()).unwrap();
    fs::create_dir(copy.folder()).unwrap();
    copy_into(&before.folder(), &copy.folder());
    fs::write(copy.folder().join(".git"), link).unwrap();
}

/// A project with three stories, and changes that add one, edit one and remove one.
fn world() -> (World, Vec<ChangeRecord>) {
    let mut world = World::with_stories(3);
    let mut edited = story(1);
    edited.points = Some(5);
    let edited = Event::StoryEdited { story: Arc::new(edited), fields: vec!["points"] };
    let records = vec![
        world.addition(),
        world.change(&[edited]),
        world.change(&[Event::StoryRemoved(StoryId(2))]),
        world.addition(),
    ];
    (world, records)
}

#[test]
fn a_crash_at_any_point_leads_to_the_same_commits() {
    let (mut world, records) = world();
    drop(world.store.take());
    let before = Copy::of(&world);
    let old_tip = before.commits()[0].clone();
    let undisturbed = Copy::of(&world);
    let (mut store, _) = open_with(undisturbed.path(), &[]).unwrap();
    store.publish(&records).unwrap();
    drop(store);
    let expected = undisturbed.commits();
    assert_eq!(expected.len(), 8);

    for point in ["nothing", "objects", "reference", "half the folder", "folder", "half the changes", "locks"]
    {
        let copy = Copy::of(&world);
        let (mut store, _) = open_with(copy.path(), &[]).unwrap();
        match point {
            "nothing" | "locks" => {}
            "half the changes" => drop(store.publish(&records[..2]).unwrap()),
            _ => drop(store.publish(&records).unwrap()),
        }
        drop(store);
        match point {
            "objects" => {
                git(copy.path(), &["update-ref", "refs/heads/orch-state", &old_tip], b"");
                take_folder_back(&copy, &before);
            }
            "reference" => take_folder_back(&copy, &before),
            "half the folder" => {
                for name in ["status.json", "stories/0/S-2.json"] {
                    fs::copy(before.folder().join(name), copy.folder().join(name)).unwrap();
                }
                fs::remove_file(copy.folder().join("stories/0/S-5.json")).unwrap();
                fs::write(copy.folder().join("stories/0/S-1.json"), "").unwrap();
                fs::write(copy.folder().join("stories/0/.band-tmp-S-1.json"), "half").unwrap();
            }
            "locks" => {
                let lock = copy.path().join(".git/refs/heads/orch-state.lock");
                fs::write(&lock, "").unwrap();
                fs::set_permissions(&lock, fs::Permissions::from_mode(0o1644)).unwrap();
                fs::write(copy.path().join(".git/objects/pack/.band-tmp-pack-x"), "half").unwrap();
                fs::write(copy.path().join(".git/worktrees/orch-state/.band-tmp-index"), "half").unwrap();
            }
            _ => {}
        }

        let (store, project) = open_with(copy.path(), &records).unwrap();

        assert_eq!(project, world.project, "{point}");
        assert_eq!(copy.commits(), expected, "{point}");
        let mut recovered = World { folder: copy.0, store: Some(store), project };
        assert!(recovered.is_quiet(), "{point}");
        recovered.check();
        recovered.add();
        recovered.check();
    }
}

#[test]
fn changes_of_another_project_are_not_taken() {
    let (mut world, mut records) = world();
    records.iter_mut().for_each(|record| record.project = [9; 16]);
    let stories = world.project.stories.len();

    world.reopen(&records);

    assert_eq!((world.project.stories.len(), stories), (3, 4));
}

#[test]
fn a_folder_that_a_power_cut_took_back_is_no_edit() {
    let (mut world, records) = world();
    drop(world.store.take());
    let before = Copy::of(&world);
    let (mut store, _) = open_with(world.path(), &[]).unwrap();
    store.publish(&records).unwrap();
    drop(store);
    let copy = Copy::of(&world);
    take_folder_back(&copy, &before);

    // The journal knows that all was published, so nothing is pending.
    let (store, project) = open_with(copy.path(), &[]).unwrap();

    assert_eq!(project, world.project);
    let mut recovered = World { folder: copy.0, store: Some(store), project };
    assert!(recovered.is_quiet());
    recovered.check();
}

#[test]
fn older_content_that_a_person_put_back_is_an_edit() {
    let (mut world, records) = world();
    let old = world.text("stories/0/S-1.json");
    world.publish(&records);
    drop(world.store.take());
    fs::write(world.file("stories/0/S-1.json"), old).unwrap();
    let later =
        fs::metadata(world.file("status.json")).unwrap().modified().unwrap() + Duration::from_secs(60);
    set_modified(&world.file("stories/0/S-1.json"), later);
    world.reopen(&[]);

    assert_eq!(world.take_edit(), ["stories/0/S-1.json"]);
    assert_eq!(world.project.stories[&StoryId(1)].points, None);
}

#[test]
fn an_edit_survives_a_crash_beside_it() {
    let (mut world, records) = world();
    fs::write(world.file("architecture.md"), "# By hand\n").unwrap();
    world.reopen(&records);

    assert_eq!(world.take_edit(), ["architecture.md"]);
    world.check();
}

#[test]
fn a_crash_while_a_project_is_created_leaves_a_place_to_create_it() {
    let folder = repository();
    let (store, _) = create(folder.path()).unwrap();
    drop(store);
    git(folder.path(), &["update-ref", "-d", "refs/heads/orch-state"], b"");

    let (mut store, project) = create(folder.path()).unwrap();

    assert!(matches!(store.look(&project, true).unwrap(), Look::Quiet));
    assert!(folder.path().join(".git/orch/set-aside-1/status.json").exists());
    World { folder, store: Some(store), project }.check();
}

#[test]
fn a_folder_that_could_not_be_written_is_brought_up_to_date_later() {
    let mut world = World::with_stories(1);
    assert!(world.is_quiet());
    // Where the file goes there is a folder.
    let aside = world.path().join("aside");
    fs::rename(world.path().join(".orch-state/stories"), &aside).unwrap();
    fs::write(world.path().join(".orch-state/stories"), "").unwrap();
    world.add();
    assert!(world.look().is_err());

    fs::remove_file(world.path().join(".orch-state/stories")).unwrap();
    fs::rename(&aside, world.path().join(".orch-state/stories")).unwrap();
    assert!(world.is_quiet());
    world.check();
}

#[test]
fn a_publication_that_failed_can_be_made_again() {
    let mut world = World::with_stories(1);
    let record = world.addition();
    let (packs, aside) = (world.path().join(".git/objects/pack"), world.path().join("aside"));
    fs::rename(&packs, &aside).unwrap();
    fs::write(&packs, "").unwrap();
    let again = record.clone();
    assert!(world.store().publish(&[record]).is_err());
    fs::remove_file(&packs).unwrap();
    fs::rename(&aside, &packs).unwrap();

    world.publish(&[again]);

    assert!(world.is_quiet());
    world.check();
}
