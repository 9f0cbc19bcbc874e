//! Objects of a C compiler: what it makes of libraries and programs that Rust's does not.

use crate::child;
use crate::objects::{Libraries, expect, only_here, run};
use alloc::format;
use alloc::string::ToString;
use sys::Errno;
use sys::abi::UserStr;
use sys::abi::signal::SIGSEGV;
use sys::syscall::pointer;
use sys::wait::Status;

tests![
    a_library_outlives_those_it_came_with,
    a_library_does_not_go_before_those_that_are_bound_to_it,
    last_functions_may_close_libraries,
    what_chooses_a_function_may_call_others,
    what_chooses_a_function_may_open_a_library,
    a_child_chooses_what_its_parent_was_choosing,
    who_opens_a_library_finds_it_initialised,
    a_child_waits_for_no_thread_of_its_parent,
    libraries_are_looked_for_in_an_order,
    folders_that_may_not_be_searched_are_passed_over,
    every_relocation_comes_to_what_it_should,
    what_is_only_written_when_relocated_is_protected,
];

macro_rules! object {
    ($name:literal) => {
        ($name, include_bytes!(concat!(env!("OUT_DIR"), "/", $name)))
    };
}

const INNER: (&str, &[u8]) = object!("libinner.so");
const OUTER: (&str, &[u8]) = object!("libouter.so");
const DEFINER: (&str, &[u8]) = object!("libdefiner.so");
const INNER_DEEP: (&str, &[u8]) = object!("libinner-deep.so");
const RPATH: (&str, &[u8]) = object!("librpath.so");
const RUNPATH: (&str, &[u8]) = object!("librunpath.so");
const VALUES: (&str, &[u8]) = object!("libvalues.so");
const VALUES_NOW: (&str, &[u8]) = object!("libvalues-now.so");
const PROGRAM: (&str, &[u8]) = object!("program");
const CLOSER: (&str, &[u8]) = object!("libcloser.so");
const CHOICE: (&str, &[u8]) = object!("libchoice.so");
const GATE: (&str, &[u8]) = object!("libgate.so");
const SLOW: (&str, &[u8]) = object!("libslow.so");
const PICK: (&str, &[u8]) = object!("libpick.so");

fn folder_of(objects: &[(&str, &[u8])]) -> Libraries {
    let mut libraries = Libraries::new();
    for (name, bytes) in objects {
        libraries.add(name, bytes);
    }
    libraries
}

pub fn a_library_outlives_those_it_came_with() {
    only_here();
    let libraries = folder_of(&[INNER, OUTER]);
    expect("/bin/linked", &["late"], &[&libraries.variable()], &["1"]);
}

pub fn a_library_does_not_go_before_those_that_are_bound_to_it() {
    only_here();
    let libraries = folder_of(&[INNER, DEFINER]);
    let variable = libraries.variable();
    let (lazily, at_once) = ([&*variable], [&*variable, "LD_BIND_NOW=1"]);
    // Twice each: what nobody uses any more begins anew.
    expect("/bin/linked", &["bound"], &at_once, &["10", "11", "10", "11"]);
    let before = ["10", "11", "12", "10", "11", "12"];
    expect("/bin/linked", &["bound", "before"], &at_once, &before);
    expect("/bin/linked", &["bound", "before"], &lazily, &before);
    // Who is asked only then is asked without it.
    expect("/bin/linked", &["bound"], &lazily, &["1", "1", "1", "1"]);
}

pub fn last_functions_may_close_libraries() {
    only_here();
    let libraries = folder_of(&[CLOSER]);
    let lines =
        ["a last function closes a library", "librot13.so has turned 0 letters", "and goes on"];
    expect("/bin/linked", &["last"], &[&libraries.variable()], &lines);
}

pub fn what_chooses_a_function_may_call_others() {
    only_here();
    let libraries = folder_of(&[CHOICE, INNER]);
    for lazily in ["", "1"] {
        let variables = [&*libraries.variable(), &format!("LD_BIND_NOW={lazily}")];
        expect("/bin/linked", &["resolver"], &variables, &["22", "22", "11", "11"]);
    }
}

pub fn what_chooses_a_function_may_open_a_library() {
    only_here();
    let libraries = folder_of(&[GATE, PICK, INNER]);
    expect("/bin/linked", &["nested"], &[&libraries.variable()], &["inner: 1", "picked: 2"]);
}

pub fn a_child_chooses_what_its_parent_was_choosing() {
    only_here();
    let libraries = folder_of(&[GATE, PICK]);
    let lines = ["the child: 2", "Exited(0)", "the parent: 2"];
    expect("/bin/linked", &["choosing"], &[&libraries.variable()], &lines);
}

pub fn who_opens_a_library_finds_it_initialised() {
    only_here();
    let libraries = folder_of(&[GATE, SLOW]);
    expect("/bin/linked", &["gate"], &[&libraries.variable()], &["initialised: true"]);
}

pub fn a_child_waits_for_no_thread_of_its_parent() {
    only_here();
    let libraries = folder_of(&[GATE, SLOW]);
    let lines =
        ["librot13.so has turned 4 letters", "the child: Grkg", "Exited(0)", "the parent: 1"];
    expect("/bin/linked", &["fork"], &[&libraries.variable()], &lines);
}

pub fn libraries_are_looked_for_in_an_order() {
    only_here();
    let libraries = folder_of(&[INNER, OUTER, RPATH, RUNPATH]);
    let mut deep = Libraries::called("libraries-deep");
    deep.add("libinner.so", INNER_DEEP.1);
    let (variable, path) = (libraries.variable(), libraries.path("librunpath.so"));
    // What it came by says where, the person says where, and it says so itself.
    expect("/bin/linked", &["through", "librpath.so"], &[&variable], &["2"]);
    expect("/bin/linked", &["through", "librunpath.so"], &[&variable], &["1"]);
    expect("/bin/linked", &["through", &path], &[], &["2"]);
}

pub fn folders_that_may_not_be_searched_are_passed_over() {
    only_here();
    let libraries = folder_of(&[INNER, OUTER]);
    let mut locked = Libraries::called("locked-libraries");
    locked.add("libinner.so", INNER_DEEP.1);
    let folder = locked.path("").trim_end_matches('/').to_string();
    let path = format!("{folder}\0");
    let pointer = UserStr::new(pointer(path.as_bytes()));
    call!(chmod(pointer, 0)).expect("chmod");
    let behind = format!("LD_LIBRARY_PATH={folder}:{}", libraries.path(""));
    let somebody = child::start(|| {
        call!(setuid32(1000)).expect("setuid32");
        expect("/bin/linked", &["through", "libouter.so"], &[&behind], &["1"]);
        // Whoever names one file means that.
        let named = locked.path("libinner.so");
        let (status, text) = run("/bin/linked", &["through", &named], &[]);
        assert_eq!(text, format!("{named}: {}\n", Errno::EACCES));
        assert_eq!(status, Status::Exited(1));
        0
    });
    assert_eq!(child::wait(somebody), Status::Exited(0));
}

pub fn every_relocation_comes_to_what_it_should() {
    only_here();
    for values in [VALUES, VALUES_NOW] {
        let mut libraries = folder_of(&[]);
        libraries.add("libvalues.so", values.1);
        let program = libraries.add_program("program", PROGRAM.1);
        let variable = libraries.variable();
        expect(&program, &[], &[&variable], &["checked"]);
        expect(&program, &[], &[&variable, "LD_BIND_NOW=1"], &["checked"]);
    }
}

pub fn what_is_only_written_when_relocated_is_protected() {
    only_here();
    let mut libraries = folder_of(&[VALUES]);
    let program = libraries.add_program("program", PROGRAM.1);
    let (status, text) = run(&program, &["writes"], &[&libraries.variable()]);
    assert_eq!((status, &*text), (Status::Signaled(SIGSEGV), "checked\n"));
}
