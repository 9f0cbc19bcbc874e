//! An object in memory: the program or a library.

use crate::dynamic::Table;
use crate::lookup::SymbolTables;
use crate::{Defect, Dynamic, Layout, Name, Range, Symbol, SymbolKind};
use alloc::vec::Vec;

/// Where the thread-local memory of an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TlsPlace {
    /// Which module it is, from 1.
    pub module: u32,
    /// How far below the thread pointer it begins, if it lies at the same place in each thread.
    pub offset: Option<u32>,
}

/// An object in memory, with what it says about itself checked as far as nobody needs to come back
/// to it: the tables lie in memory that is not written to.
#[derive(Debug)]
pub struct Object<'a> {
    /// What it is called in messages and where it was found.
    pub path: Vec<u8>,
    pub layout: Layout,
    /// What is added to each of its addresses.
    pub bias: u32,
    pub dynamic: Dynamic,
    pub tls: Option<TlsPlace>,
    tables: SymbolTables<'a>,
    relocations: &'a [u8],
    plt_relocations: &'a [u8],
}

impl<'a> Object<'a> {
    /// `constant` has, for each segment that is not written to, the bytes that come from the file,
    /// and `dynamic` the bytes of the dynamic section.
    pub fn new(
        path: Vec<u8>,
        layout: Layout,
        bias: u32,
        dynamic: &[u8],
        constant: &[(u32, &'a [u8])],
    ) -> Result<Self, Defect> {
        let dynamic = Dynamic::parse(dynamic)?;
        let from = |start: u32| {
            constant.iter().find_map(|(first, bytes)| {
                bytes.get(start.checked_sub(*first)? as usize..).filter(|bytes| !bytes.is_empty())
            })
        };
        let tail = |start: Option<u32>, defect| match start {
            Some(start) => from(start).map(Some).ok_or(defect),
            None => Ok(None),
        };
        let table = |table: Table| match table.len {
            0 => Some(&[][..]),
            len => from(table.start)?.get(..len as usize),
        };
        let strings = Table { start: dynamic.strings.unwrap_or(0), len: dynamic.strings_len };
        const HASH: Defect = Defect("its hash table lies outside of its constant segments");
        let tables = SymbolTables {
            strings: table(strings)
                .ok_or(Defect("its strings lie outside of its constant segments"))?,
            symbols: tail(
                dynamic.symbols,
                Defect("its symbols lie outside of its constant segments"),
            )?
            .unwrap_or_default(),
            gnu_hash: tail(dynamic.gnu_hash, HASH)?,
            sysv_hash: tail(dynamic.sysv_hash, HASH)?,
            versions: tail(
                dynamic.versions,
                Defect("its versions lie outside of its constant segments"),
            )?,
        };
        const RELOCATIONS: Defect = Defect("its relocations lie outside of its constant segments");
        let relocations = table(dynamic.relocations).ok_or(RELOCATIONS)?;
        let plt_relocations = table(dynamic.plt_relocations).ok_or(RELOCATIONS)?;
        let object =
            Self { path, layout, bias, dynamic, tls: None, tables, relocations, plt_relocations };
        object.check()?;
        Ok(object)
    }

    /// What has to be true before anything of it runs.
    fn check(&self) -> Result<(), Defect> {
        let named = [self.dynamic.soname, self.dynamic.rpath, self.dynamic.runpath];
        let mut names = self.dynamic.needed.iter().copied().chain(named.into_iter().flatten());
        if !names.all(|name| self.tables.string(name).is_some()) {
            return Err(Defect("a name lies outside of its strings"));
        }
        for functions in
            [self.dynamic.preinit_array, self.dynamic.init_array, self.dynamic.fini_array]
        {
            let inside =
                functions.range().is_some_and(|range| self.layout.segment_of(range).is_some());
            if functions.len != 0 && !(inside && functions.start.is_multiple_of(4)) {
                return Err(Defect("an array of functions lies outside of its segments"));
            }
        }
        for function in [self.dynamic.init, self.dynamic.fini].into_iter().flatten() {
            if !self.can_run(function) {
                return Err(FUNCTION);
            }
        }
        Ok(())
    }

    /// What others need it by.
    pub fn soname(&self) -> Option<&'a [u8]> {
        self.dynamic.soname.and_then(|name| self.tables.string(name))
    }

    /// The names of the libraries that it needs.
    pub fn needed(&self) -> impl Iterator<Item = &'a [u8]> {
        self.dynamic.needed.iter().filter_map(|name| self.tables.string(*name))
    }

    /// Where it, and what came by it, wants libraries looked for. It counts only without DT_RUNPATH.
    pub fn rpath(&self) -> Option<&'a [u8]> {
        let path = self.dynamic.rpath.filter(|_| self.dynamic.runpath.is_none());
        path.and_then(|path| self.tables.string(path))
    }

    /// Where it wants its own libraries looked for.
    pub fn runpath(&self) -> Option<&'a [u8]> {
        self.dynamic.runpath.and_then(|path| self.tables.string(path))
    }

    /// The folder it was found in.
    pub fn origin(&self) -> &[u8] {
        match self.path.iter().rposition(|byte| *byte == b'/') {
            Some(0) => b"/",
            Some(end) => self.path.get(..end).unwrap_or_default(),
            None => b".",
        }
    }

    /// What it defines by this name. The address, if it is one, lies in it.
    pub fn define(&self, name: &Name<'_>) -> Result<Option<Symbol>, Defect> {
        let found = self.tables.find(name);
        found.map(|symbol| self.checked(symbol)).transpose()
    }

    pub(crate) fn checked(&self, symbol: Symbol) -> Result<Symbol, Defect> {
        let inside = match symbol.kind() {
            SymbolKind::Absolute => true,
            // The address behind the last byte has a name too.
            SymbolKind::Address => self.layout.segments.iter().any(|segment| {
                segment.memory.start <= symbol.value && symbol.value <= segment.memory.end()
            }),
            SymbolKind::Indirect => self.can_run(symbol.value),
            SymbolKind::ThreadLocal => {
                self.layout.tls.is_some_and(|image| symbol.value <= image.len)
            }
        };
        inside.then_some(symbol).ok_or(Defect("a symbol lies outside of it"))
    }

    pub(crate) fn tables(&self) -> &SymbolTables<'a> {
        &self.tables
    }

    /// Pairs of a place, and a symbol's index and a kind; those of the linkage table apart.
    pub(crate) fn relocations(&self) -> (&'a [u8], &'a [u8]) {
        (self.relocations, self.plt_relocations)
    }

    /// Whether there is memory at `place` that can be written to.
    #[inline]
    pub fn can_write(&self, place: Range) -> bool {
        self.layout.segment_of(place).is_some_and(|segment| segment.access.write)
    }

    /// Whether a function can begin at this address of its.
    pub fn can_run(&self, function: u32) -> bool {
        let first = Range { start: function, len: 1 };
        function != u32::MAX
            && self.layout.segment_of(first).is_some_and(|segment| segment.access.execute)
    }
}

const FUNCTION: Defect = Defect("a function lies outside of its code");
