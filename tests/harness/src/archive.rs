//! Boot archives that are not what they should be: what is sound in them is used, and the log says
//! what is not.

use crate::Outcome;
use crate::guest::{Ended, Guest, Setup};
use crate::random::Random;
use abi::frame::Exit;
use xtask::session::{Damage, End};

const GREETING: &[u8] = b"hello, world\n";
/// What every header starts with.
const MAGIC: &[u8] = b"070701";
/// Where a header's fields start, and how long one is: 13 of 8 hexadecimal digits.
const FIELDS: usize = 6;
const FIELD: usize = 8;
const MODE: usize = 1;
const SIZE: usize = 6;
const NAME_SIZE: usize = 11;

/// A guest that runs `hello` from an archive with little else in it: `bin/hello`, `boot/args`, then
/// three files.
fn hello(setup: &Setup) -> Result<Guest<'_>, String> {
    let mut guest = setup.bytes(setup.file_of("/bin/hello")?)?;
    for name in ["/x/1", "/x/2", "/x/3"] {
        guest = guest.with_file(name, 0o644, vec![b'x'; 5000])?;
    }
    Ok(guest)
}

/// Where the headers are, in order.
fn headers(archive: &[u8]) -> Vec<usize> {
    let starts = (0..archive.len()).step_by(4);
    starts.filter(|&at| archive.get(at..).is_some_and(|rest| rest.starts_with(MAGIC))).collect()
}

/// The header of the entry with this name.
fn header_of(archive: &[u8], name: &[u8]) -> usize {
    let is_it = |at: &usize| {
        let rest = archive.get(at + FIELDS + 13 * FIELD..).unwrap_or_default();
        rest.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&0))
    };
    headers(archive).into_iter().find(is_it).expect("the entry")
}

fn set_field(archive: &mut [u8], header: usize, field: usize, value: u32) {
    let start = header + FIELDS + field * FIELD;
    archive[start..start + FIELD].copy_from_slice(format!("{value:08X}").as_bytes());
}

fn damaged<'a>(setup: &'a Setup, damage: &'a Damage<'a>) -> Result<Ended, String> {
    let mut guest = hello(setup)?;
    guest.damage = Some(damage);
    guest.run()
}

fn greets(ended: &Ended) -> Outcome {
    ended.expect_exit(Exit::Exited(0))?;
    ended.expect_output(GREETING)
}

pub fn no_archive_means_no_program(setup: &Setup) -> Outcome {
    // QEMU wants at least a byte.
    for archive in [&b"\0"[..], &[0; 8192], b"no archive at all"] {
        let ended = damaged(setup, &|bytes| *bytes = archive.to_vec())?;
        ended.expect_exit(Exit::NotFound)?;
        ended.expect_said(&["/bin/tiny"])?;
    }
    Ok(())
}

pub fn a_truncated_archive_keeps_what_is_whole(setup: &Setup) -> Outcome {
    let corrupt = "the boot archive is corrupt at ";
    // Within the last file: everything the program needs is before it.
    let ended = damaged(setup, &|archive| {
        let cut = header_of(archive, b"x/3") + 5000;
        archive.truncate(cut);
    })?;
    greets(&ended)?;
    ended.expect_said(&[corrupt])?;
    // Without the trailer nothing is missing.
    greets(&damaged(setup, &|archive| {
        let cut = header_of(archive, b"TRAILER!!!");
        archive.truncate(cut);
    })?)?;
    // Within the header behind the program: its arguments are gone, and it runs without.
    let ended = damaged(setup, &|archive| {
        let cut = header_of(archive, b"boot") + 50;
        archive.truncate(cut);
    })?;
    greets(&ended)?;
    ended.expect_said(&[corrupt])?;
    // Within the program, and within its header.
    for behind in [5000, 20] {
        let ended = damaged(setup, &|archive| {
            let cut = header_of(archive, b"bin/tiny") + behind;
            archive.truncate(cut);
        })?;
        ended.expect_exit(Exit::NotFound)?;
        ended.expect_said(&[corrupt, "/bin/tiny"])?;
    }
    Ok(())
}

pub fn a_corrupt_entry_ends_the_archive(setup: &Setup) -> Outcome {
    let damages: [fn(&mut [u8], usize); 5] = [
        |archive, header| archive[header] = b'1',
        |archive, header| archive[header + FIELDS + 3] = b'g',
        |archive, header| set_field(archive, header, SIZE, u32::MAX),
        |archive, header| set_field(archive, header, NAME_SIZE, 0x7fff_ffff),
        |archive, header| set_field(archive, header, NAME_SIZE, 0),
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let spoil = |name: &'static [u8]| {
            damaged(setup, &move |archive| {
                let header = header_of(archive, name);
                damage(archive, header);
            })
        };
        let corrupt = "the boot archive is corrupt at ";
        let ended = spoil(b"x/1")?;
        greets(&ended).map_err(|why| format!("damage {number} behind the program: {why}"))?;
        ended.expect_said(&[corrupt])?;
        let ended = spoil(b"bin/tiny")?;
        ended.expect_exit(Exit::NotFound).map_err(|why| format!("damage {number}: {why}"))?;
        ended.expect_said(&[corrupt, "/bin/tiny"])?;
    }
    Ok(())
}

pub fn damaged_arguments_are_refused(setup: &Setup) -> Outcome {
    let ended = damaged(setup, &|archive| {
        let header = header_of(archive, b"boot/args");
        set_field(archive, header, SIZE, 3);
    })?;
    ended.expect_exit(Exit::Failed)?;
    ended.expect_said(&["/boot/args in the boot archive is damaged"])
}

/// As other tools write it: names without padding, so that data starts anywhere.
pub fn an_unaligned_archive_works(setup: &Setup) -> Outcome {
    let ended = damaged(setup, &|archive| {
        let mut packed = Vec::new();
        for header in headers(archive) {
            let field = |number: usize| {
                let start = header + FIELDS + number * FIELD;
                let digits = std::str::from_utf8(&archive[start..start + FIELD]).expect("digits");
                usize::from_str_radix(digits, 16).expect("a number")
            };
            let align = |at: usize| at.next_multiple_of(4);
            let name_start = header + FIELDS + 13 * FIELD;
            let name = archive[name_start..].split(|&byte| byte == 0).next().unwrap_or_default();
            let data_start = align(name_start + field(NAME_SIZE));
            let place = packed.len();
            packed.extend(&archive[header..name_start]);
            set_field(&mut packed, place, NAME_SIZE, name.len() as u32 + 1);
            packed.extend(name);
            packed.push(0);
            packed.resize(align(packed.len()), 0);
            packed.extend(&archive[data_start..data_start + field(SIZE)]);
            packed.resize(align(packed.len()), 0);
        }
        *archive = packed;
    })?;
    greets(&ended)
}

/// Whatever the headers say, the machine ends in order, and says what became of the program.
pub fn fuzzed_headers_never_hurt_the_kernel(setup: &Setup) -> Outcome {
    const EDGES: [u32; 8] = [0, 1, 0xfff, 0x1001, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, u32::MAX];
    const MODES: [u32; 6] = [0, 0o040_000, 0o100_777, 0o120_777, 0o020_666, 0o140_000];
    for seed in 0..16 {
        let ended = damaged(setup, &|archive| {
            let mut random = Random::new(seed);
            let headers = headers(archive);
            for _ in 0..=random.below(3) {
                let header = headers[random.below(headers.len())];
                match random.below(4) {
                    0 => {
                        let place = header + random.below(FIELDS + 13 * FIELD + 12);
                        archive[place] = random.next() as u8;
                    }
                    1 => {
                        let mode = MODES[random.below(MODES.len())];
                        set_field(archive, header, MODE, mode);
                    }
                    _ => {
                        let value = EDGES[random.below(EDGES.len())];
                        set_field(archive, header, random.below(13), value);
                    }
                }
            }
        })?;
        if !matches!(ended.end, End::Exit(_)) {
            return Err(format!("seed {seed}: {}", ended.report));
        }
        if ended.end == End::Exit(Exit::Exited(0)) && !ended.stdout.starts_with(b"hello, world") {
            return Err(format!("seed {seed}: no greeting: {}", ended.report));
        }
    }
    Ok(())
}
