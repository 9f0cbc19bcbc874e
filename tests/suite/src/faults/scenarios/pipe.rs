//! Pipes.

use crate::faults::Outcome;
use sys::file::pipe;

pub fn bytes_go_through() -> Outcome {
    let (read, write) = pipe()?;
    let text = [b'x'; 6000];
    let written = write.write(&text)?;
    let mut found = [0; 6000];
    let read = read.read(&mut found)?;
    assert!(read <= written && found[..read] == text[..read]);
    Ok(())
}
