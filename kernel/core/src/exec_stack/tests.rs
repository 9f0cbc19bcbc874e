use super::*;
use abi::errno::Errno;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::format;
use std::string::String;
use std::vec::Vec;

const TOP: u32 = 0xc000_0000;
const STACK_LIMIT: u32 = 8 << 20;

/// Memory below TOP as the kernel would fill it.
#[derive(Default)]
struct Memory(BTreeMap<u32, [u8; 4096]>);

impl Memory {
    fn store(&mut self, address: u32, bytes: &[u8]) {
        for (address, byte) in (address..).zip(bytes) {
            self.0.entry(address & !4095).or_insert([0; 4096])[(address & 4095) as usize] = *byte;
        }
    }

    fn byte(&self, address: u32) -> u8 {
        self.0.get(&(address & !4095)).map_or(0, |page| page[(address & 4095) as usize])
    }

    fn word(&self, address: u32) -> u32 {
        u32::from_le_bytes([0, 1, 2, 3].map(|at| self.byte(address + at)))
    }

    fn string(&self, address: u32) -> String {
        (address..).map(|at| self.byte(at)).take_while(|b| *b != 0).map(char::from).collect()
    }
}

/// Does what the kernel does; gives the memory and the stack pointer.
fn build(path: &str, args: &[String], env: &[String], gap: u32) -> (Memory, u32) {
    let mut memory = Memory::default();
    let counts = (args.len() as u32, env.len() as u32);
    let mut area = StringArea::new(TOP, counts.0, counts.1, STACK_LIMIT).unwrap();
    let at = area.push_path(path.len() as u32 + 1).unwrap();
    memory.store(at, path.as_bytes());
    for string in env.iter().rev().chain(args.iter().rev()) {
        let at = area.push(string.len() as u32 + 1).unwrap();
        memory.store(at, string.as_bytes());
    }
    let auxiliary = AuxiliaryVector { entry: 0x0804_9000, uid: 7, ..Default::default() };
    let table = StackTable::new(&area, &auxiliary, *b"0123456789abcdef", gap).unwrap();
    assert!(table.end() <= area.position());
    for page in table.pages() {
        let bytes = memory.0.entry(page).or_insert([0; 4096]);
        table.fill(page, bytes);
    }
    (memory, table.stack_pointer())
}

/// Reads the stack as a C library's start does.
fn read(memory: &Memory, esp: u32) -> (Vec<String>, Vec<String>, BTreeMap<u32, u32>) {
    let mut at = esp + 4;
    let mut strings = || {
        let mut list = Vec::new();
        while memory.word(at) != 0 {
            list.push(memory.string(memory.word(at)));
            at += 4;
        }
        at += 4;
        list
    };
    let (args, env) = (strings(), strings());
    assert_eq!(memory.word(esp) as usize, args.len());
    let mut auxiliary = BTreeMap::new();
    while memory.word(at) != 0 {
        assert_eq!(auxiliary.insert(memory.word(at), memory.word(at + 4)), None);
        at += 8;
    }
    (args, env, auxiliary)
}

#[test]
fn a_script_gives_its_first_argument_away() {
    let push_all = |area: &mut StringArea, lens: &[u32]| {
        lens.iter().for_each(|len| _ = area.push(*len).unwrap());
    };
    // Path 5, environment 3 and 4, arguments 10 (the first) and 20.
    let mut area = StringArea::new(TOP, 2, 2, STACK_LIMIT).unwrap();
    area.push_path(5).unwrap();
    push_all(&mut area, &[4, 3, 20, 10]);
    area.replace_first_argument(3).unwrap();
    assert!(!area.is_complete());
    push_all(&mut area, &[6, 7, 8]);
    assert!(area.is_complete());
    assert_eq!(area.push(1), Err(Errno::E2BIG));

    let mut fresh = StringArea::new(TOP, 4, 2, STACK_LIMIT).unwrap();
    fresh.push_path(5).unwrap();
    push_all(&mut fresh, &[4, 3, 20, 6, 7, 8]);
    assert_eq!(area.position(), fresh.position());
    for index in 0..5 {
        assert_eq!(area.argument(index), fresh.argument(index));
        assert_eq!(area.environment(index), fresh.environment(index));
    }
    // Without environment the path is the next string up.
    let mut area = StringArea::new(TOP, 1, 0, STACK_LIMIT).unwrap();
    let path = area.push_path(5).unwrap();
    area.push(9).unwrap();
    area.replace_first_argument(2).unwrap();
    assert_eq!(area.position(), path);
}

#[test]
fn a_program_finds_what_it_was_given() {
    let strings = |list: &[&str]| list.iter().map(|text| String::from(*text)).collect::<Vec<_>>();
    let (args, env) = (strings(&["echo", "", "hi"]), strings(&["HOME=/", "A=b"]));
    let (memory, esp) = build("/bin/echo", &args, &env, 0);
    assert!(esp.is_multiple_of(16));
    let (found_args, found_env, auxiliary) = read(&memory, esp);
    assert_eq!((found_args, found_env), (args, env));
    assert_eq!(memory.string(auxiliary[&31]), "/bin/echo");
    assert_eq!(auxiliary[&31] + 10, TOP - 4, "the path is the highest string");
    assert_eq!(memory.string(auxiliary[&15]), "i686");
    assert_eq!(memory.string(auxiliary[&25]), "0123456789abcdefi686");
    assert_eq!((auxiliary[&9], auxiliary[&11], auxiliary[&6]), (0x0804_9000, 7, 4096));
    assert!(!auxiliary.contains_key(&32) && !auxiliary.contains_key(&33));
}

#[test]
fn the_strings_lie_as_mm_struct_says() {
    let mut area = StringArea::new(TOP, 1, 2, STACK_LIMIT).unwrap();
    assert_eq!(area.push_path(5), Ok(TOP - 9));
    assert_eq!(
        [area.push(3), area.push(4), area.push(2)].map(|at| at.unwrap()),
        [TOP - 12, TOP - 16, TOP - 18]
    );
    assert_eq!(area.argument_bytes(), (TOP - 18, TOP - 16));
    assert_eq!(area.environment_bytes(), (TOP - 16, TOP - 9));
    assert!(area.is_complete());
    assert_eq!(area.push(1), Err(Errno::E2BIG));

    let mut no_environment = StringArea::new(TOP, 1, 0, STACK_LIMIT).unwrap();
    no_environment.push_path(5).unwrap();
    no_environment.push(3).unwrap();
    assert_eq!(no_environment.environment_bytes(), (TOP - 9, TOP - 9));
    assert_eq!(no_environment.argument_bytes(), (TOP - 12, TOP - 9));
}

#[test]
fn too_much_is_e2big() {
    let area = |arguments, limit| StringArea::new(TOP, arguments, 0, limit);
    assert!(area(1, STACK_LIMIT).unwrap().push(128 << 10).is_ok());
    assert_eq!(area(1, STACK_LIMIT).unwrap().push((128 << 10) + 1), Err(Errno::E2BIG));
    assert_eq!(area(u32::MAX, STACK_LIMIT).err(), Some(Errno::E2BIG));
    // 2 MiB for a limit of 8 MiB, pointers included.
    assert_eq!(area(1 << 19, STACK_LIMIT).err(), Some(Errno::E2BIG));
    assert!(area((1 << 19) - 1, STACK_LIMIT).is_ok());
    let strings = |limit| {
        let mut area = StringArea::new(TOP, 0, 1000, limit).unwrap();
        (0..1000).take_while(|_| area.push(16 << 10).is_ok()).count() as u32
    };
    assert_eq!(strings(0), ((128 << 10) - 4004) / (16 << 10));
    assert_eq!(strings(STACK_LIMIT), ((2 << 20) - 4004) / (16 << 10));
    assert_eq!(strings(u32::MAX), ((6 << 20) - 4004) / (16 << 10));
    let area = area(2, STACK_LIMIT).unwrap();
    let table = StackTable::new(&area, &AuxiliaryVector::default(), [0; 16], 0);
    assert_eq!(table.err(), Some(Errno::E2BIG), "strings are missing");
}

#[test]
fn the_first_stack_has_room_within_the_limit() {
    assert_eq!(stack_start(TOP - 0x3000, TOP, STACK_LIMIT), TOP - 0x3000 - (128 << 10));
    assert_eq!(stack_start(TOP - 0x3000, TOP, 0x1_0000), TOP - 0x1_0000);
    assert_eq!(stack_start(TOP - 0x3000, TOP, 0x1000), TOP - 0x3000);
    assert_eq!(stack_start(TOP - 0x3000, TOP, u32::MAX), TOP - 0x3000 - (128 << 10));
}

fn strings(count: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec((0u32..3000, "[a-z=]{0,12}"), 0..count).prop_map(|list| {
        list.into_iter()
            .map(|(len, text)| if len > 2900 { "x".repeat(len as usize) } else { text })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_strings_come_back(args in strings(40), env in strings(300), gap in 0u32..8192) {
        let path = format!("/{}", args.len());
        let (memory, esp) = build(&path, &args, &env, gap);
        prop_assert!(esp.is_multiple_of(16));
        let (found_args, found_env, auxiliary) = read(&memory, esp);
        prop_assert_eq!(found_args, args);
        prop_assert_eq!(found_env, env);
        prop_assert_eq!(memory.string(auxiliary[&31]), path);
    }
}
