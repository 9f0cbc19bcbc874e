//! `mounts` and `mountinfo`: what is mounted where, as far as the process reaches it.

use super::Subject;
use crate::text::{Text, add, name_of};
use alloc::vec::Vec;
use sys::abi::file::DeviceNumber;
use sys::abi::statistics::{MountStatistics, PATH_MOUNT};
use sys::{Errno, Result};

/// The kernel's own tree, which everything is in, itself too.
const FIRST: u32 = 1;
/// Its device.
const FIRST_DEVICE: u32 = 2;
/// What would end a word or a line.
const ESCAPED: &[u8] = b" \t\n\\";

/// Shows each mount and where it is.
fn each(of: &Subject<'_>, mut show: impl FnMut(&MountStatistics, &[u8])) -> Result<()> {
    let mut kind = [0; 16];
    kind.iter_mut().zip(b"rootfs").for_each(|(to, byte)| *to = *byte);
    let first = MountStatistics { number: FIRST, parent: FIRST, device: FIRST_DEVICE, kind };
    show(&first, b"/");
    let mut after = FIRST.cast_signed();
    while let Some(mount) = of.kernel.next_mount(after)? {
        after = mount.number.cast_signed();
        let path: Vec<u8> = match of.kernel.path(of.pid, PATH_MOUNT, mount.number) {
            // It ended meanwhile.
            Err(Errno::ENOENT) => continue,
            path => path?,
        };
        show(&mount, &path);
    }
    Ok(())
}

/// Writes a line of six words for each.
pub fn mounts(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    each(of, |mount, path| {
        text.add_bytes(name_of(&mount.kind));
        text.add_bytes(b" ");
        text.add_name(path, ESCAPED);
        text.add_bytes(b" ");
        text.add_bytes(name_of(&mount.kind));
        text.add_bytes(b" rw,relatime 0 0\n");
    })
}

/// Writes a line for each, with numbers.
pub fn mountinfo(of: &Subject<'_>, text: &mut Text) -> Result<()> {
    each(of, |mount, path| {
        let DeviceNumber { major, minor } = DeviceNumber::decode(mount.device);
        let (number, parent) = (mount.number, mount.parent);
        add!(text, "{number} {parent} {major}:{minor} / ");
        text.add_name(path, ESCAPED);
        text.add_bytes(b" rw,relatime - ");
        text.add_bytes(name_of(&mount.kind));
        text.add_bytes(b" ");
        text.add_bytes(name_of(&mount.kind));
        text.add_bytes(b" rw\n");
    })
}
