//! Numbers that are awkward: of sizes, of addresses, of signs.

/// Each sits at some edge, or beside it.
pub const EDGES: [u32; 16] = [
    0,
    1,
    2,
    0xff,
    0xfff,
    0x1000,
    0x1001,
    0x7fff_ffff,
    0x8000_0000,
    0xbfff_f000,
    0xc000_0000,
    0xf800_0000,
    0xffff_f000,
    0xffff_fff0,
    0xffff_fffe,
    0xffff_ffff,
];
