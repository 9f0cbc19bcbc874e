//! Linux's table, as typed rows.
//!
//! A row is `NUMBER NAME(ARGUMENT: TYPE, …);` with its documentation. `for_each_linux_call!` hands
//! all rows of calls that Folio implements to a callback macro; `for_each_linux_call_to_come!` has
//! those that are described but have no handler yet. A call moves from the second to the first when
//! its handler lands; a row of the first without a handler does not compile in the kernel.
//!
//! The rows name their types as [`kinds`] does: a callback's user imports `kinds::*`.
//!
//! ```
//! use abi::syscall::linux::kinds::*;
//!
//! macro_rules! count_arguments {
//!     ($( $(#[$doc:meta])* $number:literal $name:ident($($argument:ident: $kind:ty),*); )*) => {
//!         fn registers(number: u32) -> Option<usize> {
//!             match number {
//!                 $( $number => Some(0 $( + <$kind as Argument>::REGISTERS )*), )*
//!                 _ => None,
//!             }
//!         }
//!     };
//! }
//! abi::for_each_linux_call!(count_arguments);
//! assert_eq!(registers(4), Some(3));
//! ```

/// The types the rows use.
pub mod kinds {
    pub use crate::argument::{Argument, Registers};
    pub use crate::epoll::EpollEvent;
    pub use crate::file::{Iovec, Stat, Stat64, Statfs, Statfs64, Statx};
    pub use crate::poll::Pollfd;
    pub use crate::process::{CloneArgs, Rlimit, Rlimit64, Rusage, Sysinfo, UserDesc, Utsname};
    pub use crate::signal::{OldSigaction, Sigaction, Sigaltstack, Sigevent, Siginfo, SignalSet};
    pub use crate::socket::{Mmsghdr, Msghdr};
    pub use crate::time::{
        Itimerspec, Itimerspec64, Itimerval, Timespec, Timespec64, Timeval, Timezone, Tms, Utimbuf,
    };
    pub use crate::{UserMutPtr, UserPtr, UserStr};
}

/// Hands the rows of all implemented calls to `callback!`, ordered by number.
#[macro_export]
macro_rules! for_each_linux_call {
    ($callback:ident) => {
        $callback! {
            /// Goes on with a call that a signal interrupted; for the kernel's own use.
            0 restart_syscall();
            /// Ends the calling thread; the process too if it was the last.
            1 exit(status: i32);
            /// Copies the process; 0 in the child, its id in the parent.
            2 fork();
            /// Reads bytes from a descriptor.
            3 read(fd: i32, buffer: UserMutPtr<u8>, count: u32);
            /// Writes bytes to a descriptor.
            4 write(fd: i32, buffer: UserPtr<u8>, count: u32);
            /// Opens a file; a descriptor.
            5 open(path: UserStr, flags: u32, mode: u32);
            /// Closes a descriptor.
            6 close(fd: i32);
            /// Waits for a child to change state.
            7 waitpid(pid: i32, status: UserMutPtr<i32>, options: u32);
            /// `open` with O_CREAT, O_WRONLY and O_TRUNC.
            8 creat(path: UserStr, mode: u32);
            /// Gives a file another name.
            9 link(old: UserStr, new: UserStr);
            /// Removes a name of a file.
            10 unlink(path: UserStr);
            /// Replaces the program of the process.
            11 execve(path: UserStr, argv: UserPtr<UserStr>, envp: UserPtr<UserStr>);
            /// Changes the working directory.
            12 chdir(path: UserStr);
            /// Seconds since 1970.
            13 time(seconds: UserMutPtr<i32>);
            /// Makes a file, FIFO or device node.
            14 mknod(path: UserStr, mode: u32, device: u32);
            /// Changes permission bits.
            15 chmod(path: UserStr, mode: u32);
            /// `chown` of a link itself.
            16 lchown(path: UserStr, user: u32, group: u32);
            /// Moves the offset of a description, 31 bits.
            19 lseek(fd: i32, offset: i32, whence: u32);
            /// The process id.
            20 getpid();
            /// Mounts a file system on a directory.
            21 mount(source: UserStr, target: UserStr, kind: UserStr, flags: u32, data: UserPtr<u8>);
            /// Ends a mount.
            22 umount(target: UserStr);
            /// Sets the user ids, 16 bits.
            23 setuid(user: u32);
            /// The real user id, 16 bits.
            24 getuid();
            /// SIGALRM after that many seconds; 0 cancels. Returns what was left.
            27 alarm(seconds: u32);
            /// Sleeps until a signal is handled.
            29 pause();
            /// Sets access and modification time in seconds.
            30 utime(path: UserStr, times: UserPtr<Utimbuf>);
            /// Whether the real user may access a file.
            33 access(path: UserStr, mode: u32);
            /// Writes all dirty data out.
            36 sync();
            /// Sends a signal to a process, a group (negative or 0) or all (-1).
            37 kill(pid: i32, signal: i32);
            /// Moves a name, replacing the target.
            38 rename(old: UserStr, new: UserStr);
            /// Makes a directory.
            39 mkdir(path: UserStr, mode: u32);
            /// Removes an empty directory.
            40 rmdir(path: UserStr);
            /// The lowest free descriptor for the same description.
            41 dup(fd: i32);
            /// A pipe: read end, write end.
            42 pipe(fds: UserMutPtr<[i32; 2]>);
            /// Processor times in clock ticks; returns ticks since some point in the past.
            43 times(times: UserMutPtr<Tms>);
            /// Moves the program break. Returns the break, unchanged where refused; never an error.
            45 brk(address: u32);
            /// Sets the group ids, 16 bits.
            46 setgid(group: u32);
            /// The real group id, 16 bits.
            47 getgid();
            /// Sets a handler the old way: one shot. Returns the former one.
            48 signal(signal: i32, handler: u32);
            /// The effective user id, 16 bits.
            49 geteuid();
            /// The effective group id, 16 bits.
            50 getegid();
            /// Ends a mount, with flags.
            52 umount2(target: UserStr, flags: u32);
            /// Device control.
            54 ioctl(fd: i32, command: u32, argument: u32);
            /// Descriptor control with 32-bit locks.
            55 fcntl(fd: i32, command: u32, argument: u32);
            /// Puts a process into a group.
            57 setpgid(pid: i32, pgid: i32);
            /// Sets the mask of permission bits for new files; the former one.
            60 umask(mask: u32);
            /// Changes the root directory.
            61 chroot(path: UserStr);
            /// Makes descriptor `new` a copy of `old`.
            63 dup2(old: i32, new: i32);
            /// The id of the parent process.
            64 getppid();
            /// The process group of the caller.
            65 getpgrp();
            /// Starts a session.
            66 setsid();
            /// Sets or queries a handler, 32 signals.
            67 sigaction(signal: i32, new: UserPtr<OldSigaction>, old: UserMutPtr<OldSigaction>);
            /// Waits for a signal with another mask of the first 32 signals.
            72 sigsuspend(unused1: i32, unused2: i32, mask: u32);
            /// The pending ones of the first 32 signals.
            73 sigpending(set: UserMutPtr<u32>);
            /// Sets a resource limit, 32 bits.
            75 setrlimit(resource: u32, limit: UserPtr<Rlimit>);
            /// Queries a resource limit, 31 bits.
            76 getrlimit(resource: u32, limit: UserMutPtr<Rlimit>);
            /// What a process or its children used.
            77 getrusage(who: i32, usage: UserMutPtr<Rusage>);
            /// The time of day in microseconds.
            78 gettimeofday(time: UserMutPtr<Timeval>, zone: UserMutPtr<Timezone>);
            /// `_newselect` with its arguments in memory.
            82 select(arguments: UserPtr<[u32; 5]>);
            /// Makes a symbolic link at `path`.
            83 symlink(target: UserStr, path: UserStr);
            /// The text of a symbolic link; returns its length.
            85 readlink(path: UserStr, buffer: UserMutPtr<u8>, size: i32);
            /// `mmap2` with its arguments in memory, the offset in bytes.
            90 mmap(arguments: UserPtr<[u32; 6]>);
            /// Unmaps a range.
            91 munmap(address: u32, length: u32);
            /// Sets the size of a file, 31 bits.
            92 truncate(path: UserStr, length: i32);
            /// Sets the size of an open file, 32 bits.
            93 ftruncate(fd: i32, length: u32);
            /// Changes permission bits of an open file.
            94 fchmod(fd: i32, mode: u32);
            /// `chown` of an open file.
            95 fchown(fd: i32, user: u32, group: u32);
            /// 20 minus the nice value.
            96 getpriority(which: i32, who: i32);
            /// Sets the nice value.
            97 setpriority(which: i32, who: i32, nice: i32);
            /// What a file system has, old structure.
            99 statfs(path: UserStr, to: UserMutPtr<Statfs>);
            /// `statfs` of an open file, old structure.
            100 fstatfs(fd: i32, to: UserMutPtr<Statfs>);
            /// Any call about sockets, its arguments in memory.
            102 socketcall(function: i32, arguments: UserPtr<u32>);
            /// Arms an interval timer.
            104 setitimer(which: i32, new: UserPtr<Itimerval>, old: UserMutPtr<Itimerval>);
            /// Queries an interval timer.
            105 getitimer(which: i32, value: UserMutPtr<Itimerval>);
            /// Attributes of a file, 32-bit sizes.
            106 stat(path: UserStr, stat: UserMutPtr<Stat>);
            /// Attributes of a file or symbolic link, 32-bit sizes.
            107 lstat(path: UserStr, stat: UserMutPtr<Stat>);
            /// Attributes of an open file, 32-bit sizes.
            108 fstat(fd: i32, stat: UserMutPtr<Stat>);
            /// Waits for a child to change state.
            114 wait4(pid: i32, status: UserMutPtr<i32>, options: u32, usage: UserMutPtr<Rusage>);
            /// Memory and load of the system.
            116 sysinfo(info: UserMutPtr<Sysinfo>);
            /// Writes a file's data and attributes out.
            118 fsync(fd: i32);
            /// Returns from a handler with an old frame.
            119 sigreturn();
            /// Makes a process or thread.
            120 clone(
                flags: u32, stack: u32, parent_tid: UserMutPtr<i32>, tls: UserPtr<UserDesc>,
                child_tid: UserMutPtr<i32>
            );
            /// Name and version of the system.
            122 uname(name: UserMutPtr<Utsname>);
            /// Changes the protection of a range.
            125 mprotect(address: u32, length: u32, protection: u32);
            /// Changes or queries the mask of the first 32 signals.
            126 sigprocmask(how: i32, set: UserPtr<u32>, old: UserMutPtr<u32>);
            /// The process group of a process.
            132 getpgid(pid: i32);
            /// Changes the working directory to an open one.
            133 fchdir(fd: i32);
            /// Sets or queries (0xffffffff) the execution domain.
            136 personality(persona: u32);
            /// Moves the offset of a description, 64 bits.
            140 _llseek(
                fd: i32, offset_high: u32, offset_low: u32, result: UserMutPtr<i64>, whence: u32
            );
            /// Reads directory entries, old structure.
            141 getdents(fd: i32, buffer: UserMutPtr<u8>, size: u32);
            /// Waits for readiness with bit sets.
            142 _newselect(
                count: i32, read: UserMutPtr<u32>, write: UserMutPtr<u32>, except: UserMutPtr<u32>,
                timeout: UserMutPtr<Timeval>
            );
            /// Locks a whole file by description.
            143 flock(fd: i32, operation: u32);
            /// Writes a mapped range out.
            144 msync(address: u32, length: u32, flags: u32);
            /// Reads into several buffers.
            145 readv(fd: i32, vector: UserPtr<Iovec>, count: u32);
            /// Writes from several buffers.
            146 writev(fd: i32, vector: UserPtr<Iovec>, count: u32);
            /// The session of a process.
            147 getsid(pid: i32);
            /// Writes a file's data out.
            148 fdatasync(fd: i32);
            /// Keeps a range in memory.
            150 mlock(address: u32, length: u32);
            /// Undoes `mlock`.
            151 munlock(address: u32, length: u32);
            /// Keeps everything in memory.
            152 mlockall(flags: u32);
            /// Undoes `mlockall`.
            153 munlockall();
            /// Lets others run.
            158 sched_yield();
            /// Sleeps.
            162 nanosleep(duration: UserPtr<Timespec>, remaining: UserMutPtr<Timespec>);
            /// Grows, shrinks or moves a mapping.
            163 mremap(
                address: u32, old_length: u32, new_length: u32, flags: u32, new_address: u32
            );
            /// Waits for readiness; milliseconds, negative for ever.
            168 poll(fds: UserMutPtr<Pollfd>, count: u32, timeout: i32);
            /// Properties of the process.
            172 prctl(option: i32, argument2: u32, argument3: u32, argument4: u32, argument5: u32);
            /// Returns from a handler with an rt frame.
            173 rt_sigreturn();
            /// Sets or queries a handler.
            174 rt_sigaction(
                signal: i32, new: UserPtr<Sigaction>, old: UserMutPtr<Sigaction>, set_size: u32
            );
            /// Changes or queries the signal mask.
            175 rt_sigprocmask(
                how: i32, set: UserPtr<SignalSet>, old: UserMutPtr<SignalSet>, set_size: u32
            );
            /// The pending signals.
            176 rt_sigpending(set: UserMutPtr<SignalSet>, set_size: u32);
            /// Takes a pending signal of the set, or waits for one.
            177 rt_sigtimedwait(
                set: UserPtr<SignalSet>, info: UserMutPtr<Siginfo>, timeout: UserPtr<Timespec>,
                set_size: u32
            );
            /// Sends a signal with a payload.
            178 rt_sigqueueinfo(pid: i32, signal: i32, info: UserPtr<Siginfo>);
            /// Waits for a signal with another mask.
            179 rt_sigsuspend(mask: UserPtr<SignalSet>, set_size: u32);
            /// Reads at an offset.
            180 pread64(fd: i32, buffer: UserMutPtr<u8>, count: u32, offset: i64);
            /// Writes at an offset.
            181 pwrite64(fd: i32, buffer: UserPtr<u8>, count: u32, offset: i64);
            /// Changes owner and group.
            182 chown(path: UserStr, user: u32, group: u32);
            /// The working directory with its zero byte; returns the length with it.
            183 getcwd(buffer: UserMutPtr<u8>, size: u32);
            /// Sets or queries the alternate signal stack.
            186 sigaltstack(new: UserPtr<Sigaltstack>, old: UserMutPtr<Sigaltstack>);
            /// Copies between descriptors, 31-bit offset.
            187 sendfile(output: i32, input: i32, offset: UserMutPtr<i32>, count: u32);
            /// `fork`, with the parent asleep until the child executes or exits.
            190 vfork();
            /// Queries a resource limit, 32 bits.
            191 ugetrlimit(resource: u32, limit: UserMutPtr<Rlimit>);
            /// Maps a file or memory; the offset in pages.
            192 mmap2(
                address: u32, length: u32, protection: u32, flags: u32, fd: i32, page_offset: u32
            );
            /// Sets the size of a file.
            193 truncate64(path: UserStr, length: i64);
            /// Sets the size of an open file.
            194 ftruncate64(fd: i32, length: i64);
            /// Attributes of a file.
            195 stat64(path: UserStr, stat: UserMutPtr<Stat64>);
            /// Attributes of a file or symbolic link.
            196 lstat64(path: UserStr, stat: UserMutPtr<Stat64>);
            /// Attributes of an open file.
            197 fstat64(fd: i32, stat: UserMutPtr<Stat64>);
            /// Changes the owner of a file or symbolic link.
            198 lchown32(path: UserStr, user: u32, group: u32);
            /// The real user id.
            199 getuid32();
            /// The real group id.
            200 getgid32();
            /// The effective user id.
            201 geteuid32();
            /// The effective group id.
            202 getegid32();
            /// Sets real and effective user id.
            203 setreuid32(real: u32, effective: u32);
            /// Sets real and effective group id.
            204 setregid32(real: u32, effective: u32);
            /// The supplementary groups; with size 0 their number.
            205 getgroups32(size: i32, list: UserMutPtr<u32>);
            /// Sets the supplementary groups.
            206 setgroups32(size: u32, list: UserPtr<u32>);
            /// Changes the owner of an open file.
            207 fchown32(fd: i32, user: u32, group: u32);
            /// Sets real, effective and saved user id.
            208 setresuid32(real: u32, effective: u32, saved: u32);
            /// Real, effective and saved user id.
            209 getresuid32(
                real: UserMutPtr<u32>, effective: UserMutPtr<u32>, saved: UserMutPtr<u32>
            );
            /// Sets real, effective and saved group id.
            210 setresgid32(real: u32, effective: u32, saved: u32);
            /// Real, effective and saved group id.
            211 getresgid32(
                real: UserMutPtr<u32>, effective: UserMutPtr<u32>, saved: UserMutPtr<u32>
            );
            /// Changes the owner of a file.
            212 chown32(path: UserStr, user: u32, group: u32);
            /// Sets the user ids.
            213 setuid32(user: u32);
            /// Sets the group ids.
            214 setgid32(group: u32);
            /// Sets the user id for file access; returns the former one.
            215 setfsuid32(user: u32);
            /// Sets the group id for file access; returns the former one.
            216 setfsgid32(group: u32);
            /// Which pages of a range are in memory.
            218 mincore(address: u32, length: u32, vector: UserMutPtr<u8>);
            /// Advice about a range.
            219 madvise(address: u32, length: u32, advice: i32);
            /// Directory entries; returns bytes.
            220 getdents64(fd: i32, buffer: UserMutPtr<u8>, size: u32);
            /// Descriptor control.
            221 fcntl64(fd: i32, command: u32, argument: u32);
            /// The thread id.
            224 gettid();
            /// Reads pages ahead.
            225 readahead(fd: i32, offset: i64, count: u32);
            /// Sets an extended attribute.
            226 setxattr(path: UserStr, name: UserStr, value: UserPtr<u8>, size: u32, flags: u32);
            /// Sets an extended attribute of a link itself.
            227 lsetxattr(path: UserStr, name: UserStr, value: UserPtr<u8>, size: u32, flags: u32);
            /// Sets an extended attribute of an open file.
            228 fsetxattr(fd: i32, name: UserStr, value: UserPtr<u8>, size: u32, flags: u32);
            /// Extended attribute of a file.
            229 getxattr(path: UserStr, name: UserStr, value: UserMutPtr<u8>, size: u32);
            /// Extended attribute of a file or symbolic link.
            230 lgetxattr(path: UserStr, name: UserStr, value: UserMutPtr<u8>, size: u32);
            /// Extended attribute of an open file.
            231 fgetxattr(fd: i32, name: UserStr, value: UserMutPtr<u8>, size: u32);
            /// Lists extended attributes.
            232 listxattr(path: UserStr, list: UserMutPtr<u8>, size: u32);
            /// Lists extended attributes of a link itself.
            233 llistxattr(path: UserStr, list: UserMutPtr<u8>, size: u32);
            /// Lists extended attributes of an open file.
            234 flistxattr(fd: i32, list: UserMutPtr<u8>, size: u32);
            /// Removes an extended attribute.
            235 removexattr(path: UserStr, name: UserStr);
            /// Removes an extended attribute of a link itself.
            236 lremovexattr(path: UserStr, name: UserStr);
            /// Removes an extended attribute of an open file.
            237 fremovexattr(fd: i32, name: UserStr);
            /// Sends a signal to a thread.
            238 tkill(tid: i32, signal: i32);
            /// Copies between descriptors.
            239 sendfile64(output: i32, input: i32, offset: UserMutPtr<i64>, count: u32);
            /// Sleeps on, or wakes sleepers of, a word of memory.
            240 futex(
                word: UserMutPtr<u32>, operation: u32, value: u32, timeout: UserPtr<Timespec>,
                word2: UserMutPtr<u32>, value3: u32
            );
            /// Sets the processors a thread may run on.
            241 sched_setaffinity(pid: i32, size: u32, mask: UserPtr<u8>);
            /// On which processors a thread may run; returns bytes written.
            242 sched_getaffinity(pid: i32, size: u32, mask: UserMutPtr<u8>);
            /// Sets a TLS descriptor of the GDT.
            243 set_thread_area(descriptor: UserMutPtr<UserDesc>);
            /// Queries a TLS descriptor of the GDT.
            244 get_thread_area(descriptor: UserMutPtr<UserDesc>);
            /// Ends the process.
            252 exit_group(status: i32);
            /// An epoll instance; the size means nothing.
            254 epoll_create(size: i32);
            /// Says what an epoll instance waits for.
            255 epoll_ctl(instance: i32, operation: i32, fd: i32, event: UserPtr<EpollEvent>);
            /// Waits until a descriptor of an epoll instance is ready.
            256 epoll_wait(
                instance: i32, events: UserMutPtr<EpollEvent>, count: i32, timeout: i32
            );
            /// The word to clear and wake when the thread ends; returns the thread id.
            258 set_tid_address(word: UserMutPtr<i32>);
            /// Makes a timer by a clock; stores its id.
            259 timer_create(clock: i32, event: UserPtr<Sigevent>, timer: UserMutPtr<i32>);
            /// Sets a timer.
            260 timer_settime(
                timer: i32, flags: u32, new: UserPtr<Itimerspec>, old: UserMutPtr<Itimerspec>
            );
            /// Queries a timer.
            261 timer_gettime(timer: i32, value: UserMutPtr<Itimerspec>);
            /// Expiries that a timer's last signal stood for beyond the first.
            262 timer_getoverrun(timer: i32);
            /// Deletes a timer.
            263 timer_delete(timer: i32);
            /// A clock's time.
            265 clock_gettime(clock: i32, time: UserMutPtr<Timespec>);
            /// A clock's resolution.
            266 clock_getres(clock: i32, resolution: UserMutPtr<Timespec>);
            /// Sleeps by a clock.
            267 clock_nanosleep(
                clock: i32, flags: u32, duration: UserPtr<Timespec>,
                remaining: UserMutPtr<Timespec>
            );
            /// A file system's figures.
            268 statfs64(path: UserStr, size: u32, figures: UserMutPtr<Statfs64>);
            /// The figures of an open file's file system.
            269 fstatfs64(fd: i32, size: u32, figures: UserMutPtr<Statfs64>);
            /// Sends a signal to a thread of a process.
            270 tgkill(pid: i32, tid: i32, signal: i32);
            /// Sets access and modification time in microseconds.
            271 utimes(path: UserStr, times: UserPtr<[Timeval; 2]>);
            /// Advice about a range of a file.
            272 fadvise64_64(fd: i32, offset: i64, length: i64, advice: i32);
            /// Waits for a child to change state.
            284 waitid(
                which: i32, id: i32, info: UserMutPtr<Siginfo>, options: u32,
                usage: UserMutPtr<Rusage>
            );
            /// Opens a file relative to a directory.
            295 openat(directory: i32, path: UserStr, flags: u32, mode: u32);
            /// Makes a directory relative to a directory.
            296 mkdirat(directory: i32, path: UserStr, mode: u32);
            /// Makes a file, FIFO or device node relative to a directory.
            297 mknodat(directory: i32, path: UserStr, mode: u32, device: u32);
            /// Changes an owner relative to a directory.
            298 fchownat(directory: i32, path: UserStr, user: u32, group: u32, flags: u32);
            /// `utimes` relative to a directory.
            299 futimesat(directory: i32, path: UserStr, times: UserPtr<[Timeval; 2]>);
            /// Attributes relative to a directory.
            300 fstatat64(directory: i32, path: UserStr, stat: UserMutPtr<Stat64>, flags: u32);
            /// Removes a name relative to a directory.
            301 unlinkat(directory: i32, path: UserStr, flags: u32);
            /// Moves a name relative to directories.
            302 renameat(old_directory: i32, old: UserStr, new_directory: i32, new: UserStr);
            /// Gives a file another name relative to directories.
            303 linkat(
                old_directory: i32, old: UserStr, new_directory: i32, new: UserStr, flags: u32
            );
            /// Makes a symbolic link relative to a directory.
            304 symlinkat(target: UserStr, directory: i32, path: UserStr);
            /// The text of a symbolic link relative to a directory.
            305 readlinkat(directory: i32, path: UserStr, buffer: UserMutPtr<u8>, size: i32);
            /// Changes permission bits relative to a directory.
            306 fchmodat(directory: i32, path: UserStr, mode: u32);
            /// Whether the real user may access a file relative to a directory.
            307 faccessat(directory: i32, path: UserStr, mode: u32);
            /// Waits for readiness with bit sets and another signal mask (address and size in memory).
            308 pselect6(
                count: i32, read: UserMutPtr<u32>, write: UserMutPtr<u32>, except: UserMutPtr<u32>,
                timeout: UserMutPtr<Timespec>, mask: UserPtr<[u32; 2]>
            );
            /// Waits for readiness with another signal mask.
            309 ppoll(
                fds: UserMutPtr<Pollfd>, count: u32, timeout: UserMutPtr<Timespec>,
                mask: UserPtr<SignalSet>, set_size: u32
            );
            /// The list of locks to release when the thread ends.
            311 set_robust_list(head: u32, length: u32);
            /// Queries the list of `set_robust_list`.
            312 get_robust_list(pid: i32, head: UserMutPtr<u32>, length: UserMutPtr<u32>);
            /// `epoll_wait` with another signal mask.
            319 epoll_pwait(
                instance: i32, events: UserMutPtr<EpollEvent>, count: i32, timeout: i32,
                mask: UserPtr<SignalSet>, set_size: u32
            );
            /// Sets access and modification time.
            320 utimensat(directory: i32, path: UserStr, times: UserPtr<[Timespec; 2]>, flags: u32);
            /// A descriptor to read signals from.
            321 signalfd(fd: i32, signals: UserPtr<SignalSet>, set_size: u32);
            /// A descriptor to read a timer's expiries from.
            322 timerfd_create(clock: i32, flags: u32);
            /// A descriptor of a number.
            323 eventfd(count: u32);
            /// Reserves or frees space of a file.
            324 fallocate(fd: i32, mode: i32, offset: i64, length: i64);
            /// Sets a timer of `timerfd_create`.
            325 timerfd_settime(
                fd: i32, flags: u32, new: UserPtr<Itimerspec>, old: UserMutPtr<Itimerspec>
            );
            /// Queries a timer of `timerfd_create`.
            326 timerfd_gettime(fd: i32, value: UserMutPtr<Itimerspec>);
            /// `signalfd` with flags.
            327 signalfd4(fd: i32, signals: UserPtr<SignalSet>, set_size: u32, flags: u32);
            /// `eventfd` with flags.
            328 eventfd2(count: u32, flags: u32);
            /// An epoll instance.
            329 epoll_create1(flags: u32);
            /// `dup2` with flags, refusing equal descriptors.
            330 dup3(old: i32, new: i32, flags: u32);
            /// `pipe` with flags.
            331 pipe2(fds: UserMutPtr<[i32; 2]>, flags: u32);
            /// `readv` at an offset.
            333 preadv(fd: i32, vector: UserPtr<Iovec>, count: u32, offset: i64);
            /// `writev` at an offset.
            334 pwritev(fd: i32, vector: UserPtr<Iovec>, count: u32, offset: i64);
            /// Receives several messages.
            337 recvmmsg(
                fd: i32, messages: UserMutPtr<Mmsghdr>, count: u32, flags: u32,
                timeout: UserMutPtr<Timespec>
            );
            /// Sets and queries a resource limit of a process.
            340 prlimit64(
                pid: i32, resource: u32, new: UserPtr<Rlimit64>, old: UserMutPtr<Rlimit64>
            );
            /// Writes one file system's dirty data out.
            344 syncfs(fd: i32);
            /// Sends several messages.
            345 sendmmsg(fd: i32, messages: UserMutPtr<Mmsghdr>, count: u32, flags: u32);
            /// Copies from another process's memory.
            347 process_vm_readv(
                pid: i32, local: UserPtr<Iovec>, local_count: u32, remote: UserPtr<Iovec>,
                remote_count: u32, flags: u32
            );
            /// Copies to another process's memory.
            348 process_vm_writev(
                pid: i32, local: UserPtr<Iovec>, local_count: u32, remote: UserPtr<Iovec>,
                remote_count: u32, flags: u32
            );
            /// `renameat` with flags.
            353 renameat2(
                old_directory: i32, old: UserStr, new_directory: i32, new: UserStr, flags: u32
            );
            /// Random bytes.
            355 getrandom(buffer: UserMutPtr<u8>, count: u32, flags: u32);
            /// A file of memory without a name in any directory.
            356 memfd_create(name: UserStr, flags: u32);
            /// A socket that is connected to nothing.
            359 socket(family: i32, kind: i32, protocol: i32);
            /// Two sockets that are connected to each other.
            360 socketpair(family: i32, kind: i32, protocol: i32, fds: UserMutPtr<[i32; 2]>);
            /// Gives a socket an address.
            361 bind(fd: i32, address: UserPtr<u8>, length: i32);
            /// Connects a socket with an address.
            362 connect(fd: i32, address: UserPtr<u8>, length: i32);
            /// Lets a socket wait for connections.
            363 listen(fd: i32, backlog: i32);
            /// A connection that has been waited for, with flags.
            364 accept4(
                fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>, flags: i32
            );
            /// Queries a socket's option.
            365 getsockopt(
                fd: i32, level: i32, option: i32, value: UserMutPtr<u8>, length: UserMutPtr<i32>
            );
            /// Sets a socket's option.
            366 setsockopt(fd: i32, level: i32, option: i32, value: UserPtr<u8>, length: i32);
            /// A socket's own address.
            367 getsockname(fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>);
            /// The address of a socket's other end.
            368 getpeername(fd: i32, address: UserMutPtr<u8>, length: UserMutPtr<i32>);
            /// Sends, to an address or to the other end.
            369 sendto(
                fd: i32, buffer: UserPtr<u8>, count: u32, flags: u32, address: UserPtr<u8>,
                length: i32
            );
            /// Sends from several buffers.
            370 sendmsg(fd: i32, message: UserPtr<Msghdr>, flags: u32);
            /// Receives, and the sender's address.
            371 recvfrom(
                fd: i32, buffer: UserMutPtr<u8>, count: u32, flags: u32, address: UserMutPtr<u8>,
                length: UserMutPtr<i32>
            );
            /// Receives into several buffers.
            372 recvmsg(fd: i32, message: UserMutPtr<Msghdr>, flags: u32);
            /// Ends sending, receiving or both.
            373 shutdown(fd: i32, how: i32);
            /// `mlock` with flags.
            376 mlock2(address: u32, length: u32, flags: u32);
            /// Copies between regular files.
            377 copy_file_range(
                input: i32, input_offset: UserMutPtr<i64>, output: i32,
                output_offset: UserMutPtr<i64>, length: u32, flags: u32
            );
            /// Extended attributes of a file.
            383 statx(
                directory: i32, path: UserStr, flags: u32, mask: u32, statx: UserMutPtr<Statx>
            );
            /// A clock's time, 64-bit seconds.
            403 clock_gettime64(clock: i32, time: UserMutPtr<Timespec64>);
            /// A clock's resolution, 64-bit seconds.
            406 clock_getres_time64(clock: i32, resolution: UserMutPtr<Timespec64>);
            /// Sleeps by a clock, 64-bit seconds.
            407 clock_nanosleep_time64(
                clock: i32, flags: u32, duration: UserPtr<Timespec64>,
                remaining: UserMutPtr<Timespec64>
            );
            /// Queries a timer, 64-bit seconds.
            408 timer_gettime64(timer: i32, value: UserMutPtr<Itimerspec64>);
            /// Sets a timer, 64-bit seconds.
            409 timer_settime64(
                timer: i32, flags: u32, new: UserPtr<Itimerspec64>, old: UserMutPtr<Itimerspec64>
            );
            /// Queries a timer of `timerfd_create`, 64-bit seconds.
            410 timerfd_gettime64(fd: i32, value: UserMutPtr<Itimerspec64>);
            /// Sets a timer of `timerfd_create`, 64-bit seconds.
            411 timerfd_settime64(
                fd: i32, flags: u32, new: UserPtr<Itimerspec64>, old: UserMutPtr<Itimerspec64>
            );
            /// Sets access and modification time, 64-bit seconds.
            412 utimensat_time64(
                directory: i32, path: UserStr, times: UserPtr<[Timespec64; 2]>, flags: u32
            );
            /// `pselect6` with 64-bit seconds.
            413 pselect6_time64(
                count: i32, read: UserMutPtr<u32>, write: UserMutPtr<u32>, except: UserMutPtr<u32>,
                timeout: UserMutPtr<Timespec64>, mask: UserPtr<[u32; 2]>
            );
            /// `ppoll` with 64-bit seconds.
            414 ppoll_time64(
                fds: UserMutPtr<Pollfd>, count: u32, timeout: UserMutPtr<Timespec64>,
                mask: UserPtr<SignalSet>, set_size: u32
            );
            /// `recvmmsg` with 64-bit seconds.
            417 recvmmsg_time64(
                fd: i32, messages: UserMutPtr<Mmsghdr>, count: u32, flags: u32,
                timeout: UserMutPtr<Timespec64>
            );
            /// `futex` with 64-bit seconds.
            422 futex_time64(
                word: UserMutPtr<u32>, operation: u32, value: u32, timeout: UserPtr<Timespec64>,
                word2: UserMutPtr<u32>, value3: u32
            );
            /// Makes a process or thread, with more arguments than registers hold.
            435 clone3(arguments: UserPtr<CloneArgs>, size: u32);
            /// Closes all descriptors of a range.
            436 close_range(first: u32, last: u32, flags: u32);
            /// `faccessat` with flags.
            439 faccessat2(directory: i32, path: UserStr, mode: u32, flags: u32);
            /// `epoll_pwait` with a finer timeout.
            441 epoll_pwait2(
                instance: i32, events: UserMutPtr<EpollEvent>, count: i32,
                timeout: UserPtr<Timespec64>, mask: UserPtr<SignalSet>, set_size: u32
            );
        }
    };
}

/// Hands the rows of all calls that still wait for a handler to `callback!`, ordered by number.
#[macro_export]
macro_rules! for_each_linux_call_to_come {
    ($callback:ident) => {
        $callback! {
            /// Registers an area for restartable sequences.
            386 rseq(area: u32, length: u32, flags: u32, signature: u32);
        }
    };
}
