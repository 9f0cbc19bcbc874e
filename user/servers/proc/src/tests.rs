//! A kernel of a test's, and what its files say through the whole server.

use super::*;
use alloc::vec::Vec;
use core::cell::Cell;
use std::string::String;
use std::{format, vec};
use sys::abi::Plain;
use sys::abi::node::{Asker, Found, Link, Object, Request};
use sys::abi::process::Utsname;
use sys::abi::statistics::*;
use sys::ipc::{Call, Connection, Loopback};
use sys::node::{Attributes, Files, ROOT};
use sys::{Errno, Result};

/// Process 42 with threads 42 and 43, process 50 of user 7, and a zombie, 60.
#[derive(Default)]
pub struct Example {
    /// Areas that process 50 has, one page each.
    pub areas: u32,
    /// How often the machine was asked for.
    pub asked: Cell<u32>,
}

pub fn padded<const N: usize>(name: &[u8]) -> [u8; N] {
    core::array::from_fn(|index| name.get(index).copied().unwrap_or(0))
}

fn zone(start: u32, managed: u32) -> ZoneMemory {
    let (spanned, free) = (managed, managed / 2);
    let free_blocks = core::array::from_fn(|order| order as u32);
    let (min, low, high) = (8, 10, 12);
    let reserve = [0, 1, 2];
    ZoneMemory { start, spanned, managed, free, min, low, high, at_hand: 3, free_blocks, reserve }
}

impl Kernel for Example {
    fn machine(&self) -> Result<MachineStatistics> {
        self.asked.set(self.asked.get() + 1);
        let mut interrupts = [0; 16];
        (interrupts[0], interrupts[4]) = (1000, 77);
        Ok(MachineStatistics {
            monotonic: 12_345_678_901,
            realtime: 1_700_000_000_000_000_000,
            user_ticks: 100,
            kernel_ticks: 50,
            idle_ticks: 1084,
            switches: 999,
            forks: 61,
            runnable: 2,
            threads: 5,
            last_id: 60,
            load: [2048, 1024, 20],
            minor_faults: 500,
            major_faults: 3,
            interrupts,
            ..MachineStatistics::default()
        })
    }

    fn memory(&self) -> Result<MemoryStatistics> {
        let mut owners = [0; 16];
        (owners[1], owners[2], owners[3], owners[6]) = (20, 30, 10, 40);
        let mut caches = [HeapCache::default(); 15];
        caches[0] = HeapCache {
            name: padded(b"size-64"),
            size: 64,
            objects: 100,
            slabs: 2,
            objects_per_slab: 63,
            pages_per_slab: 1,
        };
        Ok(MemoryStatistics {
            zones: [zone(0, 4000), zone(4096, 28000), zone(0, 0)],
            owners,
            mapped: 60,
            shared_memory: 15,
            mapped_private: 200,
            committed: 300,
            vmalloc_total: 1000,
            vmalloc_free: 900,
            caches,
            ..MemoryStatistics::default()
        })
    }

    fn processor(&self) -> Processor {
        Processor {
            vendor: padded(b"GenuineIntel"),
            level: 13,
            signature: 0x0006_06f3,
            features: [1 | 1 << 6 | 1 << 26, 1],
            extended: 1 << 20,
            brand: padded(b" QEMU Virtual CPU"),
        }
    }

    fn names(&self) -> Result<Utsname> {
        Ok(Utsname {
            sysname: padded(b"Folio"),
            nodename: padded(b"here"),
            release: padded(b"6.1.0"),
            version: padded(b"#1"),
            ..Utsname::default()
        })
    }

    fn next_process(&self, after: i32) -> Result<Option<i32>> {
        Ok([42, 50, 60].into_iter().find(|pid| *pid > after))
    }

    fn details(&self, pid: i32) -> Result<ProcessDetails> {
        let pid = match pid {
            42 | 43 => 42,
            50 | 60 => pid,
            _ => return Err(Errno::ESRCH),
        };
        let mut limits = [LimitStatistics { current: u64::MAX, maximum: u64::MAX }; 16];
        limits[3] = LimitStatistics { current: 8 << 20, maximum: u64::MAX };
        limits[11] = LimitStatistics { current: 1234, maximum: 1234 };
        let mut supplementary = [0; 32];
        (supplementary[0], supplementary[1]) = (4, 24);
        let used = UsedStatistics {
            user_ticks: 12,
            kernel_ticks: 3,
            minor_faults: 100,
            major_faults: 1,
            voluntary_switches: 70,
            forced_switches: 8,
        };
        let space = SpaceStatistics {
            exists: 1,
            total: 600,
            peak_total: 650,
            locked: 1,
            data: 50,
            stack: 33,
            executable: 300,
            resident_private: 40,
            resident_file: 80,
            resident_shared: 5,
            peak_resident: 130,
            page_tables: 4,
            swapped: 0,
            users: 2,
            start_code: 0x0804_8000,
            end_code: 0x0804_9f00,
            start_data: 0x0804_a000,
            end_data: 0x0804_a100,
            start_heap: 0x0900_0000,
            end_heap: 0x0902_1000,
            start_stack: 0xbfff_0000,
            start_arguments: 0xbfff_0100,
            end_arguments: 0xbfff_0108,
            start_environment: 0xbfff_0108,
            end_environment: 0xbfff_0112,
        };
        let user = if pid == 50 { 7 } else { 0 };
        Ok(ProcessDetails {
            pid,
            parent: 1,
            group: 42,
            session: 40,
            terminal: 0x501,
            terminal_group: 42,
            state: u32::from(if pid == 60 { b'Z' } else { b'S' }),
            threads: if pid == 60 { 0 } else { 2 },
            nice: 5,
            exit_signal: 17,
            started: 1234,
            used,
            children: UsedStatistics { minor_faults: 9, user_ticks: 2, ..Default::default() },
            users: [user; 4],
            groups: [user; 4],
            supplementary_count: 2,
            supplementary,
            umask: 0o22,
            descriptor_places: 64,
            pending: 1 << 9,
            ignored: 1 << 12,
            caught: 1 << 1 | 1 << 40,
            limits,
            space: if pid == 60 { SpaceStatistics::default() } else { space },
            name: padded(b"my prog)"),
            ..ProcessDetails::default()
        })
    }

    fn next_thread(&self, pid: i32, after: i32) -> Result<Option<ThreadStatistics>> {
        let threads: &[i32] = match pid {
            42 => &[42, 43],
            50 => &[50],
            60 => &[],
            _ => return Err(Errno::ESRCH),
        };
        let tid = threads.iter().copied().find(|tid| *tid > after);
        Ok(tid.map(|tid| ThreadStatistics {
            tid,
            state: u32::from(b'S'),
            started: 1300,
            pending: 1 << 2,
            blocked: 1 << 3,
            entry: 0x80,
            call: if tid == 43 { 240 } else { 7 },
            name: padded(if tid == 43 { b"worker" } else { b"my prog)" }),
            ..ThreadStatistics::default()
        }))
    }

    fn areas(&self, pid: i32, address: u32, entries: &mut [AreaStatistics]) -> Result<usize> {
        let areas: Vec<AreaStatistics> = match pid {
            42 => vec![
                AreaStatistics {
                    start: 0x0804_8000,
                    end: 0x0804_a000,
                    flags: 0x75,
                    device: 2,
                    inode: 77,
                    offset: 0x1000,
                    kind: AREA_PLAIN,
                },
                AreaStatistics {
                    start: 0x0900_0000,
                    end: 0x0902_1000,
                    flags: 0x10_0073,
                    kind: AREA_HEAP,
                    ..AreaStatistics::default()
                },
                AreaStatistics {
                    start: 0xb7f0_0000,
                    end: 0xb7f0_1000,
                    flags: 0xfb,
                    ..AreaStatistics::default()
                },
            ],
            50 => (1..=self.areas)
                .map(|number| AreaStatistics {
                    start: number * 0x2000,
                    end: number * 0x2000 + 0x1000,
                    ..AreaStatistics::default()
                })
                .collect(),
            _ => return Err(Errno::ESRCH),
        };
        let found = areas.into_iter().filter(|area| area.end > address);
        Ok(entries.iter_mut().zip(found).map(|(place, area)| *place = area).count())
    }

    fn area_usage(&self, pid: i32, address: u32) -> Result<AreaUsage> {
        match (pid, address) {
            (42, 0x0804_8000) => Ok(AreaUsage {
                start: address,
                end: address + 0x2000,
                resident: 0x2000,
                proportional: (0x1000 * 3 / 2) << 12,
                proportional_file: (0x1000 * 3 / 2) << 12,
                shared_clean: 0x1000,
                private_clean: 0x1000,
                referenced: 0x1000,
                ..AreaUsage::default()
            }),
            (42, 0x0900_0000) => Ok(AreaUsage {
                start: address,
                end: address + 0x2_1000,
                resident: 0x3000,
                proportional: 0x3000 << 12,
                proportional_dirty: 0x3000 << 12,
                proportional_private: 0x3000 << 12,
                private_dirty: 0x3000,
                referenced: 0x3000,
                anonymous: 0x3000,
                ..AreaUsage::default()
            }),
            // Just unmapped.
            _ => Err(Errno::ENOENT),
        }
    }

    fn page_words(&self, _: i32, first: u32, words: &mut [u64]) -> Result<usize> {
        for (page, word) in (u64::from(first)..).zip(&mut *words) {
            *word = PAGE_PRESENT | PAGE_EXCLUSIVE | page;
        }
        Ok(words.len())
    }

    fn memory_of(&self, _: i32, address: u32, buffer: &mut [u8]) -> Result<usize> {
        // One argument, one variable, and below them what the kernel put on the stack.
        let stack: Vec<u8> = [1u32, 0xbfff_0100, 0, 0xbfff_0108, 0, 6, 4096, 0, 0]
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect();
        let (start, bytes) = match address {
            0xbfff_0000..0xbfff_0100 => (0xbfff_0000, &stack[..]),
            0xbfff_0100.. => (0xbfff_0100, &b"prog -x\0HOME=/tmp\0"[..]),
            _ => return Err(Errno::EFAULT),
        };
        let rest = bytes.get((address - start) as usize..).ok_or(Errno::EFAULT)?;
        Ok(buffer.iter_mut().zip(rest).map(|(place, byte)| *place = *byte).count())
    }

    fn descriptors(
        &self,
        _: i32,
        from: u32,
        entries: &mut [DescriptorStatistics],
    ) -> Result<usize> {
        let found = [0u32, 3, 1000].into_iter().filter(|number| *number >= from);
        let entry = |number| DescriptorStatistics {
            number,
            flags: 0o100_002,
            position: 99,
            inode: 5,
            mount: 1,
            mode: 0o100_644,
        };
        Ok(entries.iter_mut().zip(found).map(|(place, number)| *place = entry(number)).count())
    }

    fn path(&self, _: i32, kind: u32, key: u32) -> Result<Vec<u8>> {
        match (kind, key) {
            (PATH_MOUNT, 2) => Ok(b"/pr oc".to_vec()),
            (PATH_AREA, 0x0804_8000) => Ok(b"/bin/my\nprog".to_vec()),
            _ => Err(Errno::ENOENT),
        }
    }

    fn table_ranges(&self, pid: i32, address: u32, entries: &mut [TableRange]) -> Result<usize> {
        let range = match pid {
            0 => TableRange {
                start: 0xc000_0000,
                pages: 1024,
                flags: TABLE_WRITE | TABLE_GLOBAL | TABLE_BIG,
                frame: 0,
            },
            _ => TableRange {
                start: 0x0804_8000,
                pages: 2,
                flags: TABLE_USER | TABLE_EXEC,
                frame: 0x1234,
            },
        };
        if address > range.start {
            return Ok(0);
        }
        Ok(entries.iter_mut().take(1).map(|place| *place = range).count())
    }

    fn vmalloc_areas(&self, address: u32, entries: &mut [VmallocArea]) -> Result<usize> {
        let area = VmallocArea { start: 0xf880_0000, pages: 2, kind: VMALLOC_STACK };
        Ok(entries.iter_mut().take((address == 0).into()).map(|place| *place = area).count())
    }

    fn next_mount(&self, after: i32) -> Result<Option<MountStatistics>> {
        let mount =
            MountStatistics { number: 2, parent: 1, device: 0x10_0001, kind: padded(b"proc") };
        Ok((after < 2).then_some(mount))
    }

    fn kmap_slots(&self, first: u32, entries: &mut [KmapSlotStatistics]) -> Result<usize> {
        let slot = KmapSlotStatistics {
            slot: 5,
            address: 0xffc0_5000,
            frame: 0x3_8000,
            users: 1,
            holder: 42,
        };
        Ok(entries.iter_mut().take((first == 0).into()).map(|place| *place = slot).count())
    }
}

const ROOT_USER: Asker = Asker { pid: 1, tid: 1, user: 0, group: 0 };
const SEVEN: Asker = Asker { pid: 99, tid: 99, user: 7, group: 7 };
const NOBODY: Asker = Asker { pid: 98, tid: 98, user: 9, group: 9 };

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

    fn read_at(&self, node: u64, offset: u64, room: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; room];
        let request = self.call(Request::Read { node, offset }).lend_mut(&mut bytes);
        let count = self.server.call(request)?.message.get(0);
        bytes.truncate(count as usize);
        Ok(bytes)
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
        assert_eq!(client.list("sys", room).unwrap(), [".", "..", "kernel", "vm"]);
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
    // A thread is found, as the process it belongs to.
    assert_eq!(client.look_up("43"), client.look_up("42"));
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
    assert_eq!(client(NOBODY).read_link("50/exe"), Err(Errno::EACCES));
    assert_eq!(client(NOBODY).look_up("50/fd/3"), Err(Errno::EACCES));
    // What everybody may know has no addresses.
    let stat = client(NOBODY).read("50/stat", 4096);
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    assert_eq!((fields[23], fields[24], fields[25]), ("1", "1", "0"));
    assert_eq!(client(NOBODY).read("50/wchan", 4096), "0");
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
