//! What the types of the tables' rows say about arguments.

use crate::shape::{Shape, shape_of};
use abi::ipc::{Level, Rights, Tag};
use abi::{UserMutPtr, UserPtr, UserStr};

/// What an argument is.
#[derive(Clone, Copy)]
pub enum Kind {
    Signed,
    Unsigned,
    /// In two registers.
    Wide,
    /// The address of a string.
    Text,
    /// The address of what the kernel reads.
    Input(fn() -> Option<Shape>),
    /// The address of what it writes.
    Output(fn() -> Option<Shape>),
    Level,
    Rights,
    Tag,
}

impl Kind {
    pub const fn registers(self) -> usize {
        match self {
            Self::Wide => 2,
            _ => 1,
        }
    }
}

pub trait Argument {
    const KIND: Kind;
}

macro_rules! kinds {
    ($( $type:ty => $kind:ident; )*) => {
        $( impl Argument for $type { const KIND: Kind = Kind::$kind; } )*
    };
}

kinds! {
    i32 => Signed;
    u32 => Unsigned;
    i64 => Wide;
    u64 => Wide;
    UserStr => Text;
    Level => Level;
    Rights => Rights;
    Tag => Tag;
}

impl<T: 'static> Argument for UserPtr<T> {
    const KIND: Kind = Kind::Input(shape_of::<T>);
}

impl<T: 'static> Argument for UserMutPtr<T> {
    const KIND: Kind = Kind::Output(shape_of::<T>);
}
