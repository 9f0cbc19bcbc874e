//! The kinds of mistakes.

/// MINIX's eight, and one for what is no code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Another register is read.
    Source,
    /// Another register is written.
    Destination,
    /// Memory at another address is meant.
    Pointer,
    /// A parameter is not taken or not given: what was there before counts.
    Parameter,
    /// A condition is inverted, as those of loops are.
    Condition,
    /// One bit of an instruction is another one.
    Binary,
    /// An instruction is left out.
    Omission,
    /// One of those above, whichever comes.
    Random,
    /// A word of data is another one.
    Data,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Source,
        Self::Destination,
        Self::Pointer,
        Self::Parameter,
        Self::Condition,
        Self::Binary,
        Self::Omission,
        Self::Random,
        Self::Data,
    ];

    /// Those that [`Random`](Self::Random) chooses from.
    pub const OF_CODE: [Self; 7] = [
        Self::Source,
        Self::Destination,
        Self::Pointer,
        Self::Parameter,
        Self::Condition,
        Self::Binary,
        Self::Omission,
    ];

    /// For reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Pointer => "pointer",
            Self::Parameter => "parameter",
            Self::Condition => "condition",
            Self::Binary => "binary",
            Self::Omission => "omission",
            Self::Random => "random",
            Self::Data => "data",
        }
    }
}
