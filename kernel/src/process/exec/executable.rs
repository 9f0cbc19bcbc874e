//! What a path leads to: through scripts to an ELF file and its interpreter.

use super::stack_image::StackImage;
use crate::file::{File, exec_open, may_read};
use crate::mm::object::Object;
use crate::mm::space::KeptOpen;
use crate::result::{Errno, Result};
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::elf_image::{FileRange, Header, ProgramTable, Role, StackProtection};
use kcore::script::{HEAD_LEN, MAX_DEPTH, Script};

/// An ELF file whose headers have been read.
pub struct ElfFile {
    pub file: Arc<File>,
    /// What its areas keep open. Nobody writes a program while it is mapped; an interpreter only
    /// while it is loaded.
    pub mapped: Arc<dyn KeptOpen>,
    pub object: Arc<Object>,
    header: Header,
    table: Vec<u8>,
}

/// A program that can be loaded.
pub struct Executable {
    pub program: ElfFile,
    pub interpreter: Option<ElfFile>,
    pub stack: StackProtection,
    /// Whether the caller may read all of it.
    pub is_readable: bool,
}

impl Executable {
    /// Opens `path` and whatever it leads to. Scripts change the arguments in `stack`.
    pub fn open(path: &[u8], stack: &mut StackImage) -> Result<Self> {
        let mut opened = Opened::new(path)?;
        let mut name = copy(path)?;
        for _ in 0..=MAX_DEPTH {
            let head = opened.head()?;
            if !head.starts_with(b"#!") {
                return Self::from_elf(opened, &head);
            }
            let script = Script::parse(&head)?;
            stack.prepend(&name, script.argument, script.interpreter)?;
            opened = Opened::new(script.interpreter)?;
            name = copy(script.interpreter)?;
        }
        Err(Errno::ELOOP)
    }

    fn from_elf(opened: Opened, head: &[u8]) -> Result<Self> {
        let header = Header::parse(head, opened.object.size(), Role::Program)?;
        let mapped = opened.file.clone();
        let program = ElfFile::new(opened, mapped, header).map_err(|errno| match errno {
            // A table that cannot be read is none.
            Errno::EIO => Errno::ENOEXEC,
            other => other,
        })?;
        let table = program.table()?;
        let stack = table.stack();
        let interpreter = match table.interpreter(program.object.size())? {
            Some(range) => Some(program.open_interpreter(range)?),
            None => None,
        };
        let is_readable =
            may_read(&program.file) && interpreter.as_ref().is_none_or(|elf| may_read(&elf.file));
        Ok(Self { program, interpreter, stack, is_readable })
    }
}

impl ElfFile {
    fn new(opened: Opened, mapped: Arc<dyn KeptOpen>, header: Header) -> Result<Self> {
        let table = opened.read(header.table)?;
        Ok(Self { file: opened.file, mapped, object: opened.object, header, table })
    }

    pub fn table(&self) -> Result<ProgramTable<'_>> {
        ProgramTable::new(self.header, &self.table)
    }

    fn open_interpreter(&self, path: FileRange) -> Result<Self> {
        let bytes = read_range(&self.object, path)?;
        let opened = Opened::new(ProgramTable::interpreter_path(&bytes)?)?;
        let head = opened.head()?;
        let header = Header::parse(&head, opened.object.size(), Role::Interpreter)?;
        let mapped = opened.file.reopen_to_read()?;
        Self::new(opened, mapped, header).map_err(|errno| match errno {
            Errno::ENOMEM => Errno::ENOMEM,
            _ => Errno::ELIBBAD,
        })
    }
}

/// A file that may be executed.
struct Opened {
    file: Arc<File>,
    object: Arc<Object>,
}

impl Opened {
    fn new(path: &[u8]) -> Result<Self> {
        let file = exec_open(path)?;
        let object = file.object().ok_or(Errno::EACCES)?.clone();
        Ok(Self { file, object })
    }

    /// The beginning of the file; zeros behind its end.
    fn head(&self) -> Result<[u8; HEAD_LEN]> {
        let mut head = [0; HEAD_LEN];
        self.object.read_kernel(0, &mut head)?;
        Ok(head)
    }

    fn read(&self, range: FileRange) -> Result<Vec<u8>> {
        read_range(&self.object, range)
    }
}

fn read_range(object: &Object, range: FileRange) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(range.len as usize).map_err(|_| Errno::ENOMEM)?;
    bytes.resize(range.len as usize, 0);
    if object.read_kernel(u64::from(range.offset), &mut bytes)? < bytes.len() {
        return Err(Errno::EIO);
    }
    Ok(bytes)
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}
