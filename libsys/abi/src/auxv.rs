//! The auxiliary vector above the environment on a new program's stack: pairs of id and value.

/// Ends the vector.
pub const AT_NULL: u32 = 0;
/// A pair to skip.
pub const AT_IGNORE: u32 = 1;
/// Descriptor of the program, given to an interpreter that has to open it itself.
pub const AT_EXECFD: u32 = 2;
/// Address of the program headers.
pub const AT_PHDR: u32 = 3;
/// Size of one program header.
pub const AT_PHENT: u32 = 4;
/// Number of program headers.
pub const AT_PHNUM: u32 = 5;
/// Page size in bytes.
pub const AT_PAGESZ: u32 = 6;
/// Load address of the interpreter, 0 without one.
pub const AT_BASE: u32 = 7;
/// Flags, 0.
pub const AT_FLAGS: u32 = 8;
/// Entry point of the program.
pub const AT_ENTRY: u32 = 9;
/// Real user id.
pub const AT_UID: u32 = 11;
/// Effective user id.
pub const AT_EUID: u32 = 12;
/// Real group id.
pub const AT_GID: u32 = 13;
/// Effective group id.
pub const AT_EGID: u32 = 14;
/// Address of the platform's name.
pub const AT_PLATFORM: u32 = 15;
/// CPUID leaf 1, EDX.
pub const AT_HWCAP: u32 = 16;
/// Clock ticks per second of `times`.
pub const AT_CLKTCK: u32 = 17;
/// Whether the program gained rights by being executed.
pub const AT_SECURE: u32 = 23;
/// Address of 16 random bytes.
pub const AT_RANDOM: u32 = 25;
/// More processor features.
pub const AT_HWCAP2: u32 = 26;
/// Address of the path given to `execve`.
pub const AT_EXECFN: u32 = 31;
/// Entry of the kernel's system call code.
pub const AT_SYSINFO: u32 = 32;
/// Address of the vDSO.
pub const AT_SYSINFO_EHDR: u32 = 33;
/// Least size of a signal stack.
pub const AT_MINSIGSTKSZ: u32 = 51;
