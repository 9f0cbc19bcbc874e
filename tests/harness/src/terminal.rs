//! The terminal: what a user at the keyboard relies on.

use crate::Outcome;
use crate::console::expect_deaths;
use crate::guest::{Guest, Setup};
use crate::typist::Typist;
use abi::frame::Exit;
use xtask::captured::text;

/// The shell's prompt.
const PROMPT: &str = "$ ";

/// Types at a program, and compares how that ended. What was shown.
fn expect(guest: Guest<'_>, typist: Typist, exit: Exit) -> Result<Vec<u8>, String> {
    let ended = guest.run_on_terminal(typist)?;
    let shown = text(&ended.stdout);
    ended.expect_exit(exit).map_err(|why| format!("{why}\nthe screen: {shown:?}"))?;
    Ok(ended.stdout)
}

pub fn a_shell_obeys_the_keyboard(setup: &Setup) -> Outcome {
    let steps = [
        (PROMPT, "echo one | cat; echo two > /tmp/x; cat /tmp/x\r"),
        ("one\r\ntwo\r\n", "sh -c 'echo started; sleep 100'\r"),
        ("started\r\n", "\x03"),
        (PROMPT, "echo status $?\r"),
        ("status 130\r\n", "sleep 1 &\r"),
        (PROMPT, "exit 7\r"),
    ];
    expect(setup.program(&["/bin/sh"])?, Typist::new(steps), Exit::Exited(7)).map(drop)
}

pub fn lines_are_edited_echoed_and_ended(setup: &Setup) -> Outcome {
    let steps = [
        (PROMPT, "sh -c 'echo started; cat'\r"),
        ("started\r\n", "gone\x15hallo\x7f\x7f\x7fllo\n"),
        ("\r\nhallo\r\n", "last \x04"),
        ("last last ", "\x04"),
        (PROMPT, "exit\r"),
    ];
    expect(setup.program(&["/bin/sh"])?, Typist::new(steps), Exit::Exited(0)).map(drop)
}

pub fn a_shell_outlives_console_servers(setup: &Setup) -> Outcome {
    let mut steps = vec![(PROMPT.to_owned(), "echo begi'n'\r".to_owned())];
    let mut last = "begin\r\n".to_owned();
    for number in 0..40 {
        steps.push((last, format!("echo numbe'r' {number} | cat\r")));
        last = format!("number {number}\r\n");
    }
    steps.push((last, "exit 5\r".to_owned()));
    let guest = setup.killing("console", 30, &["/bin/sh"])?;
    let mut shown = expect(guest, Typist::new(steps), Exit::Exited(5))?;
    expect_deaths(&mut shown)
}
