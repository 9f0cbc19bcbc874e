//! A client of QMP, by which QEMU is controlled: a command is a line of JSON, and so is its answer.

use crate::stop::{Result, Stop, failed};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The longest time that QEMU takes for an answer, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Where QEMU will connect to.
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Listens at `path`, until QEMU has come.
    pub fn new(path: PathBuf) -> Result<Self> {
        let trouble = |error| {
            failed(format!(
                "cannot listen at {}: {error}; a shorter path of the tree may help",
                path.display()
            ))
        };
        let socket = UnixListener::bind(&path).map_err(trouble)?;
        socket.set_nonblocking(true).map_err(trouble)?;
        Ok(Self { socket, path })
    }

    /// Waits for QEMU, as long as it is `alive`; `None` if it died.
    pub fn accept(self, mut alive: impl FnMut() -> bool) -> Result<Option<UnixStream>> {
        let trouble = |error| failed(format!("the socket of QEMU: {error}"));
        let start = Instant::now();
        loop {
            match self.socket.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(trouble)?;
                    stream.set_read_timeout(Some(PATIENCE)).map_err(trouble)?;
                    return Ok(Some(stream));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(trouble(error)),
            }
            if !alive() {
                return Ok(None);
            }
            if start.elapsed() > PATIENCE {
                return Err(failed("QEMU does not connect: is this machine overloaded?"));
            }
            sleep(Duration::from_micros(500));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It goes with its folder if not now.
        let _ = fs::remove_file(&self.path);
    }
}

/// The connection to one QEMU.
pub struct Qmp {
    from: BufReader<UnixStream>,
}

impl Qmp {
    /// Greets QEMU.
    pub fn new(stream: UnixStream) -> Result<Self> {
        let mut qmp = Self { from: BufReader::new(stream) };
        qmp.message("its greeting")?.ok_or_else(|| gone("its greeting"))?;
        qmp.call("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Gives a command and waits for its result. Events that come before it are not kept.
    pub fn call(&mut self, command: &str, arguments: Value) -> Result<Value> {
        self.answer(command, arguments)?.ok_or_else(|| gone(command))
    }

    /// The same; `None` if QEMU ends before it answers.
    fn answer(&mut self, command: &str, arguments: Value) -> Result<Option<Value>> {
        let mut line = json!({ "execute": command, "arguments": arguments }).to_string();
        line.push('\n');
        if self.from.get_mut().write_all(line.as_bytes()).is_err() {
            return Ok(None);
        }
        loop {
            let Some(mut message) = self.message(command)? else { return Ok(None) };
            if let Some(result) = message.get_mut("return") {
                return Ok(Some(result.take()));
            }
            if let Some(error) = message.get("error") {
                return Err(refused(command, error));
            }
        }
    }

    /// `None` if there will be none.
    fn message(&mut self, what: &str) -> Result<Option<Value>> {
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => serde_json::from_str(&line)
                .map(Some)
                .map_err(|error| failed(format!("QEMU says what is no JSON: {error}: {line}"))),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                Err(failed(format!(
                    "QEMU has not answered {what} for {} seconds: is this machine overloaded, or \
                     QEMU stopped?",
                    PATIENCE.as_secs()
                )))
            }
            Err(_) => Ok(None),
        }
    }

    /// Stops the guest's processors and clock.
    pub fn stop(&mut self) -> Result<()> {
        self.call("stop", json!({})).map(drop)
    }

    /// The same for a guest that may end meanwhile: whether it stands still.
    pub fn stop_if_alive(&mut self) -> Result<bool> {
        self.answer("stop", json!({})).map(|answer| answer.is_some())
    }

    /// Lets the guest go on, which may end, and QEMU with it, before there is an answer.
    pub fn cont(&mut self) -> Result<()> {
        self.answer("cont", json!({})).map(drop)
    }

    /// `running`, `paused`, `inmigrate`, …
    pub fn status(&mut self) -> Result<String> {
        let status = self.call("query-status", json!({}))?;
        Ok(status["status"].as_str().unwrap_or_default().to_owned())
    }

    /// Sends each processor a non-maskable interrupt.
    pub fn inject_nmi(&mut self) -> Result<()> {
        self.call("inject-nmi", json!({})).map(drop)
    }

    /// Gives a command to the monitor for people; what that says.
    pub fn monitor(&mut self, line: &str) -> Result<String> {
        let said = self.call("human-monitor-command", json!({ "command-line": line }))?;
        Ok(said.as_str().unwrap_or_default().to_owned())
    }
}

/// One word of the monitor for people.
pub(crate) fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

fn gone(what: &str) -> Stop {
    failed(format!("QEMU ended before it answered {what}"))
}

fn refused(command: &str, error: &Value) -> Stop {
    let why = error["desc"].as_str().unwrap_or("for no reason");
    let cure = match error["class"].as_str() {
        Some("CommandNotFound") => "; QEMU 7.2 has that: run scripts/setup",
        _ => "",
    };
    failed(format!("QEMU refuses {command}: {why}{cure}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// A QEMU that greets, and answers with these lines whatever it is asked.
    fn qmp(answers: &[&str]) -> Result<Qmp> {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let answers: Vec<String> = answers.iter().map(|line| format!("{line}\n")).collect();
        thread::spawn(move || {
            let mut theirs = BufReader::new(theirs);
            theirs.get_mut().write_all(b"{\"QMP\": {}}\n").unwrap();
            for answer in [&["{\"return\": {}}\n".to_owned()][..], &answers].concat() {
                let mut line = String::new();
                theirs.read_line(&mut line).unwrap();
                serde_json::from_str::<Value>(&line).unwrap();
                theirs.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Qmp::new(ours)
    }

    #[test]
    fn a_word_may_have_blanks() {
        assert_eq!(quoted(r#"unix:/a "b\c"#), r#""unix:/a \"b\\c""#);
    }

    #[test]
    fn an_answer_is_found_among_events() {
        let event = r#"{"event": "STOP"}"#;
        let answer = format!("{event}\n{}", r#"{"return": {"status": "paused"}}"#);
        assert_eq!(qmp(&[&answer]).unwrap().status().unwrap(), "paused");
    }

    #[test]
    fn what_is_refused_or_never_answered_is_named() {
        let unknown = r#"{"error": {"class": "CommandNotFound", "desc": "no such command"}}"#;
        let mut one = qmp(&[unknown]).unwrap();
        let why = one.inject_nmi().unwrap_err().why;
        assert!(why.contains("inject-nmi: no such command; QEMU 7.2"), "{why}");
        let why = one.stop().unwrap_err().why;
        assert!(why.contains("ended before it answered stop"), "{why}");
        assert_eq!(one.cont().map_err(|stop| stop.why), Ok(()), "it went on, and is over");
        let why = qmp(&["nonsense"]).unwrap().cont().unwrap_err().why;
        assert!(why.contains("no JSON"), "{why}");
    }
}
