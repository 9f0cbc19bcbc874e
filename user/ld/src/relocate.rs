//! What relocations come to.

use crate::bytes::word;
use crate::dynamic::TEXT;
use crate::{Defect, Name, Object, Range, Symbol, SymbolKind, TlsPlace};

// The elf crate has no names for i386's.
const R_386_NONE: u8 = 0;
const R_386_32: u8 = 1;
const R_386_PC32: u8 = 2;
const R_386_COPY: u8 = 5;
const R_386_GLOB_DAT: u8 = 6;
const R_386_JMP_SLOT: u8 = 7;
const R_386_RELATIVE: u8 = 8;
const R_386_TLS_TPOFF: u8 = 14;
const R_386_TLS_DTPMOD32: u8 = 35;
const R_386_TLS_DTPOFF32: u8 = 36;
const R_386_TLS_TPOFF32: u8 = 37;
const R_386_IRELATIVE: u8 = 42;

/// The memory of the objects.
///
/// Addresses have the bias. [`relocate`] asks only for words in writable segments of the object that
/// is relocated.
pub trait Memory {
    fn read(&self, place: u32) -> u32;
    fn write(&mut self, place: u32, value: u32);
    /// Notes what is to be done when all objects are relocated.
    fn put_off(&mut self, step: Step);
    /// Notes that the object refers from now on to the one at this index of the scope.
    fn bound(&mut self, definer: usize);
}

/// What runs code of the objects, or copies what such code may have made. Places and what is copied
/// lie in segments of objects that have been loaded, places in writable ones of the object that is
/// relocated, resolvers in code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Calls the function at `resolver`, which answers with the address of another: `place` is to
    /// have that and the addend.
    Resolve { place: u32, resolver: u32, addend: u32 },
    /// Copies a variable.
    Copy { place: u32, from: u32, len: u32 },
}

impl Step {
    /// What it writes to.
    pub const fn written(self) -> Range {
        match self {
            Self::Resolve { place, .. } => Range { start: place, len: 4 },
            Self::Copy { place, len, .. } => Range { start: place, len },
        }
    }
}

/// Why an object could not be relocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Problem<'a> {
    /// It is damaged.
    Defect(Defect),
    /// The object at this index of the scope is.
    Other(usize, Defect),
    /// It has a relocation of this kind, which the linker does not know.
    Unknown(u8),
    /// Nobody defines this.
    Undefined(&'a [u8]),
}

impl From<Defect> for Problem<'_> {
    fn from(defect: Defect) -> Self {
        Self::Defect(defect)
    }
}

/// When the functions of other objects are looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// Before anything runs.
    Now,
    /// When they are called first.
    Lazy,
}

/// Who is asked for a symbol, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'s, 'a> {
    pub objects: &'s [&'s Object<'a>],
    /// What the linker itself has, and where.
    pub linker: &'s [(&'s [u8], u32)],
}

/// What a symbol turned out to be.
enum Target<'s, 'a> {
    /// The object's own, or that of one in the scope.
    Defined(&'s Object<'a>, Symbol),
    /// An address of the linker's.
    Linker(u32),
    /// Weak, and nobody has it.
    Nobody,
}

/// What a symbol is looked up for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sought {
    /// An address that may be compared with others.
    Address,
    /// What is called, or lies in thread-local memory.
    Content,
    /// Another object's variable, to copy.
    Original,
}

/// Where a function or a variable is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Address {
    Plain(u32),
    /// The function at this address answers with it.
    Resolver(u32),
}

impl Target<'_, '_> {
    fn address(&self) -> Result<Address, Defect> {
        Ok(match self {
            Self::Defined(object, symbol) => {
                let address = symbol.value.wrapping_add(object.bias);
                match symbol.kind() {
                    SymbolKind::Address => Address::Plain(address),
                    SymbolKind::Absolute => Address::Plain(symbol.value),
                    SymbolKind::Indirect => Address::Resolver(address),
                    SymbolKind::ThreadLocal => {
                        return Err(Defect("a thread-local variable in the place of another"));
                    }
                }
            }
            Self::Linker(address) => Address::Plain(*address),
            Self::Nobody => Address::Plain(0),
        })
    }
}

struct Relocation {
    place: u32,
    symbol: u32,
    kind: u8,
}

impl Relocation {
    fn read(table: &[u8], index: usize) -> Option<Self> {
        let info = word(table, index.checked_mul(2)?.checked_add(1)?)?;
        Some(Self { place: word(table, index * 2)?, symbol: info >> 8, kind: info as u8 })
    }

    fn all(table: &[u8]) -> impl Iterator<Item = Self> {
        (0..table.len() / 8).map_while(|index| Self::read(table, index))
    }
}

/// Relocates an object, but for the steps that are put off. Those of the objects that it needs go
/// before its own.
pub fn relocate<'s, 'a>(
    object: &'s Object<'a>,
    scope: Scope<'s, 'a>,
    binding: Binding,
    memory: &mut impl Memory,
) -> Result<(), Problem<'a>> {
    let (all, plt) = object.relocations();
    if !all.len().is_multiple_of(8) || !plt.len().is_multiple_of(8) {
        return Err(Defect("half a relocation").into());
    }
    // Those that only add the bias come first, and an object at its own address needs none of them.
    let relative = (object.dynamic.relative_count as usize).min(all.len() / 8);
    let (first, others) = all.split_at(relative * 8);
    if object.bias != 0 {
        for relocation in Relocation::all(first) {
            let place = writable(object, &relocation, 4)?;
            memory.write(place, memory.read(place).wrapping_add(object.bias));
        }
    }
    for relocation in Relocation::all(others) {
        apply(object, scope, &relocation, memory)?;
    }
    for relocation in Relocation::all(plt) {
        let later = binding == Binding::Lazy && relocation.kind == R_386_JMP_SLOT;
        if later && !is_protected(object, relocation.place) {
            if object.bias != 0 {
                let place = writable(object, &relocation, 4)?;
                memory.write(place, memory.read(place).wrapping_add(object.bias));
            }
        } else {
            apply(object, scope, &relocation, memory)?;
        }
    }
    Ok(())
}

/// Whether the place cannot be written to once the object is relocated.
fn is_protected(object: &Object<'_>, place: u32) -> bool {
    object.layout.relro.is_some_and(|relro| relro.start <= place && place < relro.end())
}

/// Binds the function whose entry of the linkage table was called: where its address is then, once
/// what was put off is done.
///
/// `offset` is where the entry's relocation is among those of the table, in bytes.
pub fn bind<'s, 'a>(
    object: &'s Object<'a>,
    scope: Scope<'s, 'a>,
    offset: u32,
    memory: &mut impl Memory,
) -> Result<u32, Problem<'a>> {
    const NONE: Problem<'static> = Problem::Defect(Defect("no such entry in the linkage table"));
    let (_, plt) = object.relocations();
    let relocation = Relocation::read(plt, offset as usize / 8).ok_or(NONE)?;
    let is_bound = is_protected(object, relocation.place);
    if !offset.is_multiple_of(8) || relocation.kind != R_386_JMP_SLOT || is_bound {
        return Err(NONE);
    }
    apply(object, scope, &relocation, memory)?;
    Ok(writable(object, &relocation, 4)?)
}

/// The address of `len` bytes that the relocation may change.
fn writable(object: &Object<'_>, relocation: &Relocation, len: u32) -> Result<u32, Defect> {
    let place = relocation.place;
    place.checked_add(len).ok_or(OUTSIDE)?;
    let range = Range { start: place, len };
    if object.can_write(range) {
        Ok(place.wrapping_add(object.bias))
    } else if object.layout.segment_of(range).is_some() {
        Err(TEXT)
    } else {
        Err(OUTSIDE)
    }
}

const OUTSIDE: Defect = Defect("a relocation outside of its segments");

fn apply<'s, 'a>(
    object: &'s Object<'a>,
    scope: Scope<'s, 'a>,
    relocation: &Relocation,
    memory: &mut impl Memory,
) -> Result<(), Problem<'a>> {
    if relocation.kind == R_386_NONE {
        return Ok(());
    }
    let place = writable(object, relocation, 4)?;
    let value = match relocation.kind {
        R_386_RELATIVE => memory.read(place).wrapping_add(object.bias),
        R_386_GLOB_DAT | R_386_JMP_SLOT | R_386_32 | R_386_PC32 => {
            let addend = match relocation.kind {
                R_386_32 => memory.read(place),
                R_386_PC32 => memory.read(place).wrapping_sub(place),
                _ => 0,
            };
            let sought = match relocation.kind {
                R_386_JMP_SLOT => Sought::Content,
                _ => Sought::Address,
            };
            let target = target(object, scope, relocation.symbol, sought, memory)?;
            match target.address()? {
                Address::Plain(address) => address.wrapping_add(addend),
                Address::Resolver(resolver) => {
                    memory.put_off(Step::Resolve { place, resolver, addend });
                    return Ok(());
                }
            }
        }
        R_386_IRELATIVE => {
            let resolver = memory.read(place);
            if !object.can_run(resolver) {
                return Err(Defect("a resolver lies outside of its code").into());
            }
            let resolver = resolver.wrapping_add(object.bias);
            memory.put_off(Step::Resolve { place, resolver, addend: 0 });
            return Ok(());
        }
        R_386_COPY => return copy(object, scope, relocation, memory),
        R_386_TLS_DTPMOD32 => match thread_local(object, scope, relocation.symbol, memory)? {
            Some((place, _)) => place.module,
            None => 0,
        },
        R_386_TLS_DTPOFF32 => match thread_local(object, scope, relocation.symbol, memory)? {
            Some((_, offset)) => memory.read(place).wrapping_add(offset),
            None => memory.read(place),
        },
        kind @ (R_386_TLS_TPOFF | R_386_TLS_TPOFF32) => {
            let addend = memory.read(place);
            match thread_local(object, scope, relocation.symbol, memory)? {
                Some((place, offset)) => {
                    let below = place.offset.ok_or(Defect(
                        "thread-local memory that threads have had to have from their start",
                    ))?;
                    if kind == R_386_TLS_TPOFF {
                        addend.wrapping_add(offset).wrapping_sub(below)
                    } else {
                        addend.wrapping_add(below).wrapping_sub(offset)
                    }
                }
                None => addend,
            }
        }
        kind => return Err(Problem::Unknown(kind)),
    };
    memory.write(place, value);
    Ok(())
}

/// The program's copy of a library's variable, which everybody uses from then on.
fn copy<'s, 'a>(
    object: &'s Object<'a>,
    scope: Scope<'s, 'a>,
    relocation: &Relocation,
    memory: &mut impl Memory,
) -> Result<(), Problem<'a>> {
    let (symbol, _) = entry(object, relocation.symbol)?;
    let Target::Defined(library, original) =
        target(object, scope, relocation.symbol, Sought::Original, memory)?
    else {
        return Ok(());
    };
    let len = symbol.size.min(original.size);
    let from = Range { start: original.value, len };
    let ends = original.value.checked_add(len).is_some();
    if original.kind() != SymbolKind::Address || !ends || library.layout.segment_of(from).is_none()
    {
        return Err(Defect("a copy of what is no variable").into());
    }
    if len > 0 {
        let place = writable(object, relocation, len)?;
        memory.put_off(Step::Copy { place, from: original.value.wrapping_add(library.bias), len });
    }
    Ok(())
}

fn entry<'a>(object: &Object<'a>, index: u32) -> Result<(Symbol, &'a [u8]), Defect> {
    let tables = object.tables();
    let symbol = Symbol::read(tables.symbols, index);
    let symbol = symbol.ok_or(Defect("a relocation with a symbol outside of its table"))?;
    let name = tables.string(symbol.name);
    Ok((symbol, name.ok_or(Defect("a symbol with a name outside of its strings"))?))
}

/// Who defines symbol `index` of the object's table.
fn target<'s, 'a>(
    object: &'s Object<'a>,
    scope: Scope<'s, 'a>,
    index: u32,
    sought: Sought,
    memory: &mut impl Memory,
) -> Result<Target<'s, 'a>, Problem<'a>> {
    let (symbol, name) = entry(object, index)?;
    if symbol.is_own() {
        return Ok(Target::Defined(object, object.checked(symbol)?));
    }
    let wanted = match sought {
        Sought::Address => Name::of_address(name),
        Sought::Content | Sought::Original => Name::new(name),
    };
    if object.dynamic.symbolic
        && sought != Sought::Original
        && let Some(symbol) = object.define(&wanted)?
    {
        return Ok(Target::Defined(object, symbol));
    }
    for (index, candidate) in scope.objects.iter().enumerate() {
        if sought == Sought::Original && core::ptr::eq(*candidate, object) {
            continue;
        }
        match candidate.define(&wanted) {
            Ok(Some(symbol)) => {
                memory.bound(index);
                return Ok(Target::Defined(candidate, symbol));
            }
            Ok(None) => {}
            Err(defect) => return Err(Problem::Other(index, defect)),
        }
    }
    if let Some((_, address)) = scope.linker.iter().find(|(known, _)| *known == name) {
        return Ok(Target::Linker(*address));
    }
    if symbol.is_weak() { Ok(Target::Nobody) } else { Err(Problem::Undefined(name)) }
}

/// Whose thread-local memory a symbol is in, and how far from its beginning. Symbol 0 means the
/// object's own memory.
fn thread_local<'a>(
    object: &Object<'a>,
    scope: Scope<'_, 'a>,
    index: u32,
    memory: &mut impl Memory,
) -> Result<Option<(TlsPlace, u32)>, Problem<'a>> {
    const NONE: Defect = Defect("a variable in thread-local memory that there is not");
    if index == 0 {
        return Ok(Some((object.tls.ok_or(NONE)?, 0)));
    }
    match target(object, scope, index, Sought::Content, memory)? {
        Target::Defined(owner, symbol) if symbol.kind() == SymbolKind::ThreadLocal => {
            Ok(Some((owner.tls.ok_or(NONE)?, symbol.value)))
        }
        Target::Nobody => Ok(None),
        _ => Err(NONE.into()),
    }
}
