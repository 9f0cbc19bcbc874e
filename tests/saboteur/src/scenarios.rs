//! Work with each server, whose results are known.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use assist::files::{HELLO, HELLO_TEXT, LONG, LONG_BYTES, MOUNT_POINT, SINK, long_byte};
use assist::{COUNT, WHO};
use sys::abi::console::RING_BYTES;
use sys::abi::file::O_WRONLY;
use sys::file::{self, File};
use sys::io::STDOUT;
use sys::ipc::{Call, Connection};
use sys::service::connect;
use sys::{Result, directory, process};

fn text(path: &str) -> Result<String> {
    Ok(String::from_utf8_lossy(&file::read(path)?).into_owned())
}

pub fn version() -> Result<()> {
    assert!(text("/proc/version")?.contains(" version "));
    Ok(())
}

pub fn processes_and_machine() -> Result<()> {
    version()?;
    let pid = process::id();
    assert!(text("/proc/self/status")?.contains(&format!("\nPid:\t{pid}\n")));
    assert!(text("/proc/self/maps")?.contains("[stack]"));
    assert!(text(&format!("/proc/{pid}/stat"))?.starts_with(&format!("{pid} (saboteur) ")));
    assert_eq!(directory::read_link("/proc/self")?, format!("{pid}").into_bytes());
    assert_eq!(directory::read_link("/proc/self/cwd")?, b"/");
    assert_eq!(file::stat("/proc/self/exe")?.ino, file::stat("/bin/saboteur")?.ino);
    assert!(directory::entries("/proc/self/fd")?.len() >= 5);
    let names = directory::entries("/proc")?;
    assert!(names.iter().any(|entry| entry.name == format!("{pid}").into_bytes()));
    for (path, says) in [("/proc/meminfo", "MemTotal:"), ("/proc/stat", "ctxt ")] {
        assert!(text(path)?.contains(says), "{path}");
    }
    Ok(())
}

fn at(name: &str) -> String {
    format!("{MOUNT_POINT}/{name}")
}

pub fn one_file() -> Result<()> {
    assert_eq!(file::read(at(HELLO))?, HELLO_TEXT);
    Ok(())
}

pub fn files() -> Result<()> {
    one_file()?;
    assert_eq!(file::stat(at(HELLO))?.size, HELLO_TEXT.len() as i64);
    assert_eq!(file::stat(at("dir/deep/up"))?.ino, file::stat(at("link"))?.ino);
    assert_eq!(directory::read_link(at("link"))?, b"dir/inner");
    let names = directory::entries(MOUNT_POINT)?;
    assert!(names.iter().any(|entry| entry.name == HELLO.as_bytes()));
    let mut bytes = vec![0; LONG_BYTES as usize / 4];
    let file = File::open(at(LONG))?;
    let mut all = 0;
    while all < bytes.len() {
        let read = file.read(&mut bytes[all..])?;
        assert_ne!(read, 0, "the end");
        all += read;
    }
    assert!(bytes.iter().zip(0..).all(|(byte, at)| *byte == long_byte(at)));
    File::open_with(at(SINK), O_WRONLY, 0)?.write_all(&bytes)
}

pub fn one_call() -> Result<()> {
    let port = connect("assist")?;
    let who = port.call(Call::new(WHO).retry())?.message;
    assert_eq!(who.get(2), process::id().cast_unsigned());
    Ok(())
}

pub fn calls() -> Result<()> {
    for _ in 0..4 {
        one_call()?;
    }
    let port = connect("assist")?;
    let count = port.call(Call::new(COUNT).retry())?.message.get(0);
    let who = port.call(Call::new(WHO).retry())?.message;
    // Those before have used the frames too, but for some that died too early.
    assert!(count <= who.get(0) && count > 0, "{count} of {}", who.get(0));
    assert_eq!(process::kill(who.get(1).cast_signed(), 0), Ok(()));
    Ok(())
}

pub fn little_output() -> Result<()> {
    STDOUT.write(b"a little\n").map(drop)
}

/// More than its ring holds: somebody has to carry it away.
pub fn output() -> Result<()> {
    const LINE: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 012345678\n";
    for _ in 0..RING_BYTES.div_ceil(64) + 8 {
        let mut rest = &LINE[..];
        while !rest.is_empty() {
            rest = &rest[STDOUT.write(rest)?..];
        }
    }
    Ok(())
}
