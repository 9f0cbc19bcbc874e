//! The other ends of a program's standard streams.

use alloc::vec::Vec;
use core::time::Duration;
use sys::abi::UserMutPtr;
use sys::abi::file::{F_SETFL, O_NONBLOCK};
use sys::abi::poll::{POLLIN, POLLOUT, Pollfd};
use sys::file::File;
use sys::syscall::{linux, pointer_mut};
use sys::{Errno, Result};

/// Bytes on their way into a program and out of it.
pub struct Streams<'a> {
    /// What it has not read yet.
    input: &'a [u8],
    stdin: Option<File>,
    outputs: [Output; 2],
}

struct Output {
    /// `None` behind its end.
    file: Option<File>,
    bytes: Vec<u8>,
}

impl<'a> Streams<'a> {
    pub fn new(input: &'a [u8], stdin: File, stdout: File, stderr: File) -> Result<Self> {
        for file in [&stdin, &stdout, &stderr] {
            // SAFETY: the call touches no memory.
            unsafe { linux::fcntl64(file.fd().0, F_SETFL, O_NONBLOCK) }?;
        }
        let outputs = [stdout, stderr].map(|file| Output { file: Some(file), bytes: Vec::new() });
        Ok(Self { input, stdin: (!input.is_empty()).then_some(stdin), outputs })
    }

    /// Waits until something can be passed on, but no longer than that, and passes it on.
    pub fn pass(&mut self, wait: Duration) -> Result<()> {
        let [stdout, stderr] = &self.outputs;
        let ends = [&self.stdin, &stdout.file, &stderr.file];
        let fd = |end: &Option<File>| end.as_ref().map_or(-1, |file| file.fd().0);
        let wanted = [POLLOUT, POLLIN, POLLIN];
        let mut polled: Vec<Pollfd> = ends
            .into_iter()
            .zip(wanted)
            .map(|(end, events)| Pollfd { fd: fd(end), events, revents: 0 })
            .collect();
        let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        let entries = UserMutPtr::new(pointer_mut(polled.as_mut_slice()));
        // SAFETY: the entries are ours and that many.
        match unsafe { linux::poll(entries, polled.len() as u32, milliseconds) } {
            Ok(0) | Err(Errno::EINTR) => return Ok(()),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
        self.feed()?;
        self.outputs.iter_mut().try_for_each(Output::collect)
    }

    /// All that was written, once nobody is left to write.
    pub fn finish(mut self) -> Result<(Vec<u8>, Vec<u8>)> {
        self.outputs.iter_mut().try_for_each(Output::collect)?;
        let [stdout, stderr] = self.outputs;
        Ok((stdout.bytes, stderr.bytes))
    }

    fn feed(&mut self) -> Result<()> {
        while let Some(stdin) = &self.stdin {
            match stdin.write(self.input) {
                Ok(count) => self.input = self.input.get(count..).unwrap_or_default(),
                Err(Errno::EAGAIN) => return Ok(()),
                // It does not want more.
                Err(Errno::EPIPE) => self.input = &[],
                Err(error) => return Err(error),
            }
            if self.input.is_empty() {
                self.stdin = None;
            }
        }
        Ok(())
    }
}

impl Output {
    fn collect(&mut self) -> Result<()> {
        let mut buffer = [0; 4096];
        while let Some(file) = &self.file {
            match file.read(&mut buffer) {
                Ok(0) => self.file = None,
                Ok(count) => self.bytes.extend(buffer.get(..count).unwrap_or_default()),
                Err(Errno::EAGAIN) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
