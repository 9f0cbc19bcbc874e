//! The terminal: what a user at the keyboard relies on.

use crate::Outcome;
use crate::guest::Setup;
use crate::typist::Typist;
use abi::frame::Exit;
use xtask::captured::text;

/// The shell's prompt.
const PROMPT: &str = "$ ";

/// Types at a shell, and compares how that ended.
fn expect(setup: &Setup, steps: &[(&'static str, &'static str)], exit: Exit) -> Outcome {
    let ended = setup.program(&["/bin/sh"])?.run_on_terminal(Typist::new(steps))?;
    let shown = text(&ended.stdout);
    ended.expect_exit(exit).map_err(|why| format!("{why}\nthe screen: {shown:?}"))
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
    expect(setup, &steps, Exit::Exited(7))
}

pub fn lines_are_edited_echoed_and_ended(setup: &Setup) -> Outcome {
    let steps = [
        (PROMPT, "sh -c 'echo started; cat'\r"),
        ("started\r\n", "gone\x15hallo\x7f\x7f\x7fllo\n"),
        ("\r\nhallo\r\n", "last \x04"),
        ("last last ", "\x04"),
        (PROMPT, "exit\r"),
    ];
    expect(setup, &steps, Exit::Exited(0))
}
