//! Objects of a C compiler: what it makes of libraries and programs that Rust's does not.

use crate::objects::{Libraries, expect, only_here};

macro_rules! object {
    ($name:literal) => {
        ($name, include_bytes!(concat!(env!("OUT_DIR"), "/", $name)))
    };
}

const INNER: (&str, &[u8]) = object!("libinner.so");
const OUTER: (&str, &[u8]) = object!("libouter.so");

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
