use super::*;
use abi::errno::Errno;
use proptest::prelude::*;
use std::collections::HashMap;
use std::vec::Vec;
use std::{format, vec};

const TASK_SIZE: u32 = 0xc000_0000;
const LOAD: u32 = 1;
const INTERP: u32 = 3;
const GNU_STACK: u32 = 0x6474_e551;
const R: u32 = 4;
const W: u32 = 2;
const X: u32 = 1;

/// type, offset, vaddr, filesz, memsz, flags, align
type Phdr = [u32; 7];

fn elf(e_type: u16, entry: u32, headers: &[Phdr]) -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(e_type.to_le_bytes());
    file.extend(3u16.to_le_bytes());
    for word in [1, entry, 52, 0, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    for half in [52, 32, headers.len() as u16, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for &[kind, offset, vaddr, filesz, memsz, flags, align] in headers {
        for word in [kind, offset, vaddr, vaddr, filesz, memsz, flags, align] {
            file.extend(word.to_le_bytes());
        }
    }
    file
}

fn plan_of(file: &[u8], len: u64) -> Result<LoadPlan, Errno> {
    let header = Header::parse(file, len, Role::Program)?;
    let start = header.table.offset as usize;
    let bytes = file.get(start..).ok_or(Errno::ENOEXEC)?;
    LoadPlan::new(&ProgramTable::new(header, bytes)?, TASK_SIZE)
}

fn steps(plan: &LoadPlan, start: u32) -> (Image, Vec<Step>) {
    let (image, steps) = plan.place(start).unwrap();
    (image, steps.collect())
}

fn busybox_like() -> Vec<u8> {
    let headers = [
        [LOAD, 0, 0x0804_8000, 0x1d4, 0x1d4, R, 0x1000],
        [LOAD, 0x1000, 0x0804_9000, 0x5123, 0x5123, R | X, 0x1000],
        [LOAD, 0x6f00, 0x0805_0f00, 0x300, 0x2400, R | W, 0x1000],
        [GNU_STACK, 0, 0, 0, 0, R | W, 16],
    ];
    elf(2, 0x0804_9100, &headers)
}

#[test]
fn a_static_program_is_three_file_maps_zeros_and_anonymous_pages() {
    let plan = plan_of(&busybox_like(), 0x7200).unwrap();
    assert_eq!(plan.kind(), Kind::Fixed);
    let (image, steps) = steps(&plan, plan.preferred_start(0x40_0000));
    assert_eq!(
        steps,
        [
            Step::MapFile { start: 0x0804_8000, len: 0x1000, offset: 0, prot: 1 },
            Step::MapFile { start: 0x0804_9000, len: 0x6000, offset: 0x1000, prot: 5 },
            Step::MapFile { start: 0x0805_0000, len: 0x2000, offset: 0x6000, prot: 3 },
            Step::MapAnonymous { start: 0x0805_2000, len: 0x2000, prot: 3 },
            Step::Zero { start: 0x0805_1200, len: 0xe00, required: true },
        ]
    );
    let expected = Image {
        bias: 0,
        entry: 0x0804_9100,
        program_headers: 0x0804_8034,
        code_start: 0x0804_9000,
        code_end: 0x0804_e123,
        data_start: 0x0805_0f00,
        data_end: 0x0805_1200,
        brk: 0x0805_4000,
    };
    assert_eq!(image, expected);
    assert!(plan.place(0x0900_0000).is_err(), "a fixed program has one place");
}

#[test]
fn a_position_independent_program_moves_as_a_block() {
    let headers = [
        [LOAD, 0, 0, 0x400, 0x400, R | X, 0x1_0000],
        [LOAD, 0x1e00, 0x2e00, 0x200, 0x200, R | W, 0x1000],
        [INTERP, 0x200, 0x200, 19, 19, R, 1],
    ];
    let file = elf(3, 0x100, &headers);
    let plan = plan_of(&file, 0x2000).unwrap();
    assert_eq!(plan.kind(), Kind::Dynamic);
    assert_eq!(plan.len(), 0x3000);
    assert_eq!(plan.preferred_start(0x0041_2345), 0x0041_0000);
    let (image, steps) = steps(&plan, 0x41_0000);
    assert_eq!((image.bias, image.entry, image.brk), (0x41_0000, 0x41_0100, 0x41_3000));
    assert_eq!(image.program_headers, 0x41_0034);
    assert_eq!(steps[1], Step::MapFile { start: 0x41_2000, len: 0x1000, offset: 0x1000, prot: 3 });
    assert!(plan.place(TASK_SIZE - 0x3000).is_ok());
    assert!(plan.place(TASK_SIZE - 0x2000).is_err());
    assert!(plan.place(0x41_0001).is_err());

    let header = Header::parse(&file, 0x2000, Role::Program).unwrap();
    let table = ProgramTable::new(header, &file[52..]).unwrap();
    assert_eq!(table.interpreter(0x2000), Ok(Some(FileRange { offset: 0x200, len: 19 })));
    assert_eq!(table.interpreter(0x200), Err(Errno::EIO));
    assert_eq!(table.len(), 3);
}

#[test]
fn the_interpreters_path_ends_with_nul() {
    assert_eq!(ProgramTable::interpreter_path(b"/lib/ld.so\0"), Ok(&b"/lib/ld.so"[..]));
    assert_eq!(ProgramTable::interpreter_path(b"/lib\0ld.so\0"), Ok(&b"/lib"[..]));
    assert_eq!(ProgramTable::interpreter_path(b"/lib/ld.so"), Err(Errno::ENOEXEC));
    assert_eq!(ProgramTable::interpreter_path(b""), Err(Errno::ENOEXEC));
}

#[test]
fn the_last_gnu_stack_header_decides() {
    let stack = |headers: &[Phdr]| {
        let file = elf(2, 0, headers);
        let header = Header::parse(&file, 4096, Role::Program).unwrap();
        ProgramTable::new(header, &file[52..]).unwrap().stack()
    };
    let load = [LOAD, 0, 0x1000, 1, 1, R, 0];
    assert_eq!(stack(&[load]), StackProtection::ReadImpliesExec);
    assert_eq!(stack(&[[GNU_STACK, 0, 0, 0, 0, R | W | X, 0]]), StackProtection::Executable);
    assert_eq!(
        stack(&[[GNU_STACK, 0, 0, 0, 0, X, 0], [GNU_STACK, 0, 0, 0, 0, R, 0]]),
        StackProtection::NotExecutable
    );
}

#[test]
fn what_is_no_i386_program_is_refused() {
    let good = busybox_like();
    let refuse = |change: &[(usize, u8)], role| {
        let mut file = good.clone();
        for &(at, byte) in change {
            file[at] = byte;
        }
        Header::parse(&file, 0x7200, role).map(|_| ())
    };
    assert_eq!(refuse(&[], Role::Program), Ok(()));
    // Linux does not look at class, byte order and version.
    assert_eq!(refuse(&[(4, 9), (5, 9), (6, 9), (20, 9)], Role::Program), Ok(()));
    assert_eq!(refuse(&[(18, 6)], Role::Program), Ok(()));
    for change in [(0, 0), (16, 1), (16, 4), (18, 62), (42, 56), (44, 0), (44, 129), (31, 1)] {
        assert_eq!(refuse(&[change], Role::Program), Err(Errno::ENOEXEC), "{change:?}");
        assert_eq!(refuse(&[change], Role::Interpreter), Err(Errno::ELIBBAD), "{change:?}");
    }
    assert_eq!(Header::parse(b"", 0, Role::Program), Err(Errno::ENOEXEC));
    assert_eq!(Header::parse(&good, 60, Role::Program), Err(Errno::ENOEXEC), "cut in the table");
}

#[test]
fn a_45_byte_program_overlapping_its_own_headers_is_accepted() {
    // Header and program header share bytes; the end of the file header is missing.
    let mut file = vec![0u8; 45];
    file[..4].copy_from_slice(b"\x7fELF");
    let word = |file: &mut Vec<u8>, at: usize, value: u32| {
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
    };
    word(&mut file, 4, 1); // p_type
    word(&mut file, 8, 0); // p_offset
    word(&mut file, 12, 0x0001_0000); // p_vaddr
    word(&mut file, 16, 0x0003_0002); // e_type, e_machine; p_paddr
    word(&mut file, 20, 0x0001_0020); // e_version; p_filesz
    word(&mut file, 24, 0x0001_0020); // e_entry; p_memsz
    word(&mut file, 28, 4); // e_phoff; p_flags = R
    word(&mut file, 40, 0x0020_0034); // e_ehsize, e_phentsize
    file[44] = 1; // e_phnum
    let plan = plan_of(&file, 45).unwrap();
    let (image, steps) = steps(&plan, 0x1_0000);
    assert_eq!(image.entry, 0x0001_0020);
    assert_eq!(steps, [Step::MapFile { start: 0x1_0000, len: 0x1_1000, offset: 0, prot: 1 }]);
}

#[test]
fn impossible_segments_kill() {
    let refuse = |e_type, segments: &[Phdr]| plan_of(&elf(e_type, 0x1000, segments), 1 << 20).err();
    let cases: [(&str, Phdr); 8] = [
        ("kernel address", [LOAD, 0, TASK_SIZE, 1, 1, R, 0]),
        ("wraps", [LOAD, 0, 0x1000, 0x10, 0xffff_ffff, R, 0]),
        ("reaches the kernel", [LOAD, 0, 0xbfff_f000, 0x10, 0x1001, R, 0]),
        ("more in the file than in memory", [LOAD, 0, 0x1000, 0x20, 0x10, R, 0]),
        ("offset and address disagree", [LOAD, 0x10, 0x1000, 0x20, 0x20, R, 0]),
        ("the range in the file wraps", [LOAD, 0xffff_f000, 0x1000, 0x1001, 0x1001, R, 0]),
        ("nothing to map", [LOAD, 0, 0x1000, 0, 0, R, 0]),
        ("no segment", [2, 0, 0x1000, 0, 0, R, 0]),
    ];
    for (why, segment) in cases {
        assert_eq!(refuse(2, &[segment]), Some(Errno::EINVAL), "{why}");
        assert_eq!(refuse(3, &[segment]), Some(Errno::EINVAL), "{why}");
    }
    let (low, high) = ([LOAD, 0, 0x1000, 1, 1, R, 0], [LOAD, 0, 0x9000, 1, 1, R, 0]);
    assert_eq!(refuse(3, &[high, low]), Some(Errno::EINVAL));
    assert_eq!(refuse(2, &[high, low]), None);
    assert_eq!(plan_of(&elf(2, TASK_SIZE, &[low]), 4096).err(), Some(Errno::EINVAL));
    let dynamic = plan_of(&elf(3, 0xb000_0000, &[low]), 4096).unwrap();
    assert!(dynamic.place(0x4000_0000).is_err(), "the entry would lie in the kernel");
}

#[test]
fn a_bss_before_the_last_segment_gets_its_pages_first() {
    let segments =
        [[LOAD, 0, 0x1000, 0x100, 0x3000, R | W | X, 0], [LOAD, 0x1000, 0x8000, 0x10, 0x10, R, 0]];
    let plan = plan_of(&elf(2, 0x1000, &segments), 0x2000).unwrap();
    assert_eq!(
        steps(&plan, 0x1000).1,
        [
            Step::MapFile { start: 0x1000, len: 0x1000, offset: 0, prot: 7 },
            Step::MapAnonymous { start: 0x2000, len: 0x2000, prot: 7 },
            Step::Zero { start: 0x1100, len: 0xf00, required: false },
            Step::MapFile { start: 0x8000, len: 0x1000, offset: 0x1000, prot: 1 },
        ]
    );
}

/// Performs the steps on pages in a map.
fn execute(steps: &[Step], file: &[u8]) -> HashMap<u32, [u8; 4096]> {
    let mut pages: HashMap<u32, [u8; 4096]> = HashMap::new();
    for step in steps {
        match *step {
            Step::MapFile { start, len, offset, .. } => {
                for page in 0..len / 4096 {
                    let mut bytes = [0; 4096];
                    let from = (offset + page * 4096) as usize;
                    let rest = file.get(from..).unwrap_or(&[]);
                    let count = rest.len().min(4096);
                    bytes[..count].copy_from_slice(&rest[..count]);
                    pages.insert(start / 4096 + page, bytes);
                }
            }
            Step::MapAnonymous { start, len, .. } => {
                for page in 0..len / 4096 {
                    pages.insert(start / 4096 + page, [0; 4096]);
                }
            }
            Step::Zero { start, len, .. } => {
                for address in start..start + len {
                    let page = pages.get_mut(&(address / 4096)).expect("zeros in a mapped page");
                    page[(address % 4096) as usize] = 0;
                }
            }
        }
    }
    pages
}

/// gap in pages, offset in the page, bytes in the file, more bytes in memory
fn layout() -> impl Strategy<Value = Vec<(u32, u32, u32, u32)>> {
    proptest::collection::vec((1u32..4, 0u32..4096, 1u32..9000, 0u32..9000), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn memory_holds_the_files_bytes_and_zeros_behind_them(layout in layout(), dynamic: bool) {
        let mut headers = Vec::new();
        let (mut vaddr, mut offset) = (0x0804_8000u32, 0x1000u32);
        for &(gap, in_page, in_file, more) in &layout {
            vaddr = vaddr.next_multiple_of(4096) + gap * 4096 + in_page;
            offset = offset.next_multiple_of(4096) + in_page;
            headers.push([LOAD, offset, vaddr, in_file, in_file + more, R | W, 0x1000]);
            vaddr += in_file + more;
            offset += in_file;
        }
        let mut file = elf(if dynamic { 3 } else { 2 }, 0x0804_9000, &headers);
        while file.len() < offset as usize {
            file.push((file.len() * 7 % 251) as u8 + 1);
        }
        let plan = plan_of(&file, u64::from(offset)).unwrap();
        let start = if dynamic { 0x40_0000 } else { plan.preferred_start(0) };
        let (image, steps) = steps(&plan, start);
        let pages = execute(&steps, &file);
        for &[_, offset, vaddr, in_file, in_memory, ..] in &headers {
            for byte in 0..in_memory {
                let address = vaddr.wrapping_add(image.bias) + byte;
                let found = pages[&(address / 4096)][(address % 4096) as usize];
                let expected = if byte < in_file { file[(offset + byte) as usize] } else { 0 };
                prop_assert_eq!(found, expected, "at {:#x}", address);
            }
        }
        let pages_of_plan = start / 4096..(start + plan.len()) / 4096;
        prop_assert!(pages.keys().all(|page| pages_of_plan.contains(page)));
        prop_assert_eq!(image.brk, start + plan.len());
    }

    #[test]
    fn no_corruption_panics_or_reaches_the_kernel(
        changes in proptest::collection::vec((0usize..180, any::<u8>()), 0..12),
        wide in proptest::collection::vec((0usize..30, prop_oneof![
            any::<u32>(), Just(u32::MAX), Just(TASK_SIZE), Just(TASK_SIZE - 1), Just(0x1000),
        ]), 0..6),
        len in 0u64..0x9000,
        start: u32,
    ) {
        let mut file = busybox_like();
        for (at, byte) in changes {
            if let Some(place) = file.get_mut(at) { *place = byte; }
        }
        for (word, value) in wide {
            file[52 + word * 4..][..4].copy_from_slice(&value.to_le_bytes());
        }
        file.truncate(len as usize);
        let _ = format!("{:?}", Header::parse(&file, len, Role::Interpreter));
        if let Ok(plan) = plan_of(&file, len) {
            for start in [plan.preferred_start(start), start & !0xfff] {
                let Ok((image, steps)) = plan.place(start) else { continue };
                prop_assert!(image.entry < TASK_SIZE && image.brk <= TASK_SIZE);
                for step in steps {
                    let (first, len) = match step {
                        Step::MapFile { start, len, .. } => (start, len),
                        Step::MapAnonymous { start, len, .. } => (start, len),
                        Step::Zero { start, len, .. } => (start, len),
                    };
                    prop_assert!(first >= start && first - start <= plan.len());
                    prop_assert!(len <= TASK_SIZE && first <= TASK_SIZE - len);
                }
            }
        }
    }
}
