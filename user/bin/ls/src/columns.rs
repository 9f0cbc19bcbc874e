//! Names side by side.

use alloc::vec::Vec;

/// Between two columns.
const GAP: usize = 2;

/// Adds the names to `text`, sorted down the columns of a terminal that is so wide; one a line if it
/// has no width.
pub fn show(names: &[&[u8]], width: usize, text: &mut Vec<u8>) {
    let letters = |name: &[u8]| name.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    let column = names.iter().map(|name| letters(name)).max().unwrap_or(0) + GAP;
    let columns = ((width + GAP) / column).max(1);
    let rows = names.len().div_ceil(columns);
    for row in 0..rows {
        let mut line = names.iter().skip(row).step_by(rows).peekable();
        while let Some(name) = line.next() {
            text.extend_from_slice(name);
            if line.peek().is_some() {
                text.extend(core::iter::repeat_n(b' ', column - letters(name)));
            }
        }
        text.push(b'\n');
    }
}
