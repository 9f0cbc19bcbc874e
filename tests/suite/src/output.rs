//! `write`, `exit` and `exit_group`.

use crate::child;
use crate::harness::write;
use sys::Errno;
use sys::wait::Status;

tests![
    writes_reach_a_pipe_as_they_are,
    a_bad_descriptor_is_ebadf,
    an_empty_write_is_zero,
    exit_status_is_eight_bits,
    exit_of_the_only_thread_ends_the_process,
    an_unknown_call_is_enosys,
    calls_keep_all_registers_but_eax,
];

pub fn writes_reach_a_pipe_as_they_are() {
    let (read, end) = sys::file::pipe().expect("pipe2");
    assert_eq!(end.write(b"some \0 bytes\xff\n"), Ok(14));
    let mut buffer = [0; 32];
    assert_eq!(read.read(&mut buffer), Ok(14));
    assert_eq!(&buffer[..14], b"some \0 bytes\xff\n");
}

pub fn a_bad_descriptor_is_ebadf() {
    for fd in [-1, 999, i32::MAX, i32::MIN] {
        assert_eq!(write(fd, b"x"), Err(Errno::EBADF));
        assert_eq!(write(fd, b""), Err(Errno::EBADF));
    }
}

pub fn an_empty_write_is_zero() {
    assert_eq!(write(1, b""), Ok(0));
}

pub fn exit_status_is_eight_bits() {
    for (status, seen) in [(0, 0), (1, 1), (255, 255), (256, 0), (-1, 255), (0x1234, 0x34)] {
        assert_eq!(child::run(|| status), Status::Exited(seen));
    }
}

pub fn exit_of_the_only_thread_ends_the_process() {
    let status = child::run(|| {
        let _ = call!(exit(9));
        1
    });
    assert_eq!(status, Status::Exited(9));
}

pub fn an_unknown_call_is_enosys() {
    for number in [222, 223, 251, 1000, 0x7fff_ffff, 0xffff_ffff] {
        assert_eq!(crate::harness::bare(number, [0; 6]), 0u32.wrapping_sub(38), "{number}");
    }
}

pub fn calls_keep_all_registers_but_eax() {
    let mut seen = [0u32; 6];
    // SAFETY: saves EBX, ESI and EBP around the call; getppid touches no memory.
    unsafe {
        core::arch::asm!(
            "push ebx", "push esi", "push ebp",
            "push edi",
            "mov ebx, 0x11111111", "mov ecx, 0x22222222", "mov edx, 0x33333333",
            "mov esi, 0x44444444", "mov edi, 0x55555555", "mov ebp, 0x66666666",
            "mov eax, 64",
            "int 0x80",
            "mov eax, [esp]",
            "mov [eax], ebx", "mov [eax + 4], ecx", "mov [eax + 8], edx",
            "mov [eax + 12], esi", "mov [eax + 16], edi", "mov [eax + 20], ebp",
            "pop edi",
            "pop ebp", "pop esi", "pop ebx",
            in("edi") seen.as_mut_ptr(),
            lateout("eax") _, lateout("ecx") _, lateout("edx") _,
        );
    }
    let wanted = [0x1111_1111, 0x2222_2222, 0x3333_3333, 0x4444_4444, 0x5555_5555, 0x6666_6666];
    assert_eq!(seen, wanted);
}
