//! Input that no honest program makes. The same bytes in every run.

use crate::child;
use crate::scene::wait_bounded;
use crate::scratch::Scratch;
use alloc::format;
use random::generate::EDGES;
use sys::process;
use sys::wait::Status;

tests![
    the_tiny_program_runs,
    mutated_headers_hurt_nobody,
    mutated_programs_hurt_nobody,
    truncated_programs_hurt_nobody,
    absurd_segments_are_refused_or_fatal,
    the_rest_of_a_segment_is_zero,
    memory_calls_survive_any_arguments,
];

/// A generator of the xorshift family.
pub struct Random(pub u32);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }
}

/// ELF header, one program header, and `exit(0)`: nothing in it can do harm, wherever it is entered.
#[rustfmt::skip]
const TINY: [u8; 96] = [
    0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    // ET_EXEC, EM_386, version, entry, program headers, section headers, flags.
    2, 0, 3, 0, 1, 0, 0, 0, 0x54, 0x80, 0x04, 0x08, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    // Sizes and numbers of headers.
    52, 0, 32, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    // PT_LOAD, offset, address twice, size twice, R+X, alignment.
    1, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x80, 0x04, 0x08, 0x00, 0x80, 0x04, 0x08,
    96, 0, 0, 0, 96, 0, 0, 0, 5, 0, 0, 0, 0, 0x10, 0, 0,
    // mov eax, 1; xor ebx, ebx; int 0x80
    0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80, 0, 0, 0,
];

/// Executes `program`; how it ended. 126 if it was refused.
fn execute(program: &[u8]) -> Status {
    let (name, file) = Scratch::file("fuzz", program);
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    drop(file);
    child::run(|| {
        process::exec(name.as_str(), &[name.as_str().as_bytes()], &[]);
        126
    })
}

pub fn the_tiny_program_runs() {
    assert_eq!(execute(&TINY), Status::Exited(0));
}

/// Whatever the headers say, the program is refused or comes to its own end.
pub fn mutated_headers_hurt_nobody() {
    let mut random = Random(0x1234_5678);
    for round in 0..400 {
        let mut program = TINY;
        for _ in 0..=random.below(2) {
            // A word of either header, or a byte of it.
            let word = random.below(21) as usize * 4;
            if random.below(3) == 0 {
                program[word + random.below(4) as usize] = random.next() as u8;
            } else {
                let value = EDGES[random.below(EDGES.len() as u32) as usize];
                program[word..word + 4].copy_from_slice(&value.to_le_bytes());
            }
        }
        match execute(&program) {
            Status::Exited(_) | Status::Signaled(_) => {}
            other => panic!("round {round}: {other:?}"),
        }
    }
    assert_eq!(execute(&TINY), Status::Exited(0));
}

/// Executes `program` as a process of its own group, for at most a second.
fn execute_bounded(program: &[u8]) -> Status {
    let (name, file) = Scratch::file("mutant", program);
    assert_eq!(call!(fchmod(file.fd().0, 0o755)), Ok(0));
    drop(file);
    let pid = child::start(|| {
        let _ = process::set_group(0, 0);
        let null = sys::file::File::open_with("/dev/null", sys::abi::file::O_RDWR, 0);
        let null = null.expect("/dev/null");
        for standard in 0..3 {
            sys::file::duplicate_to(null.fd(), sys::io::Fd(standard)).expect("dup2");
        }
        process::exec(name.as_str(), &[name.as_str().as_bytes()], &[]);
        126
    });
    wait_bounded(pid, 1)
}

/// A whole program with its headers, or anything in it, changed here and there.
pub fn mutated_programs_hurt_nobody() {
    crate::harness::only_on_folio("a mutated program may do anything that its user may");
    let whole = sys::file::read("/bin/hello").expect("/bin/hello");
    let mut random = Random(0x5eed_0001);
    let headers = 52 + 32 * u32::from(whole[44]);
    let end = whole.len() as u32;
    for round in 0..240 {
        let mut program = whole.clone();
        for _ in 0..=random.below(4) {
            let limit = if round % 2 == 0 { headers } else { end };
            let at = random.below(limit - 4) as usize;
            match random.below(4) {
                0 => program[at] = random.next() as u8,
                1 => program[at] ^= 1 << random.below(8),
                _ => {
                    let value = EDGES[random.below(EDGES.len() as u32) as usize];
                    program[at & !3..][..4].copy_from_slice(&value.to_le_bytes());
                }
            }
        }
        if round % 5 == 0 {
            program.truncate(random.below(end) as usize);
        }
        match execute_bounded(&program) {
            Status::Exited(_) | Status::Signaled(_) => {}
            other => panic!("round {round}: {other:?}"),
        }
    }
    assert_eq!(execute_bounded(&whole), Status::Exited(0));
}

pub fn truncated_programs_hurt_nobody() {
    for length in 0..TINY.len() {
        let status = execute(&TINY[..length]);
        assert!(matches!(status, Status::Exited(_) | Status::Signaled(_)), "{length}: {status:?}");
    }
}

/// Absurd sizes and places of the one segment.
pub fn absurd_segments_are_refused_or_fatal() {
    // Offset, address, size in the file, size in memory.
    let cases: [(&str, [u32; 4]); 9] = [
        ("in the kernel", [0, 0xc000_0000, 96, 96]),
        ("around the end", [0, 0xffff_f000, 96, 0x2000]),
        ("all of memory", [0, 0x0804_8000, 96, 0xf7ff_0000]),
        ("wraps", [0, 0x0804_8000, 96, 0xffff_ffff]),
        ("smaller in memory", [0, 0x0804_8000, 96, 0]),
        ("beyond the file", [0x1000_0000, 0x0804_8000, 96, 96]),
        ("offset wraps", [0xffff_f000, 0x0804_8000, 0x2000, 0x2000]),
        ("offset and address disagree", [1, 0x0804_8000, 96, 96]),
        ("page 0", [0, 0, 96, 96]),
    ];
    for (what, words) in cases {
        let mut program = TINY;
        let [offset, address, in_file, in_memory] = words;
        for (at, value) in
            [(56, offset), (60, address), (64, address), (68, in_file), (72, in_memory)]
        {
            program[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        let status = execute(&program);
        let harmless = matches!(status, Status::Exited(126) | Status::Signaled(_));
        assert!(harmless, "{what}: {status:?}");
    }
}

/// A segment with more memory than file gets zeros behind the file's bytes, to the end.
pub fn the_rest_of_a_segment_is_zero() {
    let mut program = [0u8; 4096 + 200];
    program[..96].copy_from_slice(&TINY);
    // Writable, two pages and a half in memory.
    program[68..72].copy_from_slice(&4296u32.to_le_bytes());
    program[72..76].copy_from_slice(&10_000u32.to_le_bytes());
    program[76..80].copy_from_slice(&7u32.to_le_bytes());
    program[4096..].fill(0xee);
    // cmp byte [0x804a710], 0 (past the end of memory used by the file); setne bl; exit(ebx)
    let code = [
        0x31, 0xdb, 0x80, 0x3d, 0x10, 0xa7, 0x04, 0x08, 0, 0x0f, 0x95, 0xc3, 0x80, 0x3d, 0xc8,
        0x90, 0x04, 0x08, 0, 0x0f, 0x95, 0xc1, 0x00, 0xcb, 0xb8, 1, 0, 0, 0, 0xcd, 0x80,
    ];
    program[200..200 + code.len()].copy_from_slice(&code);
    program[24..28].copy_from_slice(&(0x0804_8000u32 + 200).to_le_bytes());
    assert_eq!(execute(&program), Status::Exited(0));
}

/// Calls with registers full of edges: errors, never a crash. Each in a process of its own.
pub fn memory_calls_survive_any_arguments() {
    let numbers = [45, 90, 91, 125, 144, 163, 192, 218, 219];
    let mut random = Random(0x0bad_cafe);
    for number in numbers {
        let status = child::run(|| {
            // What they unmap may be this program's own, so nothing is checked here.
            for _ in 0..200 {
                let registers = core::array::from_fn(|_| EDGES[random.below(16) as usize]);
                crate::harness::bare(number, registers);
            }
            0
        });
        assert!(
            matches!(status, Status::Exited(_) | Status::Signaled(_)),
            "{}",
            format!("call {number}: {status:?}")
        );
        random.next();
    }
}
