//! Objects of a C compiler: what it makes of libraries and programs that Rust's does not.

use crate::objects::{Libraries, expect, only_here};
use alloc::format;

macro_rules! object {
    ($name:literal) => {
        ($name, include_bytes!(concat!(env!("OUT_DIR"), "/", $name)))
    };
}

const INNER: (&str, &[u8]) = object!("libinner.so");
const OUTER: (&str, &[u8]) = object!("libouter.so");
const CLOSER: (&str, &[u8]) = object!("libcloser.so");
const CHOICE: (&str, &[u8]) = object!("libchoice.so");
const GATE: (&str, &[u8]) = object!("libgate.so");
const SLOW: (&str, &[u8]) = object!("libslow.so");

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
        expect("/bin/linked", &["resolver"], &variables, &["22", "22", "11"]);
    }
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
