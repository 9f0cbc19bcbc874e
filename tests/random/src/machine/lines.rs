//! Standard input, line by line.

use alloc::string::String;
use alloc::vec::Vec;
use sys::Errno;
use sys::io::STDIN;

pub struct Lines(Vec<u8>);

impl Lines {
    pub fn new() -> Self {
        Self(Vec::new())
    }
}

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut buffer = [0; 512];
        loop {
            if let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
                let line = self.0.drain(..=end).collect::<Vec<u8>>();
                return Some(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            match STDIN.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.0.extend_from_slice(&buffer[..count]),
                Err(Errno::EINTR) => {}
                Err(_) => return None,
            }
        }
    }
}
