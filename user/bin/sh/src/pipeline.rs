//! Runs pipelines and the commands in them.

use crate::job;
use crate::redirect::{self, Kept};
use crate::state::Shell;
use crate::{builtin, execute, lookup};
use alloc::string::String;
use alloc::vec::Vec;
use shell::expand;
use shell::pattern;
use shell::syntax::{Command, Item, Pipeline, Simple};
use sys::file::{self, File};
use sys::io::{STDIN, STDOUT};
use sys::wait::Status;
use sys::{Errno, eprintln};

/// Runs a pipeline and waits for it; its status is that of the last command.
pub fn run(shell: &mut Shell, pipeline: &Pipeline) {
    let status = match pipeline.commands.as_slice() {
        [Command::Simple(simple)] => alone(shell, simple),
        commands => several(shell, commands),
    };
    shell.status = match status {
        Ok(status) if pipeline.negated => i32::from(status == 0),
        Ok(status) => status,
        Err(error) => {
            eprintln!("sh: {error}");
            1
        }
    };
}

/// What a job is called.
pub fn describe(item: &Item) -> String {
    let mut text = String::new();
    for command in &item.first.commands {
        if !text.is_empty() {
            text.push_str(" | ");
        }
        match command {
            Command::Subshell(..) => text.push_str("(...)"),
            Command::Simple(simple) => {
                let words = simple.words.iter().filter_map(|word| word.plain());
                let words: Vec<&[u8]> = words.collect();
                text.push_str(&String::from_utf8_lossy(&words.join(&b' ')));
            }
        }
    }
    text
}

/// A command that is alone may change the shell itself.
fn alone(shell: &mut Shell, simple: &Simple) -> Result<i32, Errno> {
    let arguments = arguments(shell, simple)?;
    let Some(name) = arguments.first() else {
        return assign_only(shell, simple);
    };
    let Some(builtin) = builtin::find(name) else {
        let pid = job::fork(shell, None, shell.terminal.is_some(), |shell| {
            shell.become_subshell();
            program(shell, simple, &arguments)
        })?;
        return wait(shell, Vec::from([pid]), String::from_utf8_lossy(name).into_owned());
    };
    let mut kept = Kept::default();
    let result = redirect::apply(shell, &simple.redirections, Some(&mut kept));
    let status = match result {
        Ok(()) => {
            assign(shell, simple, false)?;
            let status = builtin(shell, &arguments);
            // `exec` with redirections alone is there to keep them.
            if name == b"exec" {
                kept.forget();
            }
            status
        }
        Err(()) => 1,
    };
    kept.restore();
    Ok(status)
}

fn assign_only(shell: &mut Shell, simple: &Simple) -> Result<i32, Errno> {
    let mut kept = Kept::default();
    let redirected = redirect::apply(shell, &simple.redirections, Some(&mut kept));
    kept.restore();
    // The status is that of the last `$( … )`, if there is one.
    shell.status = 0;
    assign(shell, simple, false)?;
    Ok(if redirected.is_ok() { shell.status } else { 1 })
}

fn assign(shell: &mut Shell, simple: &Simple, export: bool) -> Result<(), Errno> {
    for (name, word) in &simple.assignments {
        let value = expand::value(word, shell)?;
        shell.set(name, value);
        if export {
            shell.export(name);
        }
    }
    Ok(())
}

/// Words to arguments, patterns to the names they match.
fn arguments(shell: &mut Shell, simple: &Simple) -> Result<Vec<Vec<u8>>, Errno> {
    let mut arguments = Vec::new();
    for word in &simple.words {
        for field in expand::fields(word, shell)? {
            let matching =
                if pattern::is_pattern(&field) { lookup::matching(&field) } else { Vec::new() };
            if matching.is_empty() {
                arguments.push(expand::bytes(&field));
            } else {
                arguments.extend(matching);
            }
        }
    }
    Ok(arguments)
}

/// Each command in a process of its own, all in one group.
fn several(shell: &mut Shell, commands: &[Command]) -> Result<i32, Errno> {
    let mut input: Option<File> = None;
    let mut pids = Vec::new();
    for (index, command) in commands.iter().enumerate() {
        let last = index + 1 == commands.len();
        let (next, output) = if last {
            (None, None)
        } else {
            let (read, write) = file::pipe()?;
            (Some(read), Some(write))
        };
        let foreground = shell.terminal.is_some();
        let pid = job::fork(shell, pids.first().copied(), foreground, |shell| {
            shell.become_subshell();
            for (end, standard) in [(&input, STDIN), (&output, STDOUT)] {
                if let Some(end) = end
                    && file::duplicate_to(end.fd(), standard).is_err()
                {
                    return 1;
                }
            }
            // A reader left over here would keep the writers of this pipe from ending.
            for end in [&input, &output, &next].into_iter().flatten() {
                let _ = file::close(end.fd());
            }
            within(shell, command)
        })?;
        pids.push(pid);
        input = next;
    }
    wait(shell, pids, String::from("pipeline"))
}

/// Runs a command in a process that ends with it.
fn within(shell: &mut Shell, command: &Command) -> i32 {
    match command {
        Command::Subshell(list, redirections) => {
            if redirect::apply(shell, redirections, None).is_err() {
                return 1;
            }
            execute::list(shell, list);
            shell.exit_status()
        }
        Command::Simple(simple) => match arguments(shell, simple) {
            Ok(arguments) => program(shell, simple, &arguments),
            Err(error) => {
                eprintln!("sh: {error}");
                1
            }
        },
    }
}

/// Becomes a program, or runs a builtin; the status if it is still here then.
fn program(shell: &mut Shell, simple: &Simple, arguments: &[Vec<u8>]) -> i32 {
    if redirect::apply(shell, &simple.redirections, None).is_err() {
        return 1;
    }
    if let Err(error) = assign(shell, simple, true) {
        eprintln!("sh: {error}");
        return 1;
    }
    let Some(name) = arguments.first() else { return 0 };
    match builtin::find(name) {
        Some(builtin) => {
            shell.status = builtin(shell, arguments);
            shell.exit_status()
        }
        None => lookup::execute(shell, arguments),
    }
}

fn wait(shell: &mut Shell, pids: Vec<i32>, name: String) -> Result<i32, Errno> {
    let status = job::foreground(shell, pids, name)?;
    if let Status::Signaled(signal) = status
        && shell.terminal.is_some()
    {
        // The prompt is to begin a line of its own.
        match signal {
            sys::abi::signal::SIGINT => eprintln!(),
            signal => eprintln!("{}", sys::abi::signal::name(signal).unwrap_or("killed")),
        }
    }
    Ok(status.code())
}
