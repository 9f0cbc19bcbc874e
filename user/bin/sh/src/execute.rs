//! Runs lists: one item after another, `&&`, `||`, `&`.

use crate::state::Shell;
use crate::{job, pipeline};
use alloc::vec::Vec;
use shell::expand::Values;
use shell::syntax::{Connective, Item, List};
use sys::io::STDOUT;
use sys::process::{self, Fork};
use sys::{Errno, eprintln, file};

/// Runs all items until one ends the shell.
pub fn list(shell: &mut Shell, list: &List) {
    for item in &list.items {
        if !shell.is_running() {
            return;
        }
        if item.background {
            background(shell, item);
        } else {
            joined(shell, item);
        }
    }
}

fn joined(shell: &mut Shell, item: &Item) {
    pipeline::run(shell, &item.first);
    for (connective, next) in &item.rest {
        let wanted = match connective {
            Connective::And => shell.status == 0,
            Connective::Or => shell.status != 0,
        };
        if wanted && shell.is_running() {
            pipeline::run(shell, next);
        }
    }
}

/// Runs an item in a subshell nobody waits for.
fn background(shell: &mut Shell, item: &Item) {
    let child = job::fork(shell, None, false, |shell| {
        if shell.terminal.is_none() {
            // Nobody could stop it from taking what others should read.
            let _ = file::File::open("/dev/null")
                .and_then(|null| file::duplicate_to(null.fd(), sys::io::STDIN));
        }
        shell.become_subshell();
        joined(shell, item);
        shell.exit_status()
    });
    match child {
        Ok(pid) => {
            shell.last_background = Some(pid);
            shell.status = 0;
            let number = shell.jobs.add(Vec::from([pid]), pipeline::describe(item));
            if shell.terminal.is_some() {
                eprintln!("[{number}] {pid}");
            }
        }
        Err(error) => {
            eprintln!("sh: {error}");
            shell.status = 1;
        }
    }
}

impl Values for Shell {
    type Error = Errno;

    fn variable(&mut self, name: &[u8]) -> Vec<Vec<u8>> {
        self.values(name)
    }

    fn output(&mut self, commands: &List) -> Result<Vec<u8>, Errno> {
        let (read, write) = file::pipe()?;
        let pid = match process::fork()? {
            Fork::Parent(pid) => pid,
            Fork::Child => {
                job::default_signals();
                let status = match file::duplicate_to(write.fd(), STDOUT) {
                    Ok(()) => {
                        drop((read, write));
                        self.become_subshell();
                        list(self, commands);
                        self.exit_status()
                    }
                    Err(_) => 1,
                };
                process::exit(status)
            }
        };
        drop(write);
        let mut output = Vec::new();
        let result = read.read_to_end(&mut output);
        self.status = job::wait_for(pid)?.code();
        result.map(|()| output)
    }
}
