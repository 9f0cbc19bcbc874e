//! Debian's programs at the terminal.

use crate::Outcome;
use crate::guest::Setup;
use crate::typist::Typist;
use abi::frame::Exit;
use xtask::captured::text;

/// Ends bash's prompt.
const PROMPT: &str = "# ";

/// What is shown next, and what is typed then. Words of a command that are also its output are
/// quoted, so that the echo is not taken for it.
const JOBS: &[(&str, &str)] = &[
    (PROMPT, "sleep 100 &\r"),
    ("[1] ", "jobs\r"),
    ("[1]+  Running                 sleep 100 &\r\n", "fg\r"),
    // The job has the terminal now.
    ("fg\r\nsleep 100\r\n", "\x1a"),
    ("[1]+  Stopped                 sleep 100\r\n", "echo stat''us $?\r"),
    ("status 148\r\n", "bg\r"),
    ("[1]+ sleep 100 &\r\n", "kill %1; wait %1; echo kill''ed $?\r"),
    ("killed 143\r\n", "sh -c 'echo sta\"\"rted; sleep 100'\r"),
    ("started\r\n", "\x03"),
    (PROMPT, "echo interr''upted $?\r"),
    // A pipeline stops and goes on as a whole.
    ("interrupted 130\r\n", "{ echo go''ing >&2; cat; } | tr a-z A-Z\r"),
    ("going\r\n", "\x1a"),
    ("[1]+  Stopped                 { echo go''ing 1>&2; cat; } | tr a-z A-Z\r\n", "fg\r"),
    ("fg\r\n", "some words\r"),
    ("some words\r\n", "\x04"),
    ("SOME WORDS\r\n", "echo pi''pe $?\r"),
    ("pipe 0\r\n", "sh -c 'kill -STOP $$; exit 3'\r"),
    ("[1]+  Stopped                 sh -c 'kill -STOP $$; exit 3'\r\n", "fg %1; echo exi''t $?\r"),
    // Who reads the terminal in the background stops.
    ("exit 3\r\n", "cat &\r"),
    ("[1] ", "sleep 1; jobs -l\r"),
    ("Stopped (tty input)", "kill -9 %1; wait; echo go''ne\r"),
    ("gone\r\n", "trap 'echo ca''ught' USR1; kill -USR1 $$\r"),
    ("caught\r\n", "false | true; echo la''st ${PIPESTATUS[@]}\r"),
    ("last 1 0\r\n", "exit 7\r"),
];

pub fn bash_controls_jobs(setup: &Setup) -> Outcome {
    let words = ["/bin/bash", "--norc", "-i"];
    let typist = Typist::new(JOBS.iter().copied());
    let ended = setup.foreign(&words)?.run_on_terminal(typist)?;
    let shown = text(&ended.stdout);
    ended
        .expect_exit(Exit::Exited(7))
        .map_err(|why| format!("{why}\nthe screen:\n{}", shown.replace('\r', "")))
}
