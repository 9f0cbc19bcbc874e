//! `pmap [-x] PID…`: the mappings of processes, from `/proc`. `-x`: with what of them is present,
//! what of that is the process's share (Pss), and what was written.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::format;
use alloc::vec::Vec;
use figures::{Mapping, mappings};
use sys::options::Options;
use sys::{Result, env, eprintln, file, println};

sys::entry!(main);

fn main() -> i32 {
    let options = match Options::parse(env::args().skip(1), "x") {
        Ok(options) if !options.operands.is_empty() => options,
        _ => {
            eprintln!("usage: pmap [-x] PID...");
            return 2;
        }
    };
    let mut status = 0;
    for pid in &options.operands {
        let shown = match options.has(b'x') {
            true => extended(pid),
            false => plain(pid),
        };
        if let Err(why) = shown {
            eprintln!("pmap: {}: {why}", pid.escape_ascii());
            status = 1;
        }
    }
    status
}

/// What a file of a process says.
fn read(pid: &[u8], name: &str) -> Result<Vec<u8>> {
    file::read(format!("/proc/{}/{name}", pid.escape_ascii()))
}

/// The line that says which process it is.
fn title(pid: &[u8]) -> Result<()> {
    let mut line = read(pid, "cmdline")?;
    line.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    println!("{}:   {}", pid.escape_ascii(), line.trim_ascii().escape_ascii());
    Ok(())
}

/// The last part of a path, or what kind of memory it is.
fn name<'a>(mapping: &Mapping<'a>) -> &'a [u8] {
    match mapping.name {
        b"" => b"[ anon ]",
        b"[stack]" => b"[ stack ]",
        name => name.rsplit(|byte| *byte == b'/').next().unwrap_or(name),
    }
}

/// As in `r-x--`.
fn mode(mapping: &Mapping<'_>) -> [char; 5] {
    let right = |at: usize| mapping.rights.get(at).copied().map_or('-', char::from);
    [right(0), right(1), right(2), if right(3) == 's' { 's' } else { '-' }, '-']
}

fn plain(pid: &[u8]) -> Result<()> {
    let text = read(pid, "maps")?;
    title(pid)?;
    let mut total = 0;
    mappings(&text, |mapping| {
        let [read, write, execute, shared, reserved] = mode(mapping);
        println!(
            "{:08x} {:6}K {read}{write}{execute}{shared}{reserved} {}",
            mapping.start,
            mapping.kib(),
            name(mapping).escape_ascii(),
        );
        total += mapping.kib();
    });
    println!(" total {total:8}K");
    Ok(())
}

fn extended(pid: &[u8]) -> Result<()> {
    let text = read(pid, "smaps")?;
    title(pid)?;
    println!("Address   Kbytes     RSS     PSS   Dirty Mode  Mapping");
    let mut sums = [0; 4];
    mappings(&text, |mapping| {
        let [read, write, execute, shared, reserved] = mode(mapping);
        let sizes = [mapping.kib(), mapping.resident, mapping.proportional, mapping.dirty];
        let [size, resident, proportional, dirty] = sizes;
        println!(
            "{:08x} {size:7} {resident:7} {proportional:7} {dirty:7} \
             {read}{write}{execute}{shared}{reserved} {}",
            mapping.start,
            name(mapping).escape_ascii(),
        );
        sums.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
    });
    let [size, resident, proportional, dirty] = sums;
    println!("-------- ------- ------- ------- -------");
    println!("total kB {size:7} {resident:7} {proportional:7} {dirty:7}");
    Ok(())
}
