//! Mounting.

/// In the upper half of the flags: it says nothing any more.
pub const MS_MGC_VAL: u32 = 0xc0ed_0000;
/// Changes a mount.
pub const MS_REMOUNT: u32 = 32;
/// Shows a directory at another place.
pub const MS_BIND: u32 = 4096;
/// Moves a mount.
pub const MS_MOVE: u32 = 8192;
/// Changes how mounts spread: four flags.
pub const MS_PROPAGATION: u32 = 0x1e_0000;
/// Any of these: no new file system is to be mounted.
pub const MS_OTHER_THAN_NEW: u32 = MS_REMOUNT | MS_BIND | MS_MOVE | MS_PROPAGATION;

/// Even if that loses something.
pub const MNT_FORCE: u32 = 1;
/// Now from the tree, and later from its users.
pub const MNT_DETACH: u32 = 2;
/// Only if nobody has used it since the last call.
pub const MNT_EXPIRE: u32 = 4;
/// A symbolic link is not followed.
pub const UMOUNT_NOFOLLOW: u32 = 8;
