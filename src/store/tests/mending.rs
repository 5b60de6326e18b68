//! The branch itself is damaged: its reference, or its newest objects.

use super::*;

/// A project with stories, each in a pack of its own, and all its changes as the journal remembers them.
fn world() -> (World, Vec<ChangeRecord>) {
    let mut world = World::new();
    let mut records = Vec::new();
    for _ in 0..4 {
        let record = world.addition();
        world.publish(std::slice::from_ref(&record));
        records.push(record);
    }
    (world, records)
}

fn tip(world: &World) -> String {
    git(world.path(), &["rev-parse", "orch-state"], b"")
}

/// The file of the pack that was written `back` publications ago.
fn pack(world: &World, back: usize) -> PathBuf {
    let list = fs::read_to_string(world.path().join(".git/orch/packs")).unwrap();
    let line = list.lines().rev().nth(back).unwrap();
    world.path().join(format!(".git/objects/pack/pack-{}.pack", line.split(' ').next().unwrap()))
}

fn damage(pack: &Path, how: &str) {
    let content = fs::read(pack).unwrap();
    fs::remove_file(pack).unwrap();
    match how {
        "emptied" => fs::write(pack, "").unwrap(),
        "zeros" => fs::write(pack, vec![0; content.len()]).unwrap(),
        "cut" => fs::write(pack, &content[..content.len() / 2]).unwrap(),
        "without index" => {
            fs::write(pack, content).unwrap();
            fs::remove_file(pack.with_extension("idx")).unwrap();
        }
        "both gone" => fs::remove_file(pack.with_extension("idx")).unwrap(),
        _ => {}
    }
}

fn reopen(
    world: &mut World,
    pending: &[ChangeRecord],
    remembered: &[ChangeRecord],
) -> Result<(), StoreError> {
    drop(world.store.take());
    let remembered = || remembered.to_vec();
    let (store, project) = ProjectStore::open(world.path(), pending, &remembered, &holder(), PATIENCE)?;
    (world.store, world.project) = (Some(store), project);
    Ok(())
}

#[test]
fn a_damaged_reference_is_found_again() {
    let (mut world, records) = world();
    let path = world.path().join(".git/refs/heads/orch-state");
    let expected = tip(&world);
    let project = world.project.clone();
    for content in ["", "\0\0\0\0", "garbage", "ref: refs/heads/main"] {
        for remembered in [&[], records.as_slice()] {
            fs::write(&path, content).unwrap();

            reopen(&mut world, &[], remembered).unwrap();

            assert_eq!((tip(&world), &world.project), (expected.clone(), &project), "{content:?}");
            assert!(world.is_quiet());
            world.check();
        }
    }
}

#[test]
fn a_damaged_reference_with_changes_pending_is_found_again() {
    let (mut world, records) = world();
    let pending = vec![world.addition(), world.addition()];
    let project = world.project.clone();
    fs::write(world.path().join(".git/refs/heads/orch-state"), "").unwrap();
    let remembered = [records, pending.clone()].concat();

    reopen(&mut world, &pending, &remembered).unwrap();

    assert_eq!(world.project, project);
    assert!(world.is_quiet());
    world.check();
}

#[test]
fn lost_packs_are_made_again_from_what_the_journal_remembers() {
    for how in ["emptied", "gone", "zeros", "cut", "without index", "both gone"] {
        for lost in [1, 3] {
            let (mut world, records) = world();
            let (expected, project) = (tip(&world), world.project.clone());
            drop(world.store.take());
            (0..lost).for_each(|back| damage(&pack(&world, back), how));

            reopen(&mut world, &[], &records).unwrap();

            assert_eq!((tip(&world), &world.project), (expected, &project), "{how}, {lost} packs");
            assert!(world.is_quiet());
            world.check();
        }
    }
}

#[test]
fn a_lost_pack_is_made_again_with_changes_pending() {
    let (mut world, mut records) = world();
    let pending = vec![world.addition()];
    let project = world.project.clone();
    drop(world.store.take());
    damage(&pack(&world, 0), "emptied");
    records.extend(pending.clone());

    reopen(&mut world, &pending, &records).unwrap();

    assert_eq!(world.project, project);
    assert!(world.is_quiet());
    world.check();
}

#[test]
fn what_cannot_be_made_again_is_named_and_nothing_is_changed() {
    let (mut world, records) = world();
    let commits = git(world.path(), &["rev-list", "orch-state"], b"");
    let commits: Vec<_> = commits.lines().collect();
    drop(world.store.take());
    (0..2).for_each(|back| damage(&pack(&world, back), "gone"));

    let whole = format!("the newest whole commit is {} with revision 2", commits[2]);
    let cases = [
        (vec![], format!("commit {} cannot be made again; {whole}", commits[0])),
        (records[..3].to_vec(), format!("commit {} cannot be made again; {whole}", commits[0])),
        (records[3..].to_vec(), format!("revision 3 cannot be made again; {whole}")),
    ];
    for (remembered, reason) in cases {
        let error = reopen(&mut world, &[], &remembered).unwrap_err();

        assert!(error.to_string().contains(&reason), "{error}");
        let reference = fs::read_to_string(world.path().join(".git/refs/heads/orch-state")).unwrap();
        assert_eq!(reference.trim(), commits[0]);
    }
    // With what was missing it works after all.
    reopen(&mut world, &[], &records).unwrap();
    assert_eq!(tip(&world), commits[0]);
}

#[test]
fn damaged_packs_are_kept_for_whoever_wants_to_look_at_them() {
    let (mut world, records) = world();
    drop(world.store.take());
    let damaged = pack(&world, 0);
    damage(&damaged, "zeros");

    reopen(&mut world, &[], &records).unwrap();

    let kept = world.path().join(".git/orch/damaged-1").join(damaged.file_name().unwrap());
    assert!(kept.exists());
}
