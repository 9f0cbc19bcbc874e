//! Where command lines come from.

use alloc::vec::Vec;
use shell::editor::{Editor, Outcome};
use sys::abi::terminal::{ECHO, ICANON, ICRNL, IEXTEN, ISIG, IXON, VMIN, VTIME};
use sys::io::{Fd, STDERR, STDIN};
use sys::{Errno, terminal};

/// Adds a line with its end to `text`; false at the end of the input.
///
/// Reads byte by byte: what follows the line is for the command in it.
pub fn read_line(fd: Fd, text: &mut Vec<u8>) -> bool {
    let mut byte = [0];
    loop {
        match fd.read(&mut byte) {
            Ok(1) => {
                text.extend_from_slice(&byte);
                if byte == [b'\n'] {
                    return true;
                }
            }
            Err(Errno::EINTR) => {}
            _ => return false,
        }
    }
}

/// What a person entered.
pub enum Line {
    /// A line without its end.
    Text(Vec<u8>),
    /// ^C.
    Interrupted,
    /// ^D, or the terminal is gone.
    End,
}

/// Lines from the terminal.
#[derive(Default)]
pub struct Lines {
    editor: Editor,
}

impl Lines {
    /// Lines entered so far.
    pub fn history(&self) -> impl Iterator<Item = &[u8]> {
        self.editor.history().lines()
    }

    /// Lets a person edit a line, the terminal handing over each key meanwhile.
    pub fn read(&mut self, prompt: &[u8]) -> Line {
        let Ok(attributes) = terminal::attributes(STDIN) else { return Line::End };
        let mut raw = attributes;
        raw.iflag &= !(ICRNL | IXON);
        raw.lflag &= !(ICANON | ECHO | ISIG | IEXTEN);
        raw.cc[VMIN] = 1;
        raw.cc[VTIME] = 0;
        if terminal::set_attributes(STDIN, &raw).is_err() {
            return Line::End;
        }
        let line = self.edit(prompt);
        let _ = terminal::set_attributes(STDIN, &attributes);
        line
    }

    fn edit(&mut self, prompt: &[u8]) -> Line {
        let columns = terminal::window_size(STDIN).map_or(0, |size| usize::from(size.col));
        let mut output = Vec::new();
        self.editor.start(prompt, if columns == 0 { 80 } else { columns }, &mut output);
        let mut bytes = [0; 1];
        loop {
            if STDERR.write_all(&output).is_err() {
                return Line::End;
            }
            output.clear();
            match STDIN.read(&mut bytes) {
                Ok(1) => {}
                Err(Errno::EINTR) => continue,
                _ => return Line::End,
            }
            let outcome = self.editor.feed(bytes[0], &mut output);
            let line = match outcome {
                Outcome::Pending => continue,
                Outcome::Line(line) => Line::Text(line),
                Outcome::Interrupted => Line::Interrupted,
                Outcome::EndOfInput => Line::End,
            };
            let _ = STDERR.write_all(&output);
            return line;
        }
    }
}
