//! Links to what a process has open.

use super::text::*;
use crate::scratch::Scratch;
use alloc::format;
use alloc::string::String;
use sys::abi::Errno;
use sys::abi::file::{O_NONBLOCK, O_RDONLY, O_WRONLY};
use sys::file::{self, File, SeekFrom};

pub fn descriptors_have_links() {
    as_program(|| {
        let (scratch, opened) = Scratch::file("linked", b"hello");
        let link = |fd: i32| {
            let path = format!("/proc/self/fd/{fd}");
            let name = sys::directory::read_link(path).expect("a link");
            String::from_utf8_lossy(&name).into_owned()
        };
        assert_eq!(link(opened.fd().0), scratch.as_str());
        let (read, _write) = file::pipe().expect("pipe");
        let inode = read.stat().expect("stat").ino;
        assert_eq!(link(read.fd().0), format!("pipe:[{inode}]"));
        let info = text(&format!("/proc/self/fdinfo/{}", opened.fd().0));
        let position = opened.seek(SeekFrom::Current(0)).expect("seek");
        assert_eq!(number(&info.replace('\t', ""), "pos"), position);
        // Through the link it can be opened again.
        let again = file::read(format!("/proc/self/fd/{}", opened.fd().0)).expect("read");
        assert_eq!(again, b"hello");
        let name = format!("{}", opened.fd().0);
        let listed = sys::directory::entries("/proc/self/fd").expect("a list");
        assert!(listed.iter().any(|entry| entry.name == name.as_bytes()));
        assert_eq!(file::stat("/proc/self/fd/999").err(), Some(Errno::ENOENT));
    });
}

/// Unlike a FIFO.
pub fn a_pipe_opened_by_its_descriptor_waits_for_nobody() {
    as_program(|| {
        let again = |file: &File, flags| {
            File::open_with(format!("/proc/self/fd/{}", file.fd().0), flags, 0)
        };
        let (reader, writer) = file::pipe().expect("pipe");
        writer.write_all(b"text").expect("write");
        drop(writer);
        let other = again(&reader, O_RDONLY).expect("without a writer");
        let mut bytes = [0; 8];
        assert_eq!((other.read(&mut bytes), other.read(&mut bytes)), (Ok(4), Ok(0)));
        let (reader, writer) = file::pipe().expect("pipe");
        drop(reader);
        assert!(again(&writer, O_WRONLY).is_ok() && again(&writer, O_WRONLY | O_NONBLOCK).is_ok());
    });
}
