//! Servers that lie, die and hang.

use super::program::*;
use alloc::format;
use assist::files::*;
use core::time::Duration;
use sys::abi::file::*;
use sys::abi::signal::SIGKILL;
use sys::file::{self, SeekFrom};
use sys::process::{self, Fork};
use sys::wait::Status;
use sys::{Errno, directory, time};

pub fn a_server_that_lies_gives_its_clients_an_io_error() {
    as_program(|| {
        for name in [
            NO_TYPE,
            LATE_NANOSECONDS,
            NEGATIVE_SIZE,
            LINK_AS_FILE,
            CONSUMES_NOTHING,
            CONSUMES_HALF,
            CONSUMES_TOO_MUCH,
            NUL_TEXT,
            NO_TEXT,
            LONG_TEXT,
            STRANGE_LINK,
        ] {
            assert_eq!(file::stat(at(name)).err(), Some(Errno::EIO), "{name}");
            assert_eq!(open(name, O_RDONLY).err(), Some(Errno::EIO), "{name}");
            let below = file::stat(at(&format!("{name}/below"))).err();
            assert_eq!(below, Some(Errno::EIO), "{name}");
        }
        for name in [READS_TOO_MUCH, FEW_WORDS] {
            let file = open(name, O_RDWR).expect("open");
            assert_eq!(file.read(&mut [0; 10]), Err(Errno::EIO), "{name}");
            assert_eq!(file.write(&[0; 10]), Err(Errno::EIO), "{name}");
        }
        for name in [SLASHED_NAMES, BROKEN_RECORDS, NEGATIVE_POSITIONS, HUGE_LISTING] {
            assert_eq!(directory::entries(at(name)).err(), Some(Errno::EIO), "{name}");
        }
        assert!(open(HELLO, O_RDONLY).is_ok());
    });
}

pub fn the_next_server_answers_for_the_same_files() {
    as_program(|| {
        let (hello, crash) = (open(HELLO, O_RDONLY), open(CRASH, O_RDONLY));
        let (hello, crash) = (hello.expect("open"), crash.expect("open"));
        change("/mnt/dir/deep").expect("chdir");
        for _ in 0..3 {
            // Whichever server it is, one that survives this comes.
            assert_eq!(crash.read(&mut [0; 10]), Ok(0));
            assert_eq!(hello.seek(SeekFrom::Start(6)), Ok(6));
            let mut bytes = [0; 4];
            assert_eq!((hello.read(&mut bytes), &bytes), (Ok(4), b"from"));
            assert_eq!(directory::current().as_deref(), Ok(&b"/mnt/dir/deep"[..]));
            let server = sys::service::list().find(|entry| entry.name.as_str() == "files");
            let server = server.expect("the service").pid;
            if server != 0 {
                process::kill(server.cast_signed(), SIGKILL).expect("kill");
            }
        }
    });
}

pub fn a_client_of_a_server_that_hangs_can_be_killed() {
    as_program(|| {
        let hang = open(HANG, O_RDONLY).expect("open");
        let Fork::Parent(pid) = process::fork().expect("fork") else {
            let _ = hang.read(&mut [0; 10]);
            process::exit(0);
        };
        time::sleep(Duration::from_millis(50));
        process::kill(pid, SIGKILL).expect("kill");
        assert_eq!(
            process::wait(pid, 0).map(|ended| ended.map(|(_, status)| status)),
            Ok(Some(Status::Signaled(SIGKILL)))
        );
        // The supervisor sees that it does not answer, and somebody else does.
        let mut bytes = [0; 5];
        let hello = open(HELLO, O_RDONLY).expect("open");
        assert_eq!((hello.read(&mut bytes), &bytes), (Ok(5), b"Hello"));
    });
}
