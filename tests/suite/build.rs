//! Links a static program that is not relocated, and has a C compiler make the objects that it hands
//! to the dynamic linker.

use std::path::PathBuf;
use std::process::Command;

/// File, source, and how it is compiled and linked; what a file needs comes before it.
const OBJECTS: &[(&str, &str, &[&str])] = &[
    ("libinner.so", "inner.c", &["-shared", "-fPIC", "-Wl,-z,lazy"]),
    ("libouter.so", "outer.c", &["-shared", "-fPIC", "-l:libinner.so"]),
    ("libdefiner.so", "definer.c", &["-shared", "-fPIC", "-l:libinner.so"]),
    ("libchoice.so", "choice.c", &["-shared", "-fPIC", "-Wl,-z,lazy", "-l:libinner.so"]),
    ("libcloser.so", "closer.c", &["-shared", "-fPIC"]),
    ("libgate.so", "gate.c", &["-shared", "-fPIC"]),
    ("libslow.so", "slow.c", &["-shared", "-fPIC", "-l:libgate.so"]),
    ("libpick.so", "pick.c", &["-shared", "-fPIC", "-Wl,-z,relro", "-l:libgate.so"]),
    ("libinner-deep.so", "deep.c", &["-shared", "-fPIC", "-Wl,-soname,libinner.so"]),
    ("librpath.so", "outer.c", &["-shared", "-fPIC", RPATH, DEEP, NEEDED, "-l:libouter.so"]),
    ("librunpath.so", "outer.c", &["-shared", "-fPIC", DEEP, "-l:libinner.so"]),
    ("libvalues.so", "values.c", &["-shared", "-fPIC", "-Wl,--hash-style=sysv,-z,lazy"]),
    ("libvalues-now.so", "values.c", &["-shared", "-fPIC", "-Wl,--hash-style=gnu,-z,now"]),
    ("program", "program.c", &["-no-pie", "-fno-pic", GUARDS, LAZY, LINKER, "-l:libvalues.so"]),
];

const RPATH: &str = "-Wl,--disable-new-dtags";
const DEEP: &str = "-Wl,-rpath,$ORIGIN-deep";
const NEEDED: &str = "-Wl,--no-as-needed";
const GUARDS: &str = "-fstack-protector-all";
const LAZY: &str = "-Wl,--hash-style=sysv,-z,lazy";
const LINKER: &str = "-Wl,--dynamic-linker=/lib/ld-folio.so.1,--allow-shlib-undefined";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=objects");
    println!("cargo::rustc-link-arg-bins=-static");
    println!("cargo::rustc-link-arg-bins=-no-pie");
    let to = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo says where"));
    for (file, source, options) in OBJECTS {
        let mut cc = Command::new("cc");
        cc.args(["-m32", "-O1", "-ffreestanding", "-nostdlib", "-fno-asynchronous-unwind-tables"]);
        cc.args(["-fno-stack-protector", "-Wl,--build-id=none,-z,max-page-size=4096"]);
        cc.args(["-Wl,-z,noseparate-code,-z,noexecstack", "-Wall", "-Werror"]);
        cc.arg(format!("-Wl,-soname,{file}")).arg("-o").arg(to.join(file));
        cc.arg(format!("objects/{source}")).arg("-L").arg(&to).args(*options);
        assert!(cc.status().expect("a C compiler").success(), "{cc:?}");
    }
}
