//! Commands that change the shell itself.

use crate::state::Shell;
use crate::{job, lookup};
use alloc::string::String;
use alloc::vec::Vec;
use shell::parse::name_length;
use sys::io::STDOUT;
use sys::{Errno, directory, eprintln, println};

/// A builtin: the exit status of its arguments.
pub type Builtin = fn(&mut Shell, &[Vec<u8>]) -> i32;

/// The builtin of that name.
pub fn find(name: &[u8]) -> Option<Builtin> {
    Some(match name {
        b":" | b"true" => |_, _| 0,
        b"false" => |_, _| 1,
        b"bg" => |shell, arguments| resume(shell, arguments, false),
        b"cd" => cd,
        b"exec" => exec,
        b"exit" => exit,
        b"export" => export,
        b"fg" => |shell, arguments| resume(shell, arguments, true),
        b"history" => history,
        b"jobs" => jobs,
        b"pwd" => pwd,
        b"set" => set,
        b"umask" => umask,
        b"unset" => unset,
        b"wait" => wait,
        _ => return None,
    })
}

/// Runs a builtin's body, says what went wrong.
fn report(name: &str, what: &[u8], result: Result<i32, Errno>) -> i32 {
    match result {
        Ok(status) => status,
        Err(error) if what.is_empty() => {
            eprintln!("sh: {name}: {error}");
            1
        }
        Err(error) => {
            eprintln!("sh: {name}: {}: {error}", what.escape_ascii());
            1
        }
    }
}

fn number<T: core::str::FromStr>(text: &[u8], radix_mark: u8) -> Option<T> {
    let text = text.strip_prefix(&[radix_mark]).unwrap_or(text);
    core::str::from_utf8(text).ok()?.parse().ok()
}

fn cd(shell: &mut Shell, arguments: &[Vec<u8>]) -> i32 {
    let home = shell.variable(b"HOME").unwrap_or(b"/").to_vec();
    let old = shell.variable(b"OLDPWD").map(<[u8]>::to_vec);
    let target = match arguments.get(1).map(Vec::as_slice) {
        None => home,
        Some(b"-") => old.unwrap_or(home),
        Some(path) => path.to_vec(),
    };
    let before = directory::current();
    let result = directory::set_current(&target);
    if result.is_ok() {
        if let Ok(before) = before {
            shell.set(b"OLDPWD", before);
        }
        if let Ok(now) = directory::current() {
            shell.set(b"PWD", now);
        }
    }
    report("cd", &target, result.map(|()| 0))
}

fn pwd(_: &mut Shell, _: &[Vec<u8>]) -> i32 {
    let result = directory::current().and_then(|mut path| {
        path.push(b'\n');
        STDOUT.write_all(&path)
    });
    report("pwd", b"", result.map(|()| 0))
}

fn exit(shell: &mut Shell, arguments: &[Vec<u8>]) -> i32 {
    let status = match arguments.get(1) {
        None => shell.status,
        Some(text) => number(text, b'+').unwrap_or_else(|| {
            eprintln!("sh: exit: {}: not a number", text.escape_ascii());
            2
        }),
    };
    shell.leave(status & 0xff);
    status & 0xff
}

/// Becomes a program; without one its redirections stay.
fn exec(shell: &mut Shell, arguments: &[Vec<u8>]) -> i32 {
    let Some(command) = arguments.get(1..).filter(|command| !command.is_empty()) else { return 0 };
    job::default_signals();
    let status = lookup::execute(shell, command);
    shell.leave(status);
    status
}

fn export(shell: &mut Shell, arguments: &[Vec<u8>]) -> i32 {
    if arguments.len() == 1 {
        return show(shell.named(true));
    }
    let mut status = 0;
    for argument in arguments.iter().skip(1) {
        let length = name_length(argument);
        let (name, rest) = argument.split_at(length);
        match rest {
            [] if length > 0 => shell.export(name),
            [b'=', value @ ..] if length > 0 => {
                shell.set(name, value.to_vec());
                shell.export(name);
            }
            _ => {
                eprintln!("sh: export: {}: not a name", argument.escape_ascii());
                status = 1;
            }
        }
    }
    status
}

fn set(shell: &mut Shell, _: &[Vec<u8>]) -> i32 {
    show(shell.named(false))
}

fn show<'a>(variables: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> i32 {
    let lines = variables.map(|(name, value)| [name, b"='", value, b"'\n"].concat());
    let text: Vec<u8> = lines.flatten().collect();
    report("write", b"", STDOUT.write_all(&text).map(|()| 0))
}

fn unset(shell: &mut Shell, arguments: &[Vec<u8>]) -> i32 {
    arguments.iter().skip(1).for_each(|name| shell.unset(name));
    0
}

fn history(shell: &mut Shell, _: &[Vec<u8>]) -> i32 {
    for (index, line) in shell.history.iter().enumerate() {
        println!("{:5}  {}", index + 1, String::from_utf8_lossy(line));
    }
    0
}

fn jobs(shell: &mut Shell, _: &[Vec<u8>]) -> i32 {
    for line in shell.jobs.collect() {
        println!("{line}");
    }
    for line in shell.jobs.describe() {
        println!("{line}");
    }
    0
}

fn resume(shell: &mut Shell, arguments: &[Vec<u8>], front: bool) -> i32 {
    let name = if front { "fg" } else { "bg" };
    let job = arguments.get(1).map(|text| number(text, b'%').unwrap_or(0));
    let result = job::resume(shell, job, front);
    report(name, b"", result)
}

fn wait(shell: &mut Shell, arguments: &[Vec<u8>]) -> i32 {
    let pid = arguments.get(1).map(|text| number(text, b'+').unwrap_or(0));
    let result = job::wait_all(shell, pid);
    report("wait", b"", result)
}

fn umask(_: &mut Shell, arguments: &[Vec<u8>]) -> i32 {
    use sys::syscall::linux;
    let new = match arguments.get(1) {
        None => None,
        Some(text) => {
            let text = core::str::from_utf8(text).unwrap_or("");
            match u32::from_str_radix(text, 8) {
                Ok(mask) => Some(mask),
                Err(_) => return report("umask", text.as_bytes(), Err(Errno::EINVAL)),
            }
        }
    };
    // SAFETY: the call names no memory.
    let old = unsafe { linux::umask(new.unwrap_or(0o022)) };
    if let (None, Ok(old)) = (new, old) {
        // SAFETY: the call names no memory.
        let _ = unsafe { linux::umask(old) };
        println!("{old:04o}");
    }
    0
}
