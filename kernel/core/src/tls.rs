//! Thread-local storage: the `user_desc` of `set_thread_area` as a GDT entry, and back.
//!
//! Layout of an entry: SDM 3A figure 3-8.

use abi::errno::Errno;
use abi::process::{
    GDT_ENTRY_TLS_MAX, GDT_ENTRY_TLS_MIN, USER_DESC_CONTENTS_SHIFT, USER_DESC_LIMIT_IN_PAGES,
    USER_DESC_READ_EXEC_ONLY, USER_DESC_SEG_32BIT, USER_DESC_SEG_NOT_PRESENT, USER_DESC_USEABLE,
    UserDesc,
};

/// How many entries a thread has.
pub const ENTRIES: usize = (GDT_ENTRY_TLS_MAX - GDT_ENTRY_TLS_MIN + 1) as usize;

/// `entry_number` that asks for a free entry.
pub const ANY_ENTRY: u32 = u32::MAX;

const CONTENTS: u32 = 3 << USER_DESC_CONTENTS_SHIFT;
/// The bits of `flags` that mean something on i386.
const FLAGS: u32 = USER_DESC_SEG_32BIT
    | CONTENTS
    | USER_DESC_READ_EXEC_ONLY
    | USER_DESC_LIMIT_IN_PAGES
    | USER_DESC_SEG_NOT_PRESENT
    | USER_DESC_USEABLE;
/// What an empty entry reads as; written, it empties one, as do no flags at all.
const EMPTY: u32 = USER_DESC_READ_EXEC_ONLY | USER_DESC_SEG_NOT_PRESENT;

const ACCESSED: u64 = 1 << 40;
const WRITABLE: u64 = 1 << 41;
const CONTENTS_SHIFT: u32 = 42;
const NOT_SYSTEM: u64 = 1 << 44;
const RING_3: u64 = 3 << 45;
const PRESENT: u64 = 1 << 47;
const AVAILABLE: u64 = 1 << 52;
const BITS_32: u64 = 1 << 54;
const PAGES: u64 = 1 << 55;

/// The entry that `desc` describes: 0 to empty it. EINVAL for what only an LDT may hold.
pub fn encode(desc: &UserDesc) -> Result<u64, Errno> {
    let flags = desc.flags & FLAGS;
    if desc.base_addr == 0 && desc.limit == 0 && (flags == 0 || flags == EMPTY) {
        return Ok(0);
    }
    let contents = (flags & CONTENTS) >> USER_DESC_CONTENTS_SHIFT;
    if flags & USER_DESC_SEG_32BIT == 0 || contents > 1 || flags & USER_DESC_SEG_NOT_PRESENT != 0 {
        return Err(Errno::EINVAL);
    }
    let bit = |flag, bit| if flags & flag != 0 { bit } else { 0 };
    let (base, limit) = (u64::from(desc.base_addr), u64::from(desc.limit));
    Ok(limit & 0xffff
        | (limit >> 16 & 0xf) << 48
        | (base & 0xff_ffff) << 16
        | (base >> 24) << 56
        | ACCESSED
        | (bit(USER_DESC_READ_EXEC_ONLY, WRITABLE) ^ WRITABLE)
        | u64::from(contents) << CONTENTS_SHIFT
        | NOT_SYSTEM
        | RING_3
        | PRESENT
        | bit(USER_DESC_USEABLE, AVAILABLE)
        | BITS_32
        | bit(USER_DESC_LIMIT_IN_PAGES, PAGES))
}

/// What `get_thread_area` reports about an entry.
pub fn decode(entry: u64, entry_number: u32) -> UserDesc {
    let bit = |bit, flag| if entry & bit != 0 { flag } else { 0 };
    let contents = (entry >> CONTENTS_SHIFT & 3) as u32;
    UserDesc {
        entry_number,
        base_addr: (entry >> 16 & 0xff_ffff | entry >> 32 & 0xff00_0000) as u32,
        limit: (entry & 0xffff | entry >> 32 & 0xf_0000) as u32,
        flags: bit(BITS_32, USER_DESC_SEG_32BIT)
            | contents << USER_DESC_CONTENTS_SHIFT
            | (bit(WRITABLE, USER_DESC_READ_EXEC_ONLY) ^ USER_DESC_READ_EXEC_ONLY)
            | bit(PAGES, USER_DESC_LIMIT_IN_PAGES)
            | (bit(PRESENT, USER_DESC_SEG_NOT_PRESENT) ^ USER_DESC_SEG_NOT_PRESENT)
            | bit(AVAILABLE, USER_DESC_USEABLE),
    }
}

/// The place of an entry in a thread's table. EINVAL for other entries of the GDT.
pub fn index(entry_number: u32) -> Result<usize, Errno> {
    match entry_number {
        GDT_ENTRY_TLS_MIN..=GDT_ENTRY_TLS_MAX => Ok((entry_number - GDT_ENTRY_TLS_MIN) as usize),
        _ => Err(Errno::EINVAL),
    }
}

/// The number of the first empty entry. ESRCH if there is none.
pub fn free_entry(entries: &[u64; ENTRIES]) -> Result<u32, Errno> {
    let free = (GDT_ENTRY_TLS_MIN..).zip(entries).find(|(_, entry)| **entry == 0);
    free.map(|(number, _)| number).ok_or(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GLIBC: u32 = USER_DESC_SEG_32BIT | USER_DESC_LIMIT_IN_PAGES | USER_DESC_USEABLE;

    fn desc(base_addr: u32, limit: u32, flags: u32) -> UserDesc {
        UserDesc { entry_number: 6, base_addr, limit, flags }
    }

    #[test]
    fn the_segment_of_glibc_is_a_flat_writable_one_with_a_base() {
        let entry = encode(&desc(0x0812_3456, 0xf_ffff, GLIBC)).unwrap();
        // Base 08.12.3456, limit f.ffff, G D AVL, present DPL 3 data, writable, accessed.
        assert_eq!(entry, 0x08df_f312_3456_ffff);
        assert_eq!(decode(entry, 6), desc(0x0812_3456, 0xf_ffff, GLIBC));
    }

    #[test]
    fn an_empty_entry_is_described_as_empty_and_emptied_so() {
        let empty = decode(0, 7);
        assert_eq!(empty, UserDesc { entry_number: 7, ..desc(0, 0, EMPTY) });
        assert_eq!(encode(&empty), Ok(0));
        assert_eq!(encode(&desc(0, 0, 0)), Ok(0));
        // A bit that i386 does not know changes nothing.
        assert_eq!(encode(&desc(0, 0, 1 << 7)), Ok(0));
    }

    #[test]
    fn code_16_bit_and_absent_segments_are_refused() {
        let refused = |flags| assert_eq!(encode(&desc(1, 1, flags)), Err(Errno::EINVAL));
        refused(GLIBC & !USER_DESC_SEG_32BIT);
        refused(GLIBC | 2 << USER_DESC_CONTENTS_SHIFT);
        refused(GLIBC | 3 << USER_DESC_CONTENTS_SHIFT);
        refused(GLIBC | USER_DESC_SEG_NOT_PRESENT);
        assert!(encode(&desc(1, 1, GLIBC | 1 << USER_DESC_CONTENTS_SHIFT)).is_ok());
    }

    #[test]
    fn only_three_entries_are_the_programs() {
        assert_eq!([5, 6, 8, 9].map(index).map(Result::ok), [None, Some(0), Some(2), None]);
        assert_eq!(index(ANY_ENTRY), Err(Errno::EINVAL));
        assert_eq!(free_entry(&[1, 0, 0]), Ok(7));
        assert_eq!(free_entry(&[1, 1, 1]), Err(Errno::ESRCH));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn no_entry_gives_more_than_ring_3_data(
            base in any::<u32>(), limit in any::<u32>(), flags in any::<u32>(),
        ) {
            if let Ok(entry) = encode(&desc(base, limit, flags)) && entry != 0 {
                // Present, DPL 3, not a system segment, data.
                prop_assert_eq!(entry >> 43 & 0x1f, 0b11110);
                prop_assert_eq!(entry & 1 << 53, 0, "not a 64-bit segment");
                let back = decode(entry, 6);
                prop_assert_eq!(back, desc(base, limit & 0xf_ffff, flags & FLAGS));
            }
        }
    }
}
