//! Calls at random from several processes, with arguments that are random, half valid, or at some
//! edge. The same calls in every run of the same program, but for the order among the processes.

use crate::calls::{self, Call, Kind};
use crate::child;
use crate::cpu_clock::{of_process, of_thread};
use crate::fuzz::Random;
use crate::harness::on_folio;
use crate::scene::{Directory, Scene, interrupt_waits, limit_memory, wait_bounded};
use alloc::format;
use alloc::vec::Vec;
use random::generate::EDGES;
use sys::ipc::{Level, raise_level};
use sys::syscall::pointer;
use sys::wait::Status;

tests![random_calls_hurt_nobody_else];

/// Calls of one process, if it lives so long.
const CALLS: u32 = 400;
const PROCESSES: u32 = 3;
const ROUNDS: u32 = 12;
const MEMORY: u32 = 24 << 20;

/// What may be tried on a machine that others use: calls that change nothing but their process.
const HARMLESS: [&str; 40] = [
    "read",
    "write",
    "close",
    "lseek",
    "access",
    "dup",
    "times",
    "brk",
    "fcntl",
    "umask",
    "dup2",
    "getrlimit",
    "getrusage",
    "gettimeofday",
    "readlink",
    "munmap",
    "fstat",
    "stat",
    "uname",
    "mprotect",
    "_llseek",
    "getdents",
    "readv",
    "writev",
    "sched_yield",
    "mremap",
    "poll",
    "pread64",
    "pwrite64",
    "getcwd",
    "mmap2",
    "stat64",
    "fstat64",
    "mincore",
    "madvise",
    "getdents64",
    "fcntl64",
    "clock_gettime",
    "statfs64",
    "pipe2",
];

/// What would end more than the process that asks.
fn is_left_out(call: &Call) -> bool {
    if on_folio() { false } else { !HARMLESS.contains(&call.name) }
}

fn argument(scene: &Scene, random: &mut Random, call: &Call, name: &str, kind: Kind) -> u32 {
    const NAMES: [&[u8]; 12] = [
        b"a\0",
        b"b\0",
        b"d/a\0",
        b"d/b\0",
        b"d\0",
        b"f\0",
        b"\0",
        b".\0",
        // What a server answers for.
        b"/proc/self/stat\0",
        b"/proc/self/fd\0",
        b"/proc/self/maps\0",
        b"/proc/version\0",
    ];
    let edge = |random: &mut Random| EDGES[random.below(EDGES.len() as u32) as usize];
    // Whom a call is about: itself, or nobody; others have done nothing.
    let is_about_processes = matches!(name, "pid" | "tid" | "id" | "who" | "pgid");
    if is_about_processes {
        let nobody = 0x7fff_0000 + random.below(0xffff);
        return if random.below(2) == 0 { scene.own.cast_unsigned() } else { nobody };
    }
    if let Some(handle) = scene.handle(call.name, name).filter(|_| random.below(4) != 0) {
        return handle;
    }
    if name == "clock" && random.below(2) == 0 {
        let own = [0, scene.own][random.below(2) as usize];
        let clocks = [of_process(own), of_thread(own)];
        return clocks[random.below(2) as usize].cast_unsigned() ^ random.below(4);
    }
    let buffers = [scene.buffer, scene.buffer + 4000, scene.read_only, scene.edge, scene.hole];
    match (kind, random.below(8)) {
        (Kind::Text, 0..6) => pointer(NAMES[random.below(NAMES.len() as u32) as usize]),
        (Kind::Pointer, 0..6) => buffers[random.below(5) as usize],
        (_, 0) => random.next(),
        (_, 1 | 2) => edge(random),
        (Kind::Number, 3 | 4) => scene.descriptors[random.below(6) as usize],
        (Kind::Number, 5) if call.name.starts_with("mm") => scene.buffer,
        (_, 5) => random.below(64),
        (_, 6) => 1 << random.below(32),
        _ => random.below(4),
    }
}

/// Makes the calls.
fn calls_at_random(scene: &Scene, seed: u32) {
    let mut random = Random(seed);
    let wanted = || calls::all().filter(|call| !is_left_out(call));
    let count = wanted().count() as u32;
    for _ in 0..CALLS {
        let Some(call) = wanted().nth(random.below(count) as usize) else { continue };
        let mut registers = [0; 6];
        for register in &mut registers {
            *register = random.next();
        }
        for (place, parameter) in call.places() {
            registers[place] = argument(scene, &mut random, call, parameter.name, parameter.kind);
        }
        if matches!(call.name, "exit" | "exit_group") && random.below(8) != 0 {
            continue;
        }
        call.make(&registers);
        scene.stop_copies();
    }
}

/// They end as they like; everybody else goes on, and nothing is lost.
pub fn random_calls_hurt_nobody_else() {
    for round in 0..ROUNDS {
        let work: Vec<(i32, Directory)> = (0..PROCESSES)
            .map(|number| {
                let seed = 0x2545_f491u32.wrapping_mul(round * PROCESSES + number + 1) | 1;
                let directory = Directory::new(&format!("random-{number}"));
                let pid = child::start(|| {
                    let scene = Scene::enter(&directory);
                    if on_folio() {
                        // Servers answer the files of programs.
                        raise_level(Level::PROGRAM).expect("level");
                    }
                    limit_memory(MEMORY);
                    interrupt_waits();
                    calls_at_random(&scene, seed);
                    0
                });
                (pid, directory)
            })
            .collect();
        for (pid, _) in &work {
            match wait_bounded(*pid, 3) {
                Status::Exited(_) | Status::Signaled(_) => {}
                other => panic!("round {round}: {other:?}"),
            }
        }
    }
}
