//! What a process is: its user, group, session and limits.

use crate::fault::poke_word;
use crate::faults::{Outcome, child, join, whole};
use sys::Errno;
use sys::abi::file::O_WRONLY;
use sys::abi::process::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::file::{self, File};
use sys::memory::Mapping;
use sys::process;
use sys::syscall::{input, output, pointer, pointer_mut};
use sys::trace;

const GROUPS: usize = 3000;

pub fn users_change() -> Outcome {
    let pid = child(|| {
        // More than a page of the kernel's.
        let groups: [u32; GROUPS] = core::array::from_fn(|place| place as u32);
        call!(setgroups32(GROUPS as u32, UserPtr::new(pointer(&groups))))?;
        call!(setresgid32(50, 51, 52))?;
        call!(setresuid32(1000, 1001, 1002))?;
        let mut found = [0u32; 3];
        let [real, effective, saved] = &mut found;
        call!(getresuid32(output(real), output(effective), output(saved)))?;
        assert_eq!(found, [1000, 1001, 1002]);
        let mut list = [0u32; GROUPS];
        let place = UserMutPtr::new(pointer_mut(&mut list));
        assert_eq!(call!(getgroups32(GROUPS as i32, place))? as usize, GROUPS);
        assert_eq!(list, groups);
        match File::open_with("/bin/hello", O_WRONLY, 0) {
            Err(Errno::EACCES | Errno::EROFS) => Ok(()),
            other => Err(other.expect_err("not to be written").into()),
        }
    })?;
    join(pid)
}

pub fn sessions_and_groups_begin() -> Outcome {
    let pid = child(|| {
        process::new_session()?;
        assert_eq!(call!(getsid(0))?.cast_signed(), process::id());
        let second = child(|| {
            process::set_group(0, 0)?;
            assert_eq!(process::group(), process::id());
            Ok(())
        })?;
        join(second)
    })?;
    join(pid)
}

pub fn limits_are_kept() -> Outcome {
    let pid = child(|| {
        let mut old = Rlimit64::default();
        let new = Rlimit64 { cur: 5, max: 5 };
        call!(prlimit64(0, RLIMIT_NOFILE, input(&new), output(&mut old)))?;
        let mut now = Rlimit::default();
        call!(ugetrlimit(RLIMIT_NOFILE, output(&mut now)))?;
        assert_eq!((now.cur, now.max), (5, 5));
        let mut files = [const { None }; 5];
        for place in &mut files {
            match File::open("/bin/hello") {
                Ok(file) => *place = Some(file),
                Err(Errno::EMFILE) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
        panic!("more descriptors than allowed");
    })?;
    join(pid)
}

pub fn who_runs_when_is_told_and_changed() -> Outcome {
    process::set_nice(5)?;
    assert_eq!(call!(getpriority(0, 0))?, 20 - 5);
    let mut name = [0u8; 16];
    call!(prctl(PR_SET_NAME, pointer(b"faulty\0".as_slice()), 0, 0, 0))?;
    call!(prctl(PR_GET_NAME, pointer_mut(&mut name), 0, 0, 0))?;
    assert_eq!(&name[..7], b"faulty\0");
    call!(personality(u32::MAX))?;
    assert_eq!(call!(umask(0o27))?, 0o22);
    Ok(())
}

pub fn a_thread_area_is_set() -> Outcome {
    let mut area = UserDesc {
        entry_number: u32::MAX,
        base_addr: 0x1000,
        limit: 0xf_ffff,
        flags: USER_DESC_SEG_32BIT | USER_DESC_LIMIT_IN_PAGES | USER_DESC_USEABLE,
    };
    call!(set_thread_area(output(&mut area)))?;
    let mut found = UserDesc { entry_number: area.entry_number, ..UserDesc::default() };
    call!(get_thread_area(output(&mut found)))?;
    assert_eq!({ found.base_addr }, 0x1000);
    Ok(())
}

pub fn memory_of_a_child_is_read_and_written() -> Outcome {
    let (gate, key) = file::pipe()?;
    let memory = Mapping::anonymous(3 * 4096)?;
    poke_word(memory.address() + 4094, 0x0403_0201);
    let pid = child(|| {
        let _ = gate.read(&mut [0]);
        Ok(())
    })?;
    let mut bytes = [0; 4];
    let read = trace::read_memory(pid, memory.address() + 4094, &mut bytes)?;
    assert_eq!(bytes[..read], [1, 2, 3, 4][..read]);
    whole(read, 4)?;
    let written = trace::write_memory(pid, memory.address() + 4094, &[5, 6, 7, 8])?;
    let read = trace::read_memory(pid, memory.address() + 4094, &mut bytes)?;
    let both = read.min(written);
    assert_eq!(bytes[..both], [5, 6, 7, 8][..both]);
    key.write_all(b"x")?;
    join(pid)?;
    whole(both, 4)
}
