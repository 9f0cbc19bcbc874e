//! Debian's programs at the terminal.

use crate::Outcome;
use crate::guest::Setup;
use crate::typist::Typist;
use Step::{Command, Shown};
use abi::frame::Exit;
use xtask::captured::text;

enum Step {
    /// At bash's next prompt this line is typed.
    Command(&'static str),
    /// Once this is on the screen, these keys are pressed.
    Shown(&'static str, &'static str),
}

/// Ends bash's prompt, behind which bash edits lines itself. Before, keys would go to the job, or be
/// echoed by the terminal and again by bash.
const PROMPT: &str = "# ";

/// Words of a command that are also its output are quoted, so that the echo is not taken for it. Keys
/// for a job are pressed when it has shown that it has the terminal: `fg` says what it continues
/// before it hands the terminal over.
const JOBS: &[Step] = &[
    Command("sleep 100 &"),
    Shown("[1] ", ""),
    Command("jobs"),
    Shown("[1]+  Running                 sleep 100 &\r\n", ""),
    Command("kill %1; wait %1; echo kill''ed $?"),
    Shown("killed 143\r\n", ""),
    // In the background it fails to read, and tries again.
    Command("ask() { until read word; do sleep .1; done 2>/dev/null; }"),
    Command("job() { trap '' TTIN; ask; echo go''t $word; sleep 100; }"),
    Command("job &"),
    Shown("[1] ", ""),
    Command("fg"),
    Shown("fg\r\njob\r\n", "hello\r"),
    Shown("got hello\r\n", "\x1a"),
    Shown("[1]+  Stopped                 job\r\n", ""),
    Command("echo stat''us $?"),
    Shown("status 148\r\n", ""),
    Command("bg"),
    Shown("[1]+ job &\r\n", ""),
    Command("kill %1; wait %1; echo kill''ed $?"),
    Shown("killed 143\r\n", ""),
    // It waits in the process that says so: dash forgets a ^C that comes while it starts another.
    Command("(echo sta''rted; read)"),
    Shown("started\r\n", "\x03"),
    Command("echo interr''upted $?"),
    Shown("interrupted 130\r\n", ""),
    // A pipeline stops and goes on as a whole.
    Command("{ echo; cat; } | { read; echo go''ing >&2; tr a-z A-Z; }"),
    Shown("going\r\n", "\x1a"),
    Shown("[1]+  Stopped ", ""),
    Command("fg"),
    Shown("tr a-z A-Z; }\r\n", "some words\r"),
    Shown("some words\r\n", "\x04"),
    Shown("SOME WORDS\r\n", ""),
    Command("echo pi''pe $?"),
    Shown("pipe 0\r\n", ""),
    Command("sh -c 'kill -STOP $$; exit 3'"),
    Shown("[1]+  Stopped                 sh -c 'kill -STOP $$; exit 3'\r\n", ""),
    Command("fg %1; echo exi''t $?"),
    Shown("exit 3\r\n", ""),
    // Who reads the terminal in the background stops.
    Command("cat &"),
    Shown("[1] ", ""),
    Command("until [[ $(jobs -l) == *input* ]]; do sleep .1; done; jobs -l"),
    Shown("Stopped (tty input)", ""),
    Command("kill -9 %1; wait; echo go''ne"),
    Shown("gone\r\n", ""),
    Command("trap 'echo ca''ught' USR1; kill -USR1 $$"),
    Shown("caught\r\n", ""),
    Command("false | true; echo la''st ${PIPESTATUS[@]}"),
    Shown("last 1 0\r\n", ""),
    Command("exit 7"),
];

pub fn bash_controls_jobs(setup: &Setup) -> Outcome {
    let words = ["/bin/bash", "--norc", "-i"];
    let typist = Typist::new(JOBS.iter().map(|step| match step {
        Command(line) => (PROMPT.to_string(), format!("{line}\r")),
        Shown(text, keys) => (text.to_string(), keys.to_string()),
    }));
    let ended = setup.foreign(&words)?.run_on_terminal(typist)?;
    let shown = text(&ended.stdout);
    ended
        .expect_exit(Exit::Exited(7))
        .map_err(|why| format!("{why}\nthe screen:\n{}", shown.replace('\r', "")))
}
