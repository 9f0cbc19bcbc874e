//! The program headers: which bytes of the file go where in memory.

use crate::Defect;
use alloc::vec::Vec;
use elf::abi::{
    EM_386, ET_DYN, EV_CURRENT, PF_W, PF_X, PT_DYNAMIC, PT_GNU_RELRO, PT_LOAD, PT_PHDR, PT_TLS,
};
use elf::endian::LittleEndian;
use elf::file::{Class, FileHeader};
use elf::segment::{ProgramHeader, SegmentTable};

/// Bytes in a page.
pub const PAGE: u32 = 4096;
const HEADER_LEN: usize = 52;
const IDENT_LEN: usize = 16;
const PROGRAM_HEADER_LEN: u16 = 32;
/// Of one object, and its greatest alignment.
const MOST_TLS: u32 = 1 << 20;

/// What a segment's memory may be used for, besides reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    pub write: bool,
    pub execute: bool,
}

/// Addresses as the file has them, before the bias is added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    pub start: u32,
    pub len: u32,
}

impl Range {
    /// A range that ends at an address, or just behind the last one.
    fn new(start: u64, len: u64) -> Option<Self> {
        (start + len < 1 << 32).then_some(Self { start: start as u32, len: len as u32 })
    }

    /// The address behind the last byte.
    pub const fn end(self) -> u32 {
        self.start + self.len
    }

    /// The same of an object that lies so far from where it was made for.
    pub const fn moved(self, bias: u32) -> Self {
        Self { start: self.start.wrapping_add(bias), len: self.len }
    }

    /// What lies in both; empty if nothing does.
    pub fn common(self, other: Self) -> Self {
        let start = self.start.max(other.start);
        let end = self.end().min(other.end());
        Self { start, len: end.saturating_sub(start) }
    }

    /// Whether `inner` lies in it.
    pub const fn contains(self, inner: Self) -> bool {
        self.start <= inner.start && inner.end() <= self.end()
    }
}

/// A PT_LOAD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment {
    pub memory: Range,
    /// How many bytes of it come from the file; zeros follow.
    pub file_len: u32,
    /// Of the first byte in the file.
    pub offset: u32,
    pub access: Access,
}

impl Segment {
    /// The part that comes from the file.
    pub const fn file(&self) -> Range {
        Range { start: self.memory.start, len: self.file_len }
    }

    /// The whole pages it lies in.
    pub const fn pages(&self) -> Range {
        let start = self.memory.start & !(PAGE - 1);
        Range { start, len: (self.memory.end() - start).next_multiple_of(PAGE) }
    }
}

/// What each thread's copy of an object's thread-local memory begins as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TlsImage {
    /// Zeros follow, up to `len`.
    pub initial: Range,
    pub len: u32,
    /// A power of two.
    pub align: u32,
}

/// The memory of an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// In ascending order, no two in one page, at least one.
    pub segments: Vec<Segment>,
    pub dynamic: Range,
    /// What nobody writes to after relocation; whole pages in one writable segment.
    pub relro: Option<Range>,
    pub tls: Option<TlsImage>,
}

impl Layout {
    /// Of a shared object whose file begins with `head` (a page of it, or all) and has `file_len`
    /// bytes.
    pub fn of_file(head: &[u8], file_len: u64) -> Result<Self, Defect> {
        if !head.starts_with(&elf::abi::ELFMAGIC) {
            return Err(Defect("not an ELF file"));
        }
        let ident = head.get(..IDENT_LEN).ok_or(Defect("cut off in the header"))?;
        let (class, data, version) = (ident[4], ident[5], ident[6]);
        if (class, data, u32::from(version)) != (1, 1, u32::from(EV_CURRENT)) {
            return Err(Defect("not a 32-bit little-endian ELF file"));
        }
        let tail = head.get(IDENT_LEN..HEADER_LEN).ok_or(Defect("cut off in the header"))?;
        let header = FileHeader::parse_tail((LittleEndian, Class::ELF32, 0, 0), tail)
            .map_err(|_| Defect("cut off in the header"))?;
        if header.e_type != ET_DYN {
            return Err(Defect("not a shared object"));
        }
        if header.e_machine != EM_386 {
            return Err(Defect("not for i386"));
        }
        let table = (header.e_phentsize == PROGRAM_HEADER_LEN)
            .then(|| {
                let start = usize::try_from(header.e_phoff).ok()?;
                let len = usize::from(PROGRAM_HEADER_LEN) * usize::from(header.e_phnum);
                head.get(start..start.checked_add(len)?)
            })
            .flatten()
            .ok_or(Defect("no program headers at its beginning"))?;
        Self::parse(table, Some(file_len))
    }

    /// Of the running program, from its program headers in memory; and the bias.
    ///
    /// The kernel has mapped it, so the segments are there; `table_address` is where it put the
    /// headers.
    pub fn of_program(table: &[u8], table_address: u32) -> Result<(Self, u32), Defect> {
        let layout = Self::parse(table, None)?;
        let own = headers(table).find(|header| header.p_type == PT_PHDR);
        let own = own.ok_or(Defect("no PT_PHDR"))?;
        Ok((layout, table_address.wrapping_sub(own.p_vaddr as u32)))
    }

    fn parse(table: &[u8], file_len: Option<u64>) -> Result<Self, Defect> {
        let mut segments: Vec<Segment> = Vec::with_capacity(4);
        let [mut dynamic, mut relro, mut tls] = [None; 3];
        for header in headers(table) {
            match header.p_type {
                // Linkers write a segment down that has turned out empty.
                PT_LOAD if header.p_memsz > 0 => {
                    let segment = segment(&header, file_len)?;
                    if segments
                        .last()
                        .is_some_and(|last| last.pages().end() > segment.pages().start)
                    {
                        return Err(Defect("segments that overlap or are out of order"));
                    }
                    segments.push(segment);
                }
                PT_DYNAMIC => dynamic = Some(header),
                PT_GNU_RELRO => relro = Some(header),
                PT_TLS if header.p_memsz > 0 => tls = Some(header),
                _ => {}
            }
        }
        if segments.is_empty() {
            return Err(Defect("no segments"));
        }
        let mut layout =
            Self { segments, dynamic: Range { start: 0, len: 0 }, relro: None, tls: None };
        if let Some(header) = dynamic {
            layout.dynamic = layout.part_of_file(&header)?;
        }
        if let Some(header) = relro {
            layout.relro = layout.relro(&header)?;
        }
        layout.tls = tls.map(|header| layout.tls_image(&header)).transpose()?;
        if layout.dynamic.len == 0 {
            return Err(Defect("no dynamic section"));
        }
        Ok(layout)
    }

    /// All pages from the first segment to the last.
    pub fn span(&self) -> Range {
        let start = self.segments.first().map_or(0, |first| first.pages().start);
        let end = self.segments.last().map_or(0, |last| last.pages().end());
        Range { start, len: end - start }
    }

    /// The segment that has all of the range in its memory.
    pub fn segment_of(&self, range: Range) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.memory.contains(range))
    }

    fn part_of_file(&self, header: &ProgramHeader) -> Result<Range, Defect> {
        Range::new(header.p_vaddr, header.p_filesz)
            .filter(|range| self.segments.iter().any(|segment| segment.file().contains(*range)))
            .ok_or(Defect("a part of it lies outside of its segments"))
    }

    /// The linker lets the range end on a page; pages it shares with other data stay writable.
    fn relro(&self, header: &ProgramHeader) -> Result<Option<Range>, Defect> {
        const OUTSIDE: Defect = Defect("RELRO outside of writable segments");
        let range = Range::new(header.p_vaddr, header.p_memsz).ok_or(OUTSIDE)?;
        let start = range.start & !(PAGE - 1);
        let pages = Range { start, len: (range.end() & !(PAGE - 1)).saturating_sub(start) };
        let home = self.segments.iter().find(|segment| segment.pages().contains(pages));
        match home {
            _ if pages.len == 0 => Ok(None),
            Some(segment) if segment.access.write => Ok(Some(pages)),
            _ => Err(OUTSIDE),
        }
    }

    fn tls_image(&self, header: &ProgramHeader) -> Result<TlsImage, Defect> {
        const IMPOSSIBLE: Defect = Defect("impossible thread-local memory");
        let initial = self.part_of_file(header)?;
        let len = u32::try_from(header.p_memsz).map_err(|_| IMPOSSIBLE)?;
        let align = u32::try_from(header.p_align.max(1)).map_err(|_| IMPOSSIBLE)?;
        let possible = len >= initial.len
            && len <= MOST_TLS
            && align.is_power_of_two()
            && align <= PAGE
            && initial.start.is_multiple_of(align);
        possible.then_some(TlsImage { initial, len, align }).ok_or(IMPOSSIBLE)
    }
}

fn headers(table: &[u8]) -> impl Iterator<Item = ProgramHeader> {
    SegmentTable::new(LittleEndian, Class::ELF32, table).iter()
}

fn segment(header: &ProgramHeader, file_len: Option<u64>) -> Result<Segment, Defect> {
    const IMPOSSIBLE: Defect = Defect("an impossible segment");
    let memory = Range::new(header.p_vaddr, header.p_memsz)
        .filter(|memory| memory.end() <= u32::MAX - PAGE)
        .ok_or(IMPOSSIBLE)?;
    let same_place = header.p_vaddr % u64::from(PAGE) == header.p_offset % u64::from(PAGE);
    if header.p_filesz > header.p_memsz || !same_place {
        return Err(IMPOSSIBLE);
    }
    if header.p_flags & PF_W == 0 && header.p_filesz < header.p_memsz {
        return Err(IMPOSSIBLE);
    }
    if file_len.is_some_and(|len| header.p_offset + header.p_filesz > len) {
        return Err(Defect("cut off: a segment lies behind the end of the file"));
    }
    Ok(Segment {
        memory,
        file_len: header.p_filesz as u32,
        offset: header.p_offset as u32,
        access: Access { write: header.p_flags & PF_W != 0, execute: header.p_flags & PF_X != 0 },
    })
}
