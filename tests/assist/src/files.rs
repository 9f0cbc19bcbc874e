//! What is below [`MOUNT_POINT`], for tests of files that a server answers for.

/// Where the server is mounted.
pub const MOUNT_POINT: &str = "/mnt";

/// Contains [`HELLO_TEXT`], and has its size.
pub const HELLO: &str = "hello";
/// What it says.
pub const HELLO_TEXT: &[u8] = b"Hello from a server\n";
/// Contains [`LONG_BYTES`] bytes, as [`long_byte`] says.
pub const LONG: &str = "long";
/// More than one call moves.
pub const LONG_BYTES: u64 = 200_000;
/// Takes writes of bytes as of [`LONG`]; EBADMSG for others.
pub const SINK: &str = "sink";
/// EBUSY if opened for writing.
pub const CAREFUL: &str = "careful";
/// Every other server dies when it is read.
pub const CRASH: &str = "crash";
/// A read never ends.
pub const HANG: &str = "hang";
/// A read takes a tenth of a second, and gives [`HELLO_TEXT`].
pub const SLOW: &str = "slow";
/// What `/mnt/fd` leads to.
pub const MAGIC_DESCRIPTOR: u32 = 40;

/// Says that it read, or wrote, 4 GiB.
pub const READS_TOO_MUCH: &str = "reads-too-much";
/// Does not say how much it read or wrote.
pub const FEW_WORDS: &str = "few-words";
/// Has a mode without a type.
pub const NO_TYPE: &str = "no-type";
/// Was changed a second of nanoseconds after a second.
pub const LATE_NANOSECONDS: &str = "late-nanoseconds";
/// Has a size that is no offset.
pub const NEGATIVE_SIZE: &str = "negative-size";
/// Is found as a file, with the attributes of a link.
pub const LINK_AS_FILE: &str = "link-as-file";
/// Is found without any of the path.
pub const CONSUMES_NOTHING: &str = "consumes-nothing";
/// Is found by half of its name.
pub const CONSUMES_HALF: &str = "consumes-half";
/// Is found by more than the path.
pub const CONSUMES_TOO_MUCH: &str = "consumes-too-much";
/// A link whose text has a zero byte.
pub const NUL_TEXT: &str = "nul-text";
/// A link without text.
pub const NO_TEXT: &str = "no-text";
/// A link with more text than there is room for.
pub const LONG_TEXT: &str = "long-text";
/// A link to an object that there is none of.
pub const STRANGE_LINK: &str = "strange-link";
/// A directory with a name that is a path.
pub const SLASHED_NAMES: &str = "slashed-names";
/// A directory whose listing ends in a record.
pub const BROKEN_RECORDS: &str = "broken-records";
/// A directory that goes on at a negative position.
pub const NEGATIVE_POSITIONS: &str = "negative-positions";
/// A directory that says that its listing has 4 GiB.
pub const HUGE_LISTING: &str = "huge-listing";

/// The byte at an offset of [`LONG`].
pub const fn long_byte(offset: u64) -> u8 {
    (offset.wrapping_mul(2_654_435_761) >> 13) as u8
}
