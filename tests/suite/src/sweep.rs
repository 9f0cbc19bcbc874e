//! The whole table with bad addresses: every pointer of every call, also of those nobody thought of.

use crate::calls::{self, Call, Kind};
use crate::child;
use crate::harness::on_folio;
use crate::scene::{Directory, Scene, interrupt_waits, wait_bounded};
use alloc::vec::Vec;
use sys::abi::syscall::folio::Statistics;
use sys::wait::Status;

const EFAULT: u32 = 0u32.wrapping_sub(14);
const EINVAL: u32 = 0u32.wrapping_sub(22);
/// Results from here on are errors.
const FIRST_ERROR: u32 = 0u32.wrapping_sub(4095);
/// What the numbers among the arguments are, one round each.
const NUMBERS: [Option<u32>; 4] = [None, Some(1), Some(16), Some(4096)];

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
fn is_left_out(call: &Call) -> bool {
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

/// One call with one bad pointer: EFAULT, or what it says about good arguments too.
fn check(scene: &Scene, call: &Call, place: usize, number: Option<u32>) {
    let mut good = [0; 6];
    for (at, parameter) in call.places() {
        // A signal other than 0 might end this process; the flags of `clone` have the one by which
        // the child's end is told.
        let is_signal = parameter.name == "signal" || call.name == "clone";
        let is_plain = scene.good(parameter) == 0 && parameter.kind == Kind::Number && !is_signal;
        good[at] = match number {
            Some(number) if is_plain => number,
            _ => scene.good(parameter),
        };
    }
    let results: Vec<(u32, u32)> = bad_addresses(scene)
        .into_iter()
        .map(|bad| {
            let mut registers = good;
            registers[place] = bad;
            let result = call.make(&registers);
            scene.stop_copies();
            (bad, result)
        })
        .collect();
    let honest = call.make(&good);
    scene.stop_copies();
    for (bad, result) in results {
        let is_error = result >= FIRST_ERROR;
        // Success is for pointers that are not needed; errors may be found before the pointer is.
        let is_misaligned = bad % 4 != 0 && result == EINVAL;
        let fits = result == EFAULT
            || !is_error
            || is_misaligned
            || result == honest
            || honest >= FIRST_ERROR;
        assert!(
            fits,
            "{} ({}), register {place}, {bad:#x}: {result:#x}, but with a good address {honest:#x}",
            call.name, call.number
        );
    }
}

pub fn every_pointer_of_every_call() {
    let mut swept = 0;
    let calls = calls::LINUX.iter().chain(calls::all().filter(|_| on_folio()));
    for call in calls.filter(|call| !is_left_out(call)) {
        let pointers = call
            .places()
            .filter(|(_, parameter)| matches!(parameter.kind, Kind::Pointer | Kind::Text));
        for (place, parameter) in pointers {
            swept += 1;
            let directory = Directory::new("sweep");
            let pid = child::start(|| {
                let scene = Scene::enter(&directory);
                interrupt_waits();
                for number in NUMBERS {
                    check(&scene, call, place, number);
                }
                0
            });
            let status = wait_bounded(pid, 10);
            assert_eq!(status, Status::Exited(0), "{} {}", call.name, parameter.name);
        }
    }
    // The tables were not empty.
    assert!(swept > 150, "{swept} pointers");
}

/// What a call says about the kernel's own addresses it must say without having read them.
pub fn kernel_addresses_are_not_read_for_a_structure() {
    crate::harness::only_on_folio("design §8, a bad user pointer is EFAULT");
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
