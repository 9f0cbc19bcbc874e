//! What the files say through the whole server.

use crate::Proc;
use crate::example::Example;
use alloc::vec::Vec;
use core::cell::Cell;
use std::borrow::ToOwned;
use std::string::String;
use std::{format, vec};
use sys::abi::Plain;
use sys::abi::failpoint::FaultThread;
use sys::abi::node::{Asker, Found, Link, Object, Request};
use sys::abi::statistics::{PAGE_EXCLUSIVE, PAGE_PRESENT};
use sys::ipc::{Call, Connection, Loopback};
use sys::node::{Attributes, Files, ROOT};
use sys::{Errno, Result};

const ROOT_USER: Asker = Asker { pid: 1, tid: 1, user: 0, group: 0, sees_all: 1 };
const SEVEN: Asker = Asker { pid: 99, tid: 99, user: 7, group: 7, sees_all: 0 };
const NOBODY: Asker = Asker { pid: 98, tid: 98, user: 9, group: 9, sees_all: 0 };

/// The server, and who asks it.
pub struct Client {
    server: Loopback<Files<Proc<Example>>>,
    asker: Asker,
}

impl Client {
    fn of(kernel: Example, asker: Asker) -> Self {
        let server = Loopback::new(Files(Proc::new(kernel)));
        server.is_kernel.set(true);
        Self { server, asker }
    }

    fn call<'a>(&self, request: Request) -> Call<'a> {
        let encoded = request.encode(self.asker);
        Call::new(encoded.label).words(&encoded.words[..encoded.count])
    }

    fn look_up(&self, path: &str) -> Result<u64> {
        let mut attributes = [0; size_of::<Attributes>()];
        let request = self.call(Request::LookUp { directory: ROOT });
        let request = request.lend(path.as_bytes()).lend_mut(&mut attributes);
        let answer = self.server.call(request)?;
        match Found::decode(*answer.message.words().first_chunk().unwrap()).unwrap() {
            Found::Node { node, .. } | Found::Link { node, .. } => {
                assert_eq!({ Attributes::take(&attributes).unwrap().0.ino }, node);
                Ok(node)
            }
            Found::Missing { .. } => Err(Errno::ENOENT),
        }
    }

    /// Through open file number `file`.
    fn read_through(&self, file: u32, node: u64, offset: u64, room: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; room];
        let request = self.call(Request::Read { node, offset, file }).lend_mut(&mut bytes);
        let count = self.server.call(request)?.message.get(0);
        bytes.truncate(count as usize);
        Ok(bytes)
    }

    fn read_at(&self, node: u64, offset: u64, room: usize) -> Result<Vec<u8>> {
        self.read_through(1, node, offset, room)
    }

    fn read(&self, path: &str, room: usize) -> String {
        let node = self.look_up(path).unwrap();
        let mut all = Vec::new();
        loop {
            let bytes = self.read_at(node, all.len() as u64, room).unwrap();
            if bytes.is_empty() {
                return String::from_utf8(all).unwrap();
            }
            all.extend(bytes);
        }
    }

    fn open(&self, path: &str) -> Result<()> {
        let node = self.look_up(path)?;
        self.server.call(self.call(Request::Open { node, flags: 0 })).map(drop)
    }

    fn read_link(&self, path: &str) -> Result<(Link, String)> {
        let node = self.look_up(path)?;
        let mut text = vec![0; 64];
        let request = self.call(Request::ReadLink { node }).lend_mut(&mut text);
        let answer = self.server.call(request)?;
        let link = Link::decode(*answer.message.words().first_chunk().unwrap()).unwrap();
        let length = if let Link::Text(length) = link { length } else { 0 };
        text.truncate(length as usize);
        Ok((link, String::from_utf8(text).unwrap()))
    }

    fn list(&self, path: &str, room: usize) -> Result<Vec<String>> {
        let directory = self.look_up(path)?;
        let (mut position, mut names) = (0, Vec::new());
        loop {
            let mut bytes = vec![0; room];
            let request = self.call(Request::ReadDirectory { directory, position });
            let answer = self.server.call(request.lend_mut(&mut bytes))?;
            let mut rest = &bytes[..answer.message.get(0) as usize];
            if rest.is_empty() {
                return Ok(names);
            }
            while let Some((entry, behind)) = sys::abi::file::Dirent64::read(rest) {
                names.push(String::from_utf8(entry.name.to_vec()).unwrap());
                (position, rest) = (entry.off as u64, behind);
            }
        }
    }
}

fn root() -> Client {
    Client::of(Example::default(), ROOT_USER)
}

/// What a file says to root.
pub fn contents(path: &str) -> String {
    root().read(path, 4096)
}

#[test]
fn every_file_that_is_listed_can_be_read_and_is_where_it_says() {
    let client = root();
    let mut directories = vec![String::new()];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for name in client.list(&directory, 512).unwrap() {
            if name == "." || name == ".." {
                continue;
            }
            let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            let node = client.look_up(&path).unwrap();
            let mut where_it_is = vec![0; 128];
            let request = client.call(Request::Path { node }).lend_mut(&mut where_it_is);
            let length = client.server.call(request).unwrap().message.get(0) as usize;
            assert_eq!(where_it_is[..length], *format!("/{path}").as_bytes());
            if client.list(&path, 512).is_ok() {
                let above = client.server.call(client.call(Request::Parent { directory: node }));
                let above = above.unwrap_or_else(|why| panic!("{path}: {why}"));
                assert_eq!(above.message.get64(0), client.look_up(&directory).unwrap());
                directories.push(path);
            } else if client.read_link(&path).is_err() && !path.starts_with("60/") {
                assert!(client.read_at(node, 0, 4096).is_ok(), "{path}");
                files += 1;
            }
        }
    }
    assert!(files > 70, "{files}");
}

#[test]
fn directories_list_what_there_is() {
    let client = root();
    for room in [32, 40, 300, 4096] {
        let all = client.list("", room).unwrap();
        assert!(
            all.contains(&"meminfo".into())
                && all.ends_with(&["42".into(), "50".into(), "60".into()])
        );
        assert_eq!(client.list("42/task", room).unwrap(), [".", "..", "42", "43"]);
        assert_eq!(client.list("42/fd", room).unwrap(), [".", "..", "0", "3", "1000"]);
        assert_eq!(client.list("42/fdinfo", room).unwrap(), [".", "..", "0", "3", "1000"]);
        assert_eq!(client.list("sys", room).unwrap(), [".", "..", "kernel", "vm", "fs"]);
        assert!(!client.list("42/task/43", room).unwrap().contains(&"task".into()));
    }
    assert_eq!(client.list("60/fd", 100).unwrap().len(), 5);
}

#[test]
fn what_is_not_there_is_not_found() {
    let client = root();
    for path in ["7", "042", "+42", "42/x", "42/fd/7", "42/fd/03", "42/task/50", "sys/x", "-1"] {
        assert_eq!(client.look_up(path), Err(Errno::ENOENT), "{path}");
    }
    // A thread is found, though not listed: all of the process, seen from there.
    assert!(client.read("43/status", 4096).contains("Tgid:\t42\nNgid:\t0\nPid:\t43\n"));
    assert_eq!(client.list("43/task", 512).unwrap(), [".", "..", "42", "43"]);
    let used = |path| client.read(path, 4096).rsplit_once(')').unwrap().1.to_owned();
    assert!(used("43/stat").starts_with(" t 1 42 40 1281 42 0 100 9 1 0 12 3 2 0 "));
    assert_eq!(
        client.read_link("43/exe").unwrap().0,
        Link::Magic { tid: 43, object: Object::Program }
    );
}

#[test]
fn links_lead_to_their_objects() {
    let client = root();
    let magic = |tid, object| Ok((Link::Magic { tid, object }, String::new()));
    assert_eq!(client.read_link("42/exe"), magic(42, Object::Program));
    assert_eq!(client.read_link("42/task/43/cwd"), magic(43, Object::WorkingDirectory));
    assert_eq!(client.read_link("42/root"), magic(42, Object::Root));
    assert_eq!(client.read_link("42/fd/1000"), magic(42, Object::Descriptor(1000)));
    assert_eq!(client.read_link("self"), Ok((Link::Text(1), "1".into())));
    assert_eq!(client.read_link("thread-self").unwrap().1, "1/task/1");
}

#[test]
fn only_those_who_may_look_do() {
    let client = |asker| Client::of(Example::default(), asker);
    for path in ["50/maps", "50/environ", "50/pagemap", "50/fdinfo/3", "50/page_tables"] {
        assert_eq!(client(ROOT_USER).open(path), Ok(()), "{path}");
        assert_eq!(client(SEVEN).open(path), Ok(()), "{path}");
    }
    for path in ["50/maps", "50/environ", "50/smaps", "50/auxv"] {
        assert_eq!(client(NOBODY).open(path), Err(Errno::EACCES), "{path}");
    }
    assert_eq!(client(NOBODY).look_up("50/fd/3"), Err(Errno::EACCES));
    // Nor may they read what was opened when the id was another process's.
    for path in ["50/maps", "50/environ", "50/pagemap", "50/auxv", "50/smaps_rollup"] {
        let read = |asker| client(asker).read_at(root().look_up(path).unwrap(), 0, 8);
        assert_eq!(read(NOBODY), Err(Errno::EACCES), "{path}");
        assert!(read(SEVEN).is_ok(), "{path}");
    }
    let info = root().look_up("50/fdinfo/3").unwrap();
    assert_eq!(client(NOBODY).read_at(info, 0, 8), Err(Errno::EACCES));
    // What everybody may know has no addresses.
    let stat = client(NOBODY).read("50/stat", 4096);
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    assert_eq!((fields[23], fields[24], fields[25]), ("1", "1", "0"));
    assert_eq!(client(NOBODY).read("50/wchan", 4096), "0");
    // Not even their own user looks at those who hide.
    let hidden = |asker| Client::of(Example { hides: true, ..Example::default() }, asker);
    for path in ["50/maps", "50/environ", "50/fdinfo/3"] {
        assert_eq!(hidden(ROOT_USER).open(path), Ok(()), "{path}");
        assert_eq!(hidden(SEVEN).open(path), Err(Errno::EACCES), "{path}");
        assert_eq!(hidden(Asker { pid: 50, ..SEVEN }).open(path), Ok(()), "{path}");
    }
    let everywhere = Asker { sees_all: 1, ..NOBODY };
    assert_eq!(hidden(everywhere).open("50/maps"), Ok(()), "whoever it is for files");
    // Frames are for root.
    let words = |asker| {
        let client = client(asker);
        client.read_at(client.look_up("50/pagemap").unwrap(), 8 * 0x1234, 8).unwrap()
    };
    assert_eq!(words(ROOT_USER), (PAGE_PRESENT | PAGE_EXCLUSIVE | 0x1234).to_le_bytes());
    assert_eq!(words(SEVEN), (PAGE_PRESENT | PAGE_EXCLUSIVE).to_le_bytes());
}

#[test]
fn pagemap_has_whole_words_only() {
    let client = root();
    let node = client.look_up("42/pagemap").unwrap();
    assert_eq!(client.read_at(node, 4, 8), Err(Errno::EINVAL));
    assert_eq!(client.read_at(node, 8, 12), Err(Errno::EINVAL));
    assert_eq!(client.read_at(node, 8, 4800).unwrap().len(), 4800);
}

#[test]
fn a_process_with_many_areas_is_written_in_pieces() {
    for room in [1, 100, 4096, 100_000] {
        let client = Client::of(Example { areas: 300, ..Example::default() }, ROOT_USER);
        let text = client.read("50/maps", room);
        assert_eq!(text.lines().count(), 300);
        assert!(text.lines().last().unwrap().starts_with("00258000-00259000 "));
    }
}

#[test]
fn a_reader_of_single_bytes_sees_one_text() {
    let client = root();
    let once = client.read("stat", 4096);
    assert_eq!(client.read("stat", 1), once);
    assert_eq!(client.server.with(|server| server.0.kernel_for_tests().asked.get()), 2);
}

#[test]
fn faults_are_controlled_where_there_are_failpoints() {
    assert_eq!(root().look_up("42/fail-nth"), Err(Errno::ENOENT));
    let of = |asker| {
        let faults = Some(Cell::new(FaultThread::default()));
        Client::of(Example { faults, ..Example::default() }, asker)
    };
    let write = |client: &Client, path: &str, text: &[u8]| {
        let request = Request::Write { node: client.look_up(path).unwrap(), offset: 0 };
        client.server.call(client.call(request).lend(text)).map(|answer| answer.message.get(0))
    };
    let client = of(ROOT_USER);
    let (nth, mark) = ("42/task/43/fail-nth", "42/task/43/make-it-fail");
    assert_eq!(write(&client, nth, b"0x10\n"), Ok(5));
    assert_eq!(write(&client, mark, b"1"), Ok(1));
    assert_eq!((client.read(nth, 1), client.read(mark, 9)), ("16\n".into(), "1\n".into()));
    assert_eq!(write(&client, nth, b"4294967296"), Err(Errno::ERANGE));
    assert_eq!(write(&client, mark, b"2"), Err(Errno::EINVAL));
    assert_eq!(write(&client, nth, &[b'1'; 33]), Err(Errno::EINVAL));
    assert_eq!(write(&client, "version", b"1"), Err(Errno::EIO));
    assert_eq!(write(&of(NOBODY), mark, b"1"), Err(Errno::EPERM));
}

#[test]
fn long_strings_are_copied_where_they_are_read() {
    let mut strings = b"prog -x\0".to_vec();
    strings.resize(3 << 20, b'e');
    let client = Client::of(Example { strings, ..Example::default() }, ROOT_USER);
    let copied = || client.server.with(|server| server.0.kernel_for_tests().copied.get());
    let (arguments, environment) = (client.look_up("42/cmdline"), client.look_up("42/environ"));
    let (arguments, environment) = (arguments.unwrap(), environment.unwrap());
    assert_eq!(client.read_at(arguments, 5, 100).unwrap(), b"-x\0");
    assert_eq!(client.read_at(environment, 2 << 20, 5000).unwrap(), [b'e'; 5000]);
    assert_eq!(client.read_at(environment, (3 << 20) - 10, 100).unwrap(), b"ee");
    assert_eq!(client.read_at(environment, u64::MAX - 5, 100).unwrap(), b"");
    assert!(copied() < 20_000, "{}", copied());
}

#[test]
fn a_program_may_write_a_title_over_its_arguments() {
    let said = |strings: &[u8]| {
        let strings = strings.to_vec();
        let example = || Example { strings: strings.clone(), ..Example::default() };
        let read = |room| Client::of(example(), ROOT_USER).read("42/cmdline", room);
        assert_eq!(read(1), read(4096));
        read(4096)
    };
    assert_eq!(said(b"a title, and its end\0not this\0"), "a title, and its end\0");
    assert_eq!(said(b"a\0title,\0not this\0"), "a\0");
    assert_eq!(said(&[b'x'; 5000]).len(), 4096);
}
