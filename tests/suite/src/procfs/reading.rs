//! How texts are read that change, and whose server may die.

use super::text::*;
use crate::child;
use crate::harness::only_on_folio;
use alloc::string::String;
use alloc::vec::Vec;
use sys::abi::signal::SIGKILL;
use sys::file::{File, SeekFrom};
use sys::process;
use sys::wait::Status;

pub fn a_file_is_the_same_in_pieces_of_any_size() {
    as_program(|| {
        let whole = text("/proc/self/maps");
        for size in [1, 7, 64] {
            let opened = File::open("/proc/self/maps").expect("maps");
            let (mut all, mut piece) = (Vec::new(), [0; 64]);
            loop {
                match opened.read(&mut piece[..size]).expect("read") {
                    0 => break,
                    count => all.extend_from_slice(&piece[..count]),
                }
                // The heap grows while the text does.
                all.reserve(1 << 16);
            }
            let lines = String::from_utf8_lossy(&all).into_owned();
            assert_eq!(lines.lines().next(), whole.lines().next());
            assert!(lines.ends_with('\n') && lines.lines().all(|line| line.contains(" 0")));
        }
    });
}

/// Two that are read by turns show a text each; what was read to its end stays there.
pub fn an_open_file_has_a_text_of_its_own() {
    as_program(|| {
        let rest = |opened: &File| {
            let mut bytes = [0; 4096];
            let count = opened.read(&mut bytes).expect("read");
            String::from_utf8_lossy(&bytes[..count]).into_owned()
        };
        let open = || File::open("/proc/self/status").expect("status");
        let (first, second) = (open(), open());
        rename(c"short");
        assert_eq!(first.read(&mut [0; 8]), Ok(8));
        rename(c"a longer name");
        assert!(rest(&second).starts_with("Name:\ta longer name\nUmask"));
        let ending = rest(&first);
        assert!(ending.starts_with("ort\nUmask"), "{ending}");
        // It would be longer by now.
        assert_eq!((rest(&first), rest(&first), rest(&second)), Default::default());
        assert_eq!(first.seek(SeekFrom::Start(0)), Ok(0));
        assert!(rest(&first).starts_with("Name:\ta longer name\n"));
        assert_eq!(second.seek(SeekFrom::Start(6)), Ok(6));
        assert!(rest(&second).starts_with("a longer name\n"));
        // A file is open once, by however many descriptors and processes.
        assert_eq!(first.seek(SeekFrom::Start(0)), Ok(0));
        assert_eq!(first.read(&mut [0; 8]), Ok(8));
        rename(c"other");
        let shared = child::run(|| {
            assert!(rest(&first).starts_with("longer name\n"));
            0
        });
        assert_eq!(shared, Status::Exited(0));
        // Of what was read to its end the server keeps nothing.
        assert_eq!((rest(&first), rest(&second)), Default::default());
    });
}

/// Whoever reads does not notice that the server dies.
pub fn a_server_that_dies_is_followed_by_another() {
    as_program(|| {
        only_on_folio("ARCHITECTURE.md, What is on top: user/init");
        let server = || sys::service::list().find(|entry| entry.name.as_str() == "proc");
        let Some(old) = server() else { skip!("this archive has no proc service") };
        let before = text("/proc/self/maps");
        process::kill(old.pid.cast_signed(), SIGKILL).expect("kill");
        assert_eq!(text("/proc/self/maps").lines().next(), before.lines().next());
        let new = server().expect("the service");
        assert_ne!(new.pid, old.pid);
    });
}
