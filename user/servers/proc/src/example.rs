//! A kernel of a test's.

use crate::{Kernel, Processor};
use alloc::vec::Vec;
use core::cell::Cell;
use std::vec;
use sys::abi::failpoint::{FAULT_THREAD_NTH, FaultThread};
use sys::abi::process::Utsname;
use sys::abi::statistics::*;
use sys::{Errno, Result};

/// Process 42 with threads 42 and 43, process 50 of user 7, and a zombie, 60.
pub struct Example {
    /// Areas that process 50 has, one page each.
    pub areas: u32,
    /// Arguments, 8 bytes, and environment.
    pub strings: Vec<u8>,
    /// Whether the processes' memory is to be shown to nobody.
    pub hides: bool,
    /// How often the machine was asked for.
    pub asked: Cell<u32>,
    /// How many bytes of processes' memory.
    pub copied: Cell<usize>,
    /// Whether it fails on purpose, and what was last set of thread 43.
    pub faults: Option<Cell<FaultThread>>,
}

/// Where the arguments are.
const STRINGS: u32 = 0xbf00_0100;

impl Default for Example {
    fn default() -> Self {
        let strings = b"prog -x\0HOME=/tmp\0".to_vec();
        let (asked, copied) = (Cell::new(0), Cell::new(0));
        Self { areas: 0, strings, hides: false, asked, copied, faults: None }
    }
}

fn padded<const N: usize>(name: &[u8]) -> [u8; N] {
    core::array::from_fn(|index| name.get(index).copied().unwrap_or(0))
}

fn zone(start: u32, managed: u32) -> ZoneMemory {
    let (spanned, present, free) = (managed + 96, managed + 9, managed / 2);
    let free_blocks = core::array::from_fn(|order| order as u32);
    let (min, low, high) = (8, 10, 12);
    let reserve = [0, 1, 2];
    let (at_hand, hand_high, hand_batch) = (3, 42, 7);
    ZoneMemory {
        start,
        spanned,
        present,
        managed,
        free,
        min,
        low,
        high,
        at_hand,
        hand_high,
        hand_batch,
        free_blocks,
        reserve,
    }
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
            tsc_khz: 2_904_005,
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
            locked: 7,
            vmalloc_total: 1000,
            vmalloc_free: 900,
            caches,
            epoll_watches: 9000,
            ..MemoryStatistics::default()
        })
    }

    fn processor(&self) -> Processor {
        Processor {
            vendor: padded(b"GenuineIntel"),
            level: 13,
            signature: 0x0006_06f3,
            features: [1 | 1 << 6 | 1 << 26, 1],
            flush: 8,
            addresses: 0x3028,
            extended: 1 << 20,
            brand: padded(b" QEMU Virtual CPU"),
        }
    }

    fn command_line(&self) -> Result<Vec<u8>> {
        Ok(b"highmem=48M -- /bin/sh".to_vec())
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
            start_stack: STRINGS - 0x100,
            start_arguments: STRINGS,
            end_arguments: STRINGS + 8,
            start_environment: STRINGS + 8,
            end_environment: STRINGS + self.strings.len() as u32,
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
            signals_kept: 6,
            is_dumpable: u32::from(!self.hides),
            ..ProcessDetails::default()
        })
    }

    fn next_thread(&self, pid: i32, after: i32) -> Result<Option<ThreadStatistics>> {
        let threads: &[i32] = match pid {
            42 | 43 => &[42, 43],
            50 => &[50],
            60 => &[],
            _ => return Err(Errno::ESRCH),
        };
        let tid = threads.iter().copied().find(|tid| *tid > after);
        Ok(tid.map(|tid| ThreadStatistics {
            tid,
            state: u32::from(if tid == 43 { b't' } else { b'S' }),
            started: 1300,
            pending: 1 << 2,
            blocked: 1 << 3,
            entry: 0x80,
            call: if tid == 43 { 240 } else { 7 },
            name: padded(if tid == 43 { b"wor\\k\ner" } else { b"my prog)" }),
            tracer: if tid == 43 { 99 } else { 0 },
            ..ThreadStatistics::default()
        }))
    }

    fn has_failpoints(&self) -> bool {
        self.faults.is_some()
    }

    fn faults(&self, tid: i32) -> Result<FaultThread> {
        let faults = self.faults.as_ref().ok_or(Errno::ENOSYS)?;
        if tid == 43 { Ok(faults.get()) } else { Ok(FaultThread::default()) }
    }

    fn set_faults(&self, tid: i32, what: u32, value: u32) -> Result<()> {
        let faults = self.faults.as_ref().filter(|_| tid == 43).ok_or(Errno::ESRCH)?;
        faults.set(match what {
            FAULT_THREAD_NTH => FaultThread { nth: value, ..faults.get() },
            _ => FaultThread { mark: value, ..faults.get() },
        });
        Ok(())
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
        self.copied.set(self.copied.get() + buffer.len());
        // One argument, one variable, and below them what the kernel put on the stack.
        let stack: Vec<u8> = [1u32, STRINGS, 0, STRINGS + 8, 0, 6, 4096, 0, 0]
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect();
        let (start, bytes) = match address {
            STRINGS.. => (STRINGS, &self.strings),
            _ => (STRINGS - 0x100, &stack),
        };
        let distance = address.checked_sub(start).ok_or(Errno::EFAULT)?;
        let rest = bytes.get(distance as usize..).ok_or(Errno::EFAULT)?;
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
