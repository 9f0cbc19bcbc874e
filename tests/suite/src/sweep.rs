//! The whole table with bad addresses: every pointer of every call, also of those nobody thought of.

use crate::calls::{self, Call, Kind};
use crate::child;
use crate::harness::on_folio;
use crate::scene::{Directory, Scene, interrupt_waits, wait_bounded};
use alloc::vec::Vec;
use sys::abi::argument::Registers;
use sys::abi::syscall::folio::Statistics;
use sys::wait::Status;

tests![every_pointer_of_every_call, kernel_addresses_are_not_read_for_a_structure];

const EFAULT: u32 = 0u32.wrapping_sub(14);
const EINVAL: u32 = 0u32.wrapping_sub(22);
/// Results from here on are errors.
const FIRST_ERROR: u32 = 0u32.wrapping_sub(4095);
/// Exit status of who has not seen that a pointer matters.
const UNSEEN: i32 = 1;
/// What the numbers among the arguments are, and those that choose what is to be done, a round each.
pub const NUMBERS: [(u32, u32); 6] = [(0, 0), (1, 0), (1, 1), (16, 16), (64, 0), (4096, 4096)];
/// Parameters that say where a list begins: at its beginning.
const STARTS: [&str; 3] = ["after", "first", "from"];
/// Parameters that choose.
const CHOICES: [&str; 5] = ["flags", "operation", "options", "command", "kind"];

/// Addresses that this program must not use for writing or reading.
fn bad_addresses(scene: &Scene) -> Vec<u32> {
    let mut bad = Vec::from([8, scene.hole, scene.hole + 2]);
    if on_folio() {
        // A 64-bit kernel has user memory here.
        bad.extend([
            0xc000_0000,
            0xc010_0000,
            0xc010_0ffd,
            0xf800_0000,
            0xffe0_0000,
            0xffff_f000,
            0xffff_fffc,
            0xffff_ffff,
        ]);
    }
    bad
}

/// Calls that wait for what never comes, or end the process, whatever their pointers are; on Linux
/// also those whose success would be felt by others, or by this process: no second of CPU time.
pub fn is_left_out(call: &Call) -> bool {
    let everywhere = ["exit", "exit_group", "sigreturn", "rt_sigreturn", "vfork"];
    let on_linux = [
        "chroot",
        "mount",
        "umount",
        "umount2",
        "rt_sigqueueinfo",
        "prlimit64",
        "setrlimit",
        "clone",
        "settimeofday",
        "personality",
    ];
    everywhere.contains(&call.name) || !on_folio() && on_linux.contains(&call.name)
}

/// Arguments that are as good as this process can make them, one of [`NUMBERS`] where it cannot.
pub fn good_arguments(scene: &Scene, call: &Call, (number, choice): (u32, u32)) -> Registers {
    let mut good = [0; 6];
    for (at, parameter) in call.places() {
        // A signal other than 0 might end this process; the flags of `clone` have the one by which
        // the child's end is told.
        let is_signal = parameter.name == "signal" || call.name == "clone";
        let honest = scene.good(call.name, parameter);
        good[at] = match parameter.kind {
            Kind::Number if honest != 0 || is_signal || STARTS.contains(&parameter.name) => honest,
            Kind::Number if CHOICES.contains(&parameter.name) => choice,
            Kind::Number => number,
            _ => honest,
        };
    }
    good
}

/// One call with one bad pointer: EFAULT, or what it says about good arguments too. Whether
/// it was EFAULT every time.
fn check(scene: &Scene, call: &Call, place: usize, numbers: (u32, u32)) -> bool {
    let good = good_arguments(scene, call, numbers);
    let results: Vec<(u32, u32)> = bad_addresses(scene)
        .into_iter()
        .map(|bad| {
            let mut registers = good;
            registers[place] = bad;
            (bad, make(scene, call, &registers))
        })
        .collect();
    let honest = make(scene, call, &good);
    let is_misaligned = |bad: u32, result: u32| !bad.is_multiple_of(4) && result == EINVAL;
    let is_refused = |&(bad, result): &(u32, u32)| result == EFAULT || is_misaligned(bad, result);
    let are_refused = results.iter().all(is_refused);
    for (bad, result) in results {
        let is_error = result >= FIRST_ERROR;
        // Success is for pointers that are not needed; errors may be found before the pointer is.
        let fits =
            is_refused(&(bad, result)) || !is_error || result == honest || honest >= FIRST_ERROR;
        assert!(
            fits,
            "{} ({}), register {place}, {bad:#x}: {result:#x}, but with a good address {honest:#x}",
            call.name, call.number
        );
    }
    are_refused
}

pub fn make(scene: &Scene, call: &Call, registers: &Registers) -> u32 {
    scene.resume_traced();
    let result = call.make(registers);
    scene.stop_copies();
    result
}

/// Pointers that nothing comes to, whatever the numbers are.
const UNUSED: &[(&str, &str)] = &[
    // Nobody ends, interrupts a sleep or sends a signal with a reason.
    ("waitpid", "status"),
    ("wait4", "status"),
    ("wait4", "usage"),
    ("waitid", "usage"),
    ("nanosleep", "remaining"),
    ("clock_nanosleep", "remaining"),
    ("clock_nanosleep_time64", "remaining"),
    ("rt_sigtimedwait", "info"),
    // No flag asks for them.
    ("clone", "parent_tid"),
    ("clone", "tls"),
    ("clone", "child_tid"),
    // Noted, and used when the thread ends or has a message.
    ("set_tid_address", "word"),
    ("message_block", "block"),
    // There are none.
    ("getgroups32", "list"),
    // The file is no program, and no kind of file system has its name.
    ("execve", "argv"),
    ("execve", "envp"),
    ("mount", "source"),
    ("mount", "data"),
    // No message has been received, and the file is no directory.
    ("lease_read", "buffer"),
    ("lease_write", "buffer"),
    ("lease_info", "lent"),
    ("mount_port", "kind"),
    // Nobody connects, and there may be no slot with a frame.
    ("accept4", "address"),
    ("accept4", "length"),
    ("kmap_slots", "entries"),
    // The length that lies in memory is 0.
    ("getsockopt", "value"),
    ("recvfrom", "address"),
    // Other operations than those of the rounds.
    ("futex", "word2"),
    ("futex_time64", "word2"),
];

pub fn every_pointer_of_every_call() {
    let (mut swept, mut unseen) = (0, Vec::new());
    for call in calls::all().filter(|call| !is_left_out(call)) {
        let pointers = call
            .places()
            .filter(|(_, parameter)| matches!(parameter.kind, Kind::Pointer | Kind::Text));
        for (place, parameter) in pointers {
            swept += 1;
            let directory = Directory::new("sweep");
            let pid = child::start(|| {
                let mut scene = Scene::enter(&directory);
                if call.name == "trace_next" {
                    scene.trace_somebody();
                }
                interrupt_waits();
                let refused = NUMBERS.map(|numbers| check(&scene, call, place, numbers));
                if refused.contains(&true) { 0 } else { UNSEEN }
            });
            match wait_bounded(pid, 10) {
                Status::Exited(0) => {}
                Status::Exited(UNSEEN) => unseen.push((call.name, parameter.name)),
                status => panic!("{} {}: {status:?}", call.name, parameter.name),
            }
        }
    }
    // The tables were not empty.
    assert!(swept > 150, "{swept} pointers");
    // Extended attributes do not exist, whatever they are called.
    unseen.retain(|one| !UNUSED.contains(one) && !one.0.ends_with("xattr"));
    if call!(geteuid32()) != Ok(0) {
        // Others are refused before.
        unseen.retain(|one| one.0 != "setgroups32");
    }
    assert_eq!(unseen, [("", ""); 0]);
}

/// What a call says about the kernel's own addresses it must say without having read them.
pub fn kernel_addresses_are_not_read_for_a_structure() {
    crate::harness::only_on_folio("where a 64-bit kernel lies is no kernel's address here");
    let mut statistics = Statistics::default();
    let size = size_of::<Statistics>() as u32;
    // SAFETY: the call writes the structure, or nothing.
    let taken =
        unsafe { sys::syscall::folio::statistics(sys::syscall::output(&mut statistics), size) };
    assert_eq!(taken, Ok(size));
    for address in [0xc000_0000, 0xc010_0000, 0xf800_0000] {
        // SAFETY: nothing there is this program's.
        let result =
            unsafe { sys::syscall::folio::statistics(sys::abi::UserMutPtr::new(address), size) };
        assert_eq!(result, Err(sys::Errno::EFAULT));
    }
}
