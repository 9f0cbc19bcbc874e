//! The work: each step sees all that it does, and makes a number of it.

use crate::digest::{Digest, pattern};
use crate::gates;
use crate::scene::{self, FOLDER, MESSAGE, NOTES, Scene, WAITING, bytes_of, fill};
use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::memory::{MAP_PRIVATE, PROT_READ, PROT_WRITE};
use sys::abi::signal::SIGTERM;
use sys::command::Command;
use sys::file::{self, File, SeekFrom};
use sys::memory::Mapping;
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Errno, Result, directory, time};

type Step = (&'static str, fn(&mut Scene) -> Result<u32>);

const STEPS: &[Step] = &[
    ("gates", |_| Ok(gates::pass())),
    ("file", notes),
    ("pipe", pipe),
    ("partner", partner),
    ("memory", memory),
    ("mapping", mapping),
    ("program", program),
    ("shell", shell),
    ("server", server),
    ("time", passing_time),
    ("signal", signal),
];

/// Does all of it, tells what each step came to, and leaves nothing behind. Whether none failed.
pub fn run(mut scene: Scene, mut tell: impl FnMut(&str, Result<u32>)) -> bool {
    let mut is_well = true;
    for (name, step) in STEPS {
        let result = step(&mut scene);
        is_well &= result.is_ok();
        tell(name, result);
    }
    let result = end(scene);
    is_well &= result.is_ok();
    tell("end", result);
    is_well
}

/// Reads the file, copies it under another name, and looks at the folder.
fn notes(scene: &mut Scene) -> Result<u32> {
    const COPY: &str = "/tmp/work/copy";
    const OTHER: &str = "/tmp/work/other";
    let mut text = Vec::new();
    scene.notes.seek(SeekFrom::Start(0))?;
    scene.notes.read_to_end(&mut text)?;
    let mut digest = Digest::new();
    digest.add(&text);
    File::create(COPY)?.write_all(&text)?;
    directory::rename(COPY, OTHER)?;
    let mut names: Vec<Vec<u8>> = Vec::new();
    for entry in directory::entries(FOLDER)? {
        names.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        names.push(entry.name);
    }
    names.sort();
    names.iter().for_each(|name| digest.add(name));
    digest.add(&file::read(OTHER)?);
    directory::remove_file(OTHER)?;
    Ok(digest.value())
}

/// What waits in the pipe comes in order.
fn pipe(scene: &mut Scene) -> Result<u32> {
    let (mut digest, mut buffer, mut rest) = (Digest::new(), [0; 512], WAITING);
    while rest != 0 {
        let count = scene.pipe.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        digest.add(buffer.get(..count).unwrap_or_default());
        rest -= count.min(rest);
    }
    Ok(digest.value())
}

/// Questions and answers.
fn partner(scene: &mut Scene) -> Result<u32> {
    let (mut digest, mut message) = (Digest::new(), [0; MESSAGE]);
    for number in 0..20 {
        fill(&mut message, number);
        scene.partner.questions.write_all(&message)?;
        let count = scene.partner.answers.read(&mut message)?;
        digest.add(message.get(..count).unwrap_or_default());
    }
    Ok(digest.value())
}

/// A child changes its copy of what is its own, and what is shared.
fn memory(scene: &mut Scene) -> Result<u32> {
    const STEP: usize = 512;
    let (own, shared) = (bytes_of(&mut scene.own), bytes_of(&mut scene.shared));
    let status = child(|| {
        for bytes in [&mut *own, &mut *shared] {
            bytes.iter_mut().step_by(STEP).for_each(|byte| *byte ^= 0xff);
        }
        let is_changed = own.first() != Some(&pattern(1));
        i32::from(!is_changed)
    })?;
    let mut digest = Digest::new();
    digest.add_number(status);
    digest.add(own);
    digest.add(shared);
    Ok(digest.value())
}

/// The file as memory, part of which is changed.
fn mapping(scene: &mut Scene) -> Result<u32> {
    let protection = PROT_READ | PROT_WRITE;
    let length = 9 * 4096;
    let mut mapping = Mapping::new(length, protection, MAP_PRIVATE, scene.notes.fd(), 0)?;
    let mut digest = Digest::new();
    let bytes = bytes_of(&mut mapping);
    bytes.iter_mut().step_by(4096 * 3).for_each(|byte| *byte ^= 0x55);
    digest.add(bytes);
    digest.add(&file::read(NOTES)?);
    Ok(digest.value())
}

/// Another program says what is in the file.
fn program(_: &mut Scene) -> Result<u32> {
    said(Command::new("/bin/cat").arg(NOTES))
}

/// A shell, and what it starts.
fn shell(_: &mut Scene) -> Result<u32> {
    const SCRIPT: &str = "echo one > /tmp/work/line; cat /tmp/work/line /tmp/work/notes | cat; \
                          ls /tmp/work; rm /tmp/work/line";
    said(Command::new("/bin/sh").arg("-c").arg(SCRIPT))
}

/// Files that a server has.
fn server(_: &mut Scene) -> Result<u32> {
    let mut digest = Digest::new();
    for path in ["/proc/version", "/proc/self/cmdline", "/proc/self/mounts", "/proc/filesystems"] {
        digest.add(&file::read(path)?);
    }
    Ok(digest.value())
}

/// Time passes, and not backwards.
fn passing_time(_: &mut Scene) -> Result<u32> {
    const NAP: Duration = Duration::from_millis(5);
    let mut wrong = 0;
    for _ in 0..4 {
        let (start, _) = (time::now(), time::sleep(NAP));
        wrong += u32::from(time::now() < start + NAP);
    }
    Ok(wrong)
}

/// Who sleeps is woken by a signal, and how he ended is told.
fn signal(_: &mut Scene) -> Result<u32> {
    let pid = match process::fork()? {
        Fork::Parent(pid) => pid,
        Fork::Child => loop {
            time::sleep(Duration::from_secs(60));
        },
    };
    process::kill(pid, SIGTERM)?;
    Ok(number(process::wait(pid, 0)?.map(|(_, status)| status)))
}

/// What a program writes, and how it ends.
fn said(command: &mut Command<'_>) -> Result<u32> {
    let (from, to) = file::pipe()?;
    let pid = command.stdout(to.fd()).spawn()?;
    drop(to);
    let (mut digest, mut buffer) = (Digest::new(), [0; 4096]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => digest.add(buffer.get(..count).unwrap_or_default()),
            Err(Errno::EINTR) => {}
            Err(why) => return Err(why),
        }
    }
    digest.add_number(number(process::wait(pid, 0)?.map(|(_, status)| status)));
    Ok(digest.value())
}

/// How a child that does that ends.
fn child(work: impl FnOnce() -> i32) -> Result<u32> {
    match process::fork()? {
        Fork::Child => process::exit(work()),
        Fork::Parent(pid) => Ok(number(process::wait(pid, 0)?.map(|(_, status)| status))),
    }
}

fn number(status: Option<Status>) -> u32 {
    match status {
        Some(Status::Exited(code)) => code.cast_unsigned(),
        Some(Status::Signaled(signal)) => 0x100 | signal.cast_unsigned(),
        _ => 0x200,
    }
}

/// The partner ends when nobody asks any more.
fn end(scene: Scene) -> Result<u32> {
    let scene::Partner { pid, questions, answers } = scene.partner;
    drop((questions, answers));
    let status = number(process::wait(pid, 0)?.map(|(_, status)| status));
    directory::remove_file(NOTES)?;
    directory::remove(FOLDER)?;
    Ok(status)
}
