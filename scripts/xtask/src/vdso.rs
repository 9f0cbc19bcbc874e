//! The shared object that the kernel carries: `kernel/vdso`, compiled as programs are and linked by a
//! script of its own.

use crate::build::{changed, images, replace};
use crate::cargo::{self, Target};
use crate::stop::{Result, failed};
use crate::workspace;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Tells the kernel's build where it is.
pub const VARIABLE: &str = "VDSO";

/// Builds it; the path of the file. Its functions unwind, so that whoever looks at a program that
/// waits in the kernel sees where it came from.
pub fn link(show: bool) -> Result<PathBuf> {
    let mut command = cargo::for_target("cargo", "build", Target::User);
    command.args(["--package", "vdso", "--profile", "release", "-Zprofile-rustflags", "--config"]);
    command.arg("profile.release.package.vdso.rustflags=['-Cforce-unwind-tables=yes']");
    command.arg("--target-dir").arg(workspace::target());
    cargo::build(command, "the vDSO", show)?;
    let library = workspace::target().join("i686-user/release/libvdso.a");
    let script = workspace::root().join("linker/vdso.ld");
    let place = images()?.join("vdso.so");
    // A new file would be a new kernel.
    if changed(&place) > changed(&library).max(changed(&script)) {
        return Ok(place);
    }
    replace(&place, |new| {
        let output = Command::new("ld")
            .args(["-m", "elf_i386", "-shared", "-soname", "linux-gate.so.1", "-Bsymbolic"])
            .args(["--hash-style=both", "--eh-frame-hdr", "--build-id=none", "--strip-all"])
            .args(["--gc-sections", "--no-undefined", "-z", "max-page-size=4096"])
            .args(["-z", "norelro", "-z", "noexecstack", "-o"])
            .arg(new)
            .arg("-T")
            .arg(script)
            .arg(library)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(format!("cannot run ld ({error}): install binutils")))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(failed(String::from_utf8_lossy(&output.stderr).into_owned())),
        }
    })?;
    Ok(place)
}
