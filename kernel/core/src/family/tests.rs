use super::*;
use abi::errno::Errno;
use abi::process::{WALL, WCLONE, WCONTINUED, WEXITED, WNOWAIT, WUNTRACED};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

const SIGCHLD: u8 = 17;

/// A family whose first process is 1, as `P` the process id itself.
fn family() -> (Family<u32>, u32) {
    let mut family = Family::new();
    let id = family.allocate_id().unwrap();
    family.reserve_member().unwrap();
    let first = family.insert_first(id, id);
    (family, first)
}

fn fork(family: &mut Family<u32>, parent: u32) -> u32 {
    let id = family.allocate_id().unwrap();
    family.reserve_member().unwrap();
    family.insert_child(id, id, parent, SIGCHLD)
}

fn pid(family: &Family<u32>, slot: u32) -> i32 {
    family[slot].pid().cast_signed()
}

#[test]
fn a_child_starts_in_its_parents_group_and_session() {
    let (mut family, first) = family();
    let child = fork(&mut family, first);
    assert_eq!((family[child].pid(), family[child].group(), family[child].session()), (2, 1, 1));
    assert_eq!(family.find(2), Some(child));
    assert_eq!(family.find(-2), None);
    assert_eq!(family.iter().collect::<Vec<_>>(), [first, child]);
}

#[test]
fn a_threads_id_leads_to_its_process() {
    let (mut family, first) = family();
    let id = family.allocate_id().unwrap();
    assert_eq!(family.find(2), None);
    family.name_thread(id, first);
    assert_eq!(family.find(2), Some(first));
    assert_eq!(family.iter().count(), 1);
    assert_eq!(family.set_group(first, 2, 0), Err(Errno::EINVAL));
    family.release_id(id);
    assert_eq!(family.find(2), None);
}

#[test]
fn setpgid_checks_in_linuxs_order() {
    let (mut family, first) = family();
    let shell = fork(&mut family, first);
    family.start_session(shell).unwrap();
    let child = fork(&mut family, shell);
    let grandchild = fork(&mut family, child);
    let other_session = fork(&mut family, shell);
    family.start_session(other_session).unwrap();

    let (shell_pid, child_pid) = (pid(&family, shell), pid(&family, child));
    assert_eq!(family.set_group(shell, 999, -1), Err(Errno::EINVAL));
    assert_eq!(family.set_group(shell, 999, 1), Err(Errno::ESRCH));
    assert_eq!(family.set_group(shell, pid(&family, grandchild), 0), Err(Errno::ESRCH));
    assert_eq!(family.set_group(shell, 0, 0), Err(Errno::EPERM), "it leads its session");
    assert_eq!(family.set_group(shell, pid(&family, other_session), 0), Err(Errno::EPERM));
    assert_eq!(family.set_group(shell, child_pid, 999), Err(Errno::EPERM), "no such group");
    assert_eq!(family.set_group(shell, child_pid, 1), Err(Errno::EPERM), "another session");
    assert_eq!(family.set_group(shell, child_pid, 0), Ok(()));
    assert_eq!(family.set_group(child, 0, shell_pid), Ok(()));
    family.get_mut(child).unwrap().has_executed = true;
    assert_eq!(family.set_group(shell, child_pid, 0), Err(Errno::EACCES));
    assert_eq!(family.set_group(child, 0, 0), Ok(()));
    assert_eq!(family.group(child_pid.cast_unsigned()).collect::<Vec<_>>(), [child]);
}

#[test]
fn setsid_is_refused_to_whoever_leads_or_names_a_group() {
    let (mut family, first) = family();
    let child = fork(&mut family, first);
    family.set_group(child, 0, 0).unwrap();
    assert_eq!(family.start_session(child), Err(Errno::EPERM));
    family.set_group(child, 0, 1).unwrap();
    assert_eq!(family.start_session(child), Ok(2));
    assert_eq!(family.start_session(child), Err(Errno::EPERM));
}

#[test]
fn a_group_is_orphaned_when_its_last_guardian_goes() {
    let (mut family, first) = family();
    let shell = fork(&mut family, first);
    family.start_session(shell).unwrap();
    let job = fork(&mut family, shell);
    family.set_group(job, 0, 0).unwrap();
    let group = family[job].group();
    assert!(!family.is_orphaned(group, None));
    assert!(family.is_orphaned(group, Some(job)), "nobody else is in it");
    assert!(family.is_orphaned(family[shell].group(), None), "the first process guards nobody");

    family.get_mut(job).unwrap().is_stopped = true;
    assert!(family.has_stopped(group));
    assert_eq!(family.move_child(shell, first, SIGCHLD), Some(job));
    assert_eq!(family.move_child(shell, first, SIGCHLD), None);
    assert!(family.is_orphaned(group, None));
}

#[test]
fn waiting_reports_each_change_once() {
    let (mut family, first) = family();
    let wanted = |options| Wanted { which: Which::Any, options };
    assert_eq!(family.take_change(first, wanted(WEXITED)), Err(Errno::ECHILD));
    let child = fork(&mut family, first);
    assert_eq!(family.take_change(first, wanted(WEXITED)), Ok(None));

    family.get_mut(child).unwrap().report = Report::Stopped(19);
    assert_eq!(family.take_change(first, wanted(WEXITED | WCONTINUED)), Ok(None));
    let stopped = Change { slot: child, report: Report::Stopped(19) };
    assert_eq!(family.take_change(first, wanted(WUNTRACED | WNOWAIT)), Ok(Some(stopped)));
    assert_eq!(family.take_change(first, wanted(WUNTRACED)), Ok(Some(stopped)));
    assert_eq!(family.take_change(first, wanted(WUNTRACED)), Ok(None));

    family.get_mut(child).unwrap().report = Report::Exited(0x100);
    let exited = Change { slot: child, report: Report::Exited(0x100) };
    assert_eq!(family.take_change(first, wanted(WEXITED)), Ok(Some(exited)));
    assert_eq!(family.take_change(first, wanted(WEXITED)), Ok(Some(exited)), "until reaped");
    assert_eq!(family.reap(child), Some(2));
    assert_eq!(family.take_change(first, wanted(WEXITED)), Err(Errno::ECHILD));
    assert_eq!(family.find(2), None);
}

#[test]
fn waiting_tells_children_apart() {
    let (mut family, first) = family();
    let a = fork(&mut family, first);
    let id = family.allocate_id().unwrap();
    family.reserve_member().unwrap();
    let clone = family.insert_child(id, id, first, 0);
    family.set_group(a, 0, 0).unwrap();
    for slot in [a, clone] {
        family.get_mut(slot).unwrap().report = Report::Exited(0);
    }
    let mut first_of = |which, options| {
        family
            .take_change(first, Wanted { which, options: WEXITED | options })
            .map(|change| change.map(|change| change.slot))
    };
    assert_eq!(first_of(Which::Any, 0), Ok(Some(a)));
    assert_eq!(first_of(Which::Any, WCLONE), Ok(Some(clone)));
    assert_eq!(first_of(Which::Pid(3), 0), Err(Errno::ECHILD));
    assert_eq!(first_of(Which::Pid(3), WALL), Ok(Some(clone)));
    assert_eq!(first_of(Which::Group(2), WALL), Ok(Some(a)));
    assert_eq!(first_of(Which::Group(1), WALL), Ok(Some(clone)));
    assert_eq!(Which::from_argument(0, 7), Ok(Which::Group(7)));
    assert_eq!(Which::from_argument(-9, 7), Ok(Which::Group(9)));
    assert_eq!(Which::from_argument(i32::MIN, 7), Err(Errno::ESRCH));
}

/// Processes as a table without links.
#[derive(Clone, Debug)]
struct Simple {
    parent: u32,
    group: u32,
    session: u32,
}

fn agrees(family: &Family<u32>, model: &BTreeMap<u32, Simple>) -> Result<(), TestCaseError> {
    let pids = |slots: &mut dyn Iterator<Item = u32>| -> BTreeSet<u32> {
        slots.map(|slot| family[slot].process).collect()
    };
    prop_assert_eq!(pids(&mut family.iter()), model.keys().copied().collect());
    prop_assert_eq!(family.len() as usize, model.len());
    for (pid, simple) in model {
        let slot = family.find(pid.cast_signed()).unwrap();
        let member = &family[slot];
        prop_assert_eq!((member.group(), member.session()), (simple.group, simple.session));
        let children = model.iter().filter(|(_, child)| child.parent == *pid);
        prop_assert_eq!(pids(&mut family.children(slot)), children.map(|(pid, _)| *pid).collect());
        let group = model.iter().filter(|(_, other)| other.group == simple.group);
        prop_assert_eq!(
            pids(&mut family.group(simple.group)),
            group.map(|(pid, _)| *pid).collect()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lists_and_ids_agree_with_a_table(
        steps in prop::collection::vec(
            (0u8..6, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..120),
    ) {
        let (mut family, _) = family();
        let mut model =
            BTreeMap::from([(1, Simple { parent: 0, group: 1, session: 1 })]);
        for (verb, one, two) in steps {
            let nth = |index: &prop::sample::Index| *model.keys().nth(index.index(model.len())).unwrap();
            let (one, two): (u32, u32) = (nth(&one), nth(&two));
            let slot = family.find(one.cast_signed()).unwrap();
            match verb {
                0 | 1 => {
                    let child = fork(&mut family, slot);
                    let simple = Simple { parent: one, ..model[&one].clone() };
                    prop_assert!(model.insert(family[child].process, simple).is_none());
                }
                2 => {
                    let leads = model[&one].session == one;
                    let group_exists = two == one
                        || model.values().any(|simple| {
                            simple.group == two && simple.session == model[&one].session
                        });
                    let result = family.set_group(slot, 0, two.cast_signed());
                    prop_assert_eq!(result.is_ok(), !leads && group_exists);
                    if result.is_ok() {
                        model.get_mut(&one).unwrap().group = two;
                    }
                }
                3 => {
                    let names = model.values().any(|simple| simple.group == one);
                    prop_assert_eq!(family.start_session(slot).is_ok(), !names);
                    if !names {
                        let simple = model.get_mut(&one).unwrap();
                        (simple.group, simple.session) = (one, one);
                    }
                }
                _ if one != 1 => {
                    let first = family.find(1).unwrap();
                    while family.move_child(slot, first, SIGCHLD).is_some() {}
                    model.values_mut().filter(|simple| simple.parent == one)
                        .for_each(|simple| simple.parent = 1);
                    model.remove(&one);
                    prop_assert_eq!(family.reap(slot), Some(one));
                }
                _ => {}
            }
            agrees(&family, &model)?;
        }
    }
}
