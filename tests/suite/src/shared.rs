//! Shared objects: what programs get of them, and what whoever starts one is told when they cannot
//! be used. The programs are `/bin/shared-demo` and `/bin/linked`.

use crate::objects::{Elf, Libraries, NOT_FOUND, expect, only_here, run};
use alloc::format;
use alloc::vec::Vec;
use sys::abi::signal::SIGSEGV;
use sys::wait::Status;
use sys::{directory, file};

tests![
    libraries_give_functions_and_data,
    first_and_last_functions_have_an_order,
    first_functions_may_open_libraries,
    a_library_is_open_once,
    a_library_of_the_program_stays,
    what_cannot_be_opened_is_named,
    threads_have_variables_of_their_own,
    threads_have_messages_of_their_own,
    the_first_thread_local_variables_may_come_later,
    places_of_thread_local_variables_are_used_again,
    text_cannot_be_written_to,
    a_library_may_lie_elsewhere,
    what_is_loaded_can_be_listed,
    a_missing_library_is_named,
    a_missing_symbol_is_named,
    functions_are_bound_when_they_are_called,
    a_cycle_is_named,
    what_is_no_library_is_refused,
];

const DEMO: &str = "/bin/shared-demo";
const TALLY: &str = "/lib/libtally.so";

pub fn libraries_give_functions_and_data() {
    only_here();
    let lines = [
        "libtally.so is ready: true",
        "this thread counts 101, 102",
        "all together: 2",
        "Uryyb, jbeyq!",
        "librot13.so has turned 10 letters",
    ];
    let arguments = ["librot13.so", "Hello, world!"];
    expect(DEMO, &arguments, &[], &lines);
    expect(DEMO, &arguments, &["LD_BIND_NOW=1"], &lines);
}

pub fn first_and_last_functions_have_an_order() {
    only_here();
    let lines = [
        "the library came first: true",
        "main ends",
        "librot13.so has turned 0 letters",
        "the program ends",
    ];
    expect("/bin/linked", &["order"], &[], &lines);
}

pub fn first_functions_may_open_libraries() {
    only_here();
    let lines = ["librot13.so has turned 4 letters", "before main: Grkg"];
    expect("/bin/linked", &["first"], &[], &lines);
}

pub fn a_library_is_open_once() {
    only_here();
    let (same, goodbye) = ("the same: true", "librot13.so has turned 0 letters");
    let (turned, end) = ("Grkg", "librot13.so has turned 4 letters");
    let lines = [same, same, same, goodbye, turned, end, turned, end, turned, end];
    expect("/bin/linked", &["reopen"], &[], &lines);
}

pub fn a_library_of_the_program_stays() {
    only_here();
    expect("/bin/linked", &["own"], &[], &["this thread: 101"]);
}

pub fn what_cannot_be_opened_is_named() {
    only_here();
    let lines = [
        "libnone.so: not found; needed by /bin/linked",
        "/boot/args: not an ELF file",
        "filters: nobody defines this symbol",
        "Grkg",
        "librot13.so has turned 4 letters",
    ];
    expect("/bin/linked", &["errors"], &[], &lines);
}

pub fn threads_have_variables_of_their_own() {
    only_here();
    let lines = [
        "this thread: 101",
        "that thread: 103",
        "that thread: 103",
        "this thread: 102",
        "all: 8",
        "librot13.so has turned 4 letters",
    ];
    expect("/bin/linked", &["threads"], &[], &lines);
}

pub fn threads_have_messages_of_their_own() {
    only_here();
    let lines = ["one thread: 100", "that thread: 100", "this thread: 100"];
    expect("/bin/linked", &["messages"], &[], &lines);
}

pub fn the_first_thread_local_variables_may_come_later() {
    only_here();
    let lines = ["the thread has memory: true", "Grkg", "librot13.so has turned 4 letters"];
    expect("/bin/linked-alone", &[], &[], &lines);
}

pub fn places_of_thread_local_variables_are_used_again() {
    only_here();
    let (status, text) = run("/bin/linked", &["modules"], &[]);
    assert_eq!((text.lines().last(), status), (Some("2 modules"), Status::Exited(0)), "{text}");
}

pub fn text_cannot_be_written_to() {
    only_here();
    assert_eq!(run("/bin/linked", &["text"], &[]).0, Status::Signaled(SIGSEGV));
}

pub fn a_library_may_lie_elsewhere() {
    only_here();
    // libsys.so again, for an address that is taken: it is relocated.
    let mut libraries = Libraries::new();
    let mut moved = Elf::read("/lib/libsys.so");
    moved.replace("libsys.so", "libown.so");
    libraries.add("libown.so", &moved.0);
    let mut program = Elf::read(DEMO);
    program.replace("libtally.so", "libtolly.so");
    let mut tally = Elf::read(TALLY);
    tally.replace("libsys.so", "libown.so");
    libraries.add("libtolly.so", &tally.0);
    let program = libraries.add_program("demo", &program.0);
    expect(
        &program,
        &["librot13.so", "Text"],
        &[&libraries.variable()],
        &[
            "libtally.so is ready: true",
            "this thread counts 101, 102",
            "all together: 2",
            "Grkg",
            "librot13.so has turned 4 letters",
        ],
    );
}

pub fn what_is_loaded_can_be_listed() {
    only_here();
    let (status, text) = run(DEMO, &[], &["LD_TRACE_LOADED_OBJECTS=1"]);
    assert_eq!(status, Status::Exited(0));
    let names: Vec<&str> =
        text.lines().map(|line| line.trim().split(" (").next().unwrap_or("")).collect();
    assert_eq!(names, ["libtally.so => /lib/libtally.so", "libsys.so => /lib/libsys.so"]);
}

pub fn a_missing_library_is_named() {
    only_here();
    let mut libraries = Libraries::new();
    let mut program = Elf::read(DEMO);
    program.replace("libtally.so", "libnobody.s");
    let program = libraries.add_program("demo", &program.0);
    libraries.refuses(&program, &format!("libnobody.s: not found; needed by {program}"));
}

pub fn a_missing_symbol_is_named() {
    only_here();
    let mut libraries = Libraries::new();
    let mut program = Elf::read(DEMO);
    program.replace("8is_ready", "8is_rusty");
    let program = libraries.add_program("demo", &program.0);
    let (status, text) = run(&program, &[], &[]);
    assert!(text.contains("8is_rusty: nobody defines this symbol; needed by"), "{text}");
    assert_eq!((status, text.lines().count()), (NOT_FOUND, 1));
}

pub fn functions_are_bound_when_they_are_called() {
    only_here();
    // librot13.so is linked with -z lazy. It prints when it is closed, which it cannot now.
    let mut libraries = Libraries::new();
    let mut library = Elf::read("/lib/librot13.so");
    library.replace("13print_or_exit", "13print_or_exeu");
    libraries.add("librot13.so", &library.0);
    let variable = libraries.variable();
    let path = libraries.path("librot13.so");
    let is_named = |text: &str| {
        text.contains("13print_or_exeu: nobody defines this symbol; needed by ")
            && text.ends_with(&format!("{path}\n"))
    };
    let (status, text) = run(DEMO, &["librot13.so", "Text"], &[&variable]);
    assert!(text.contains("Grkg\n") && is_named(&text), "{text}");
    assert_eq!(status, NOT_FOUND);
    let (status, text) = run(DEMO, &["librot13.so", "Text"], &[&variable, "LD_BIND_NOW=1"]);
    assert!(!text.contains("Grkg\n") && is_named(&text), "{text}");
    assert_eq!(status, Status::Exited(1));
}

pub fn a_cycle_is_named() {
    only_here();
    let mut libraries = Libraries::new();
    // libtally.so needs libsys.so, which is made to need "sys.so", a libtally.so again.
    let mut sys = Elf::read("/lib/libsys.so");
    let soname = sys.word(sys.entry(14));
    let symbolic = sys.entry(16);
    sys.set(symbolic - 4, 1);
    sys.set(symbolic, soname + 3);
    libraries.add("libsys.so", &sys.0);
    let mut tally = Elf::read(TALLY);
    tally.replace("libtally.so", "libtolly.so");
    libraries.add("sys.so", &tally.0);
    let (first, second) = (libraries.path("libsys.so"), libraries.path("sys.so"));
    libraries.refuses(DEMO, &format!("{first} needs {second} needs {first}: cyclic dependency"));
}

pub fn what_is_no_library_is_refused() {
    only_here();
    let whole = file::read(TALLY).expect("read");
    let mut other = whole.clone();
    other[18] = 62;
    let mut cut_off = whole.clone();
    cut_off.truncate(cut_off.len() / 2);
    let cases: [(&[u8], &str); 5] = [
        (&[], "not an ELF file"),
        (b"#!/bin/sh\n", "not an ELF file"),
        (&whole[..40], "cut off in the header"),
        (&other, "not for i386"),
        (&cut_off, "cut off: a segment lies behind the end of the file"),
    ];
    for (bytes, why) in cases {
        let mut libraries = Libraries::new();
        libraries.add("libtally.so", bytes);
        libraries.refuses(DEMO, &format!("{}: {why}", libraries.path("libtally.so")));
    }
    let libraries = Libraries::new();
    let folder = libraries.path("libtally.so");
    directory::create(&folder, 0o755).expect("mkdir");
    libraries.refuses(DEMO, &format!("{folder}: not a file"));
    directory::remove(&folder).expect("rmdir");
}
