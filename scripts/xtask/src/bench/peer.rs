//! The measuring program as the first program of Debian's Linux.

use crate::build;
use crate::contents::Contents;
use crate::debian::{self, Fetched};
use crate::guest::Guest;
use crate::machine::Machine;
use crate::qemu::Begin;
use crate::session::archive_file;
use crate::stop::{Result, failed, io};
use crate::workspace;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// Without everything that makes Linux slower and that Folio does not have.
const LEAN: &str = "mitigations=off nokaslr norandmaps randomize_kstack_offset=off init_on_alloc=0 \
    hardened_usercopy=off cgroup_disable=memory audit=0 lsm= preempt=none psi=0 noautogroup \
    nowatchdog userpte=nohigh cryptomgr.notests noisapnp transparent_hugepage=never";
/// Longer than any honest run takes.
const TIMEOUT: Duration = Duration::from_secs(1200);
/// For Linux to be done with, once its program has ended.
const STOPPING: Duration = Duration::from_secs(20);

/// What it prints for `names`; kept from an earlier run, unless `again`.
pub fn output(
    machine: &Machine,
    contents: &Contents,
    names: &[String],
    again: bool,
) -> Result<String> {
    let kernel = debian::kernel(machine.layout.pae)?;
    let kept = kept(machine, &kernel, names)?;
    if let (false, Ok(output)) = (again, fs::read_to_string(&kept)) {
        return Ok(output);
    }
    eprintln!("measuring {}", kernel.package);
    let output = boot(machine, contents, &kernel, "", names)?;
    fs::write(&kept, &output).map_err(|error| io("write", &kept, error))?;
    Ok(output)
}

/// What it prints for one measurement with marks around it, and the kernel's name.
pub fn marked(machine: &Machine, contents: &Contents, row: &str) -> Result<(String, String)> {
    let kernel = debian::kernel(machine.layout.pae)?;
    eprintln!("counting on {}", kernel.package);
    let mark = format!("--mark {row} ");
    let output = boot(machine, contents, &kernel, &mark, &[row.to_owned()])?;
    let name = if machine.layout.pae { "686-pae" } else { "686" };
    Ok((output, name.to_owned()))
}

/// Where the output is kept: a file for everything it depends on.
fn kept(machine: &Machine, kernel: &Fetched, names: &[String]) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    (LEAN, &kernel.package, names, machine.memory, &machine.cpu).hash(&mut hasher);
    for program in build::programs(false)? {
        if program.guest.starts_with(super::PROGRAM) {
            let bytes = fs::read(&program.stripped);
            bytes.map_err(|error| io("read", &program.stripped, error))?.hash(&mut hasher);
        }
    }
    let name = format!("bench-{:016x}.txt", hasher.finish());
    Ok(workspace::target().join("linux").join(name))
}

fn boot(
    machine: &Machine,
    contents: &Contents,
    kernel: &Fetched,
    options: &str,
    names: &[String],
) -> Result<String> {
    let program = super::PROGRAM;
    let mut line =
        format!("console=ttyS0 quiet panic=-1 rdinit={program} {LEAN} -- {options}--rows");
    for name in names {
        line.push(' ');
        line.push_str(name);
    }
    let archive = archive_file()?;
    contents.write(archive.path())?;
    let begin = Begin::Kernel {
        kernel: &kernel.path,
        archive: Some(archive.path()),
        line: line.as_bytes(),
        memory: None,
    };
    let guest = Guest::start(machine, begin, None)?;
    let mut com1 = guest.com1()?;
    let (tell, told) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = com1.read_to_end(&mut bytes);
        // Nobody listens after a timeout.
        let _ = tell.send(result.map(|_| bytes));
    });
    let output = told.recv_timeout(TIMEOUT);
    let messages = guest.finish(STOPPING)?.messages;
    let output = match output {
        Ok(Ok(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Err(error)) => return Err(failed(format!("COM1 of Linux: {error}"))),
        Err(_) => {
            return Err(failed(format!("Linux did not end after {} seconds", TIMEOUT.as_secs())));
        }
    };
    // The kernel says how its first program ended, in the panic that follows. Status 1 tells of a
    // row that failed: messages between processes are Folio's own.
    if ["exitcode=0x00000000", "exitcode=0x00000100"].iter().any(|end| output.contains(end)) {
        Ok(output)
    } else {
        let last: Vec<&str> = output.lines().rev().take(20).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Err(failed(format!("{program} did not succeed on Linux: {messages}\n{}", last.join("\n"))))
    }
}
