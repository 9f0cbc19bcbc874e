//! What a new program finds: registers aside, arguments, environment, auxiliary vector.

use crate::fault::{PAGE, is_mapped, peek, peek_word};
use sys::abi::auxv::*;
use sys::env;

tests![
    arguments_are_there,
    strings_lie_in_order_at_the_top_of_the_stack,
    the_auxiliary_vector_is_complete,
    program_headers_are_mapped_where_at_phdr_says,
    random_bytes_and_platform_are_readable,
    sysinfo_comes_with_its_image_or_not_at_all,
    data_is_writable_and_text_is_not,
    uninitialized_data_is_zero,
    page_zero_is_not_mapped,
];

/// A test program is started with its path as argument 0; the harness adds nothing.
pub fn arguments_are_there() {
    assert!(env::arg_count() >= 1);
    assert_eq!(env::args().count(), env::arg_count());
    assert!(env::args().next().is_some_and(|name| name.ends_with(b"suite")));
}

/// Linux puts argument strings, then environment strings, then the file name to the top.
pub fn strings_lie_in_order_at_the_top_of_the_stack() {
    let mut last = 0;
    for string in env::args().chain(env::vars()) {
        let address = string.as_ptr() as u32;
        assert!(address > last, "{address:#x} after {last:#x}");
        last = address;
    }
    let name = env::auxiliary_value(AT_EXECFN).expect("AT_EXECFN");
    assert!(name > last);
    let mut end = name;
    while peek(end) != 0 {
        end += 1;
    }
    // The name's zero byte and a null pointer of the kernel end the stack.
    let pointer = if crate::harness::on_folio() { 4 } else { PAGE - (end + 1) % PAGE };
    assert_eq!((end + 1 + pointer) % PAGE, 0, "{end:#x}");
    assert!(matches!(pointer, 4 | 8) && peek_word(end + 1) == 0);
}

pub fn the_auxiliary_vector_is_complete() {
    let value = |id| env::auxiliary_value(id).unwrap_or_else(|| panic!("entry {id} missing"));
    assert_eq!(value(AT_PAGESZ), PAGE);
    assert_eq!(value(AT_PHENT), 32);
    assert_eq!(value(AT_CLKTCK), 100);
    assert_eq!(value(AT_SECURE), 0);
    assert_eq!(value(AT_BASE), 0, "a static program has no interpreter");
    assert_eq!(value(AT_FLAGS), 0);
    for (id, got) in [
        (AT_UID, call!(getuid32())),
        (AT_EUID, call!(geteuid32())),
        (AT_GID, call!(getgid32())),
        (AT_EGID, call!(getegid32())),
    ] {
        assert_eq!(got, Ok(value(id)));
    }
    // FPU, TSC, CMPXCHG8B, CMOV, FXSR, SSE, SSE2: what the programs are compiled for.
    let needed = 1 | 1 << 4 | 1 << 8 | 1 << 15 | 1 << 24 | 1 << 25 | 1 << 26;
    assert_eq!(value(AT_HWCAP) & needed, needed);
}

pub fn program_headers_are_mapped_where_at_phdr_says() {
    let headers = env::auxiliary_value(AT_PHDR).expect("AT_PHDR");
    let count = env::auxiliary_value(AT_PHNUM).expect("AT_PHNUM");
    let entry = env::auxiliary_value(AT_ENTRY).expect("AT_ENTRY");
    // The program is linked at 0x08048000 with the headers right behind the ELF header.
    assert_eq!(headers, 0x0804_8034);
    let load = (0..count).map(|index| headers + index * 32).any(|header| {
        let (kind, start, size) =
            (peek_word(header), peek_word(header + 8), peek_word(header + 20));
        kind == 1 && (start..start + size).contains(&entry)
    });
    assert!(load, "the entry point is in a PT_LOAD");
}

pub fn random_bytes_and_platform_are_readable() {
    let random = env::auxiliary_value(AT_RANDOM).expect("AT_RANDOM");
    let bytes: [u8; 16] = core::array::from_fn(|index| peek(random + index as u32));
    assert_ne!(bytes, [0; 16]);
    let platform = env::auxiliary_value(AT_PLATFORM).expect("AT_PLATFORM");
    assert_eq!(peek(platform), b'i');
    assert_eq!((peek(platform + 2), peek(platform + 3)), (b'8', b'6'));
}

pub fn sysinfo_comes_with_its_image_or_not_at_all() {
    let entry = env::auxiliary_value(AT_SYSINFO);
    let image = env::auxiliary_value(AT_SYSINFO_EHDR);
    if image.is_some() {
        assert!(entry.is_some(), "a C library crashes on AT_SYSINFO_EHDR without AT_SYSINFO");
    }
    if let Some(image) = image {
        assert_eq!(peek_word(image), 0x464c_457f);
    }
}

pub fn data_is_writable_and_text_is_not() {
    use crate::fault::{forbidden, try_read, try_write};
    static mut DATA: u32 = 5;
    let data = (&raw mut DATA) as u32;
    assert_eq!(try_write(data), Ok(()));
    let text = data_is_writable_and_text_is_not as *const () as u32;
    assert_eq!(try_read(text), Ok(()));
    assert_eq!(try_write(text), forbidden(text));
}

pub fn uninitialized_data_is_zero() {
    static mut ZEROS: [u8; 3 * PAGE as usize] = [0; 3 * PAGE as usize];
    let address = (&raw mut ZEROS) as u32;
    assert!(is_mapped(address & !(PAGE - 1), 3));
    assert!((0..3 * PAGE).all(|offset| peek(address + offset) == 0));
}

pub fn page_zero_is_not_mapped() {
    use crate::fault::{not_mapped, try_execute, try_read, try_write};
    for address in [0, 1, 0xfff] {
        assert_eq!(try_read(address), not_mapped(address));
        assert_eq!(try_write(address), not_mapped(address));
    }
    assert_eq!(try_execute(0), not_mapped(0));
}
