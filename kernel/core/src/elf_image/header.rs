//! The file header, the program header table and what they say before anything is mapped.

use crate::addr::PAGE_SIZE;
use abi::errno::Errno;
use elf::abi::{EM_386, ET_DYN, ET_EXEC, PF_X, PT_GNU_STACK, PT_INTERP};
use elf::endian::LittleEndian;
use elf::file::{Class, FileHeader};
use elf::segment::{ProgramHeader, SegmentTable};

const HEADER_LEN: usize = 52;
const IDENT_LEN: usize = 16;
const PROGRAM_HEADER_LEN: u16 = 32;
/// Linux takes Intel's number for the 486 too.
const EM_486: u16 = 6;
const PATH_MAX: u64 = 4096;

/// Why the file is read; an interpreter that is none is ELIBBAD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Program,
    Interpreter,
}

/// Whether the file says where it wants to lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// ET_EXEC: at its own addresses.
    Fixed,
    /// ET_DYN: anywhere, as one block.
    Dynamic,
}

/// What PT_GNU_STACK asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StackProtection {
    /// No such header: READ_IMPLIES_EXEC, every readable mapping is executable.
    ReadImpliesExec,
    Executable,
    NotExecutable,
}

/// Bytes of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileRange {
    pub offset: u32,
    pub len: u32,
}

impl FileRange {
    fn end(self) -> u64 {
        u64::from(self.offset) + u64::from(self.len)
    }
}

/// The file header of an i386 ELF file that can be executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    pub kind: Kind,
    /// As the file has it, without the load bias.
    pub entry: u32,
    /// Where the program header table lies, inside the file and at most a page long.
    pub table: FileRange,
}

impl Header {
    /// `head` is the beginning of the file; behind the end of a short file Linux reads zeros.
    pub fn parse(head: &[u8], file_len: u64, role: Role) -> Result<Self, Errno> {
        let refused = match role {
            Role::Program => Errno::ENOEXEC,
            Role::Interpreter => Errno::ELIBBAD,
        };
        let mut bytes = [0; HEADER_LEN];
        for (to, from) in bytes.iter_mut().zip(head) {
            *to = *from;
        }
        if !bytes.starts_with(&elf::abi::ELFMAGIC) {
            return Err(refused);
        }
        let (_, tail) = bytes.split_at(IDENT_LEN);
        let ident = (LittleEndian, Class::ELF32, 0, 0);
        let header = FileHeader::parse_tail(ident, tail).map_err(|_| refused)?;
        let kind = match header.e_type {
            ET_EXEC => Kind::Fixed,
            ET_DYN => Kind::Dynamic,
            _ => return Err(refused),
        };
        if header.e_machine != EM_386 && header.e_machine != EM_486 {
            return Err(refused);
        }
        let table = FileRange {
            offset: header.e_phoff as u32,
            len: u32::from(PROGRAM_HEADER_LEN) * u32::from(header.e_phnum),
        };
        if header.e_phentsize != PROGRAM_HEADER_LEN
            || table.len == 0
            || table.len > PAGE_SIZE
            || table.end() > file_len
        {
            return Err(refused);
        }
        Ok(Self { kind, entry: header.e_entry as u32, table })
    }
}

/// The program headers, read from [`Header::table`].
#[derive(Clone, Copy, Debug)]
pub struct ProgramTable<'a> {
    pub(super) header: Header,
    bytes: &'a [u8],
}

impl<'a> ProgramTable<'a> {
    /// `bytes` are those of [`Header::table`]; fewer are ENOEXEC.
    pub fn new(header: Header, bytes: &'a [u8]) -> Result<Self, Errno> {
        let bytes = bytes.get(..header.table.len as usize).ok_or(Errno::ENOEXEC)?;
        Ok(Self { header, bytes })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How many program headers there are, for AT_PHNUM.
    pub fn len(&self) -> u32 {
        self.header.table.len / u32::from(PROGRAM_HEADER_LEN)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every field fits 32 bits: the file has no wider ones.
    pub(super) fn iter(&self) -> impl Iterator<Item = ProgramHeader> + 'a {
        SegmentTable::new(LittleEndian, Class::ELF32, self.bytes).iter()
    }

    /// Where the path of the interpreter lies, its NUL included. Read it and hand it to
    /// [`interpreter_path`](Self::interpreter_path).
    pub fn interpreter(&self, file_len: u64) -> Result<Option<FileRange>, Errno> {
        let Some(header) = self.iter().find(|header| header.p_type == PT_INTERP) else {
            return Ok(None);
        };
        if header.p_filesz < 2 || header.p_filesz > PATH_MAX {
            return Err(Errno::ENOEXEC);
        }
        let path = FileRange { offset: header.p_offset as u32, len: header.p_filesz as u32 };
        if path.end() > file_len { Err(Errno::EIO) } else { Ok(Some(path)) }
    }

    /// The path in the bytes of [`interpreter`](Self::interpreter)'s range, without its NUL.
    pub fn interpreter_path(bytes: &[u8]) -> Result<&[u8], Errno> {
        match bytes.split_last() {
            Some((0, path)) => Ok(path.split(|byte| *byte == 0).next().unwrap_or(path)),
            _ => Err(Errno::ENOEXEC),
        }
    }

    /// What the last PT_GNU_STACK says.
    pub fn stack(&self) -> StackProtection {
        match self.iter().filter(|header| header.p_type == PT_GNU_STACK).last() {
            None => StackProtection::ReadImpliesExec,
            Some(header) if header.p_flags & PF_X != 0 => StackProtection::Executable,
            Some(_) => StackProtection::NotExecutable,
        }
    }
}
