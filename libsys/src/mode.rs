//! File types and permission bits for people.

use abi::file::*;

/// The ten letters of `ls -l`.
pub fn letters(mode: u32) -> [u8; 10] {
    let kind = match mode & S_IFMT {
        S_IFDIR => b'd',
        S_IFLNK => b'l',
        S_IFCHR => b'c',
        S_IFBLK => b'b',
        S_IFIFO => b'p',
        S_IFSOCK => b's',
        S_IFREG => b'-',
        _ => b'?',
    };
    let mut letters = [kind, b'-', b'-', b'-', b'-', b'-', b'-', b'-', b'-', b'-'];
    for (index, letter) in letters.iter_mut().skip(1).enumerate() {
        if mode & (0o400 >> index) != 0 {
            *letter = [b'r', b'w', b'x'][index % 3];
        }
    }
    for (bit, index, with, without) in
        [(S_ISUID, 3, b's', b'S'), (S_ISGID, 6, b's', b'S'), (S_ISVTX, 9, b't', b'T')]
    {
        if mode & bit != 0 {
            letters[index] = if letters[index] == b'x' { with } else { without };
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_ls() {
        for (mode, wanted) in [
            (0o100644, b"-rw-r--r--"),
            (0o040755, b"drwxr-xr-x"),
            (0o041777, b"drwxrwxrwt"),
            (0o120777, b"lrwxrwxrwx"),
            (0o020620, b"crw--w----"),
            (0o104755, b"-rwsr-xr-x"),
            (0o102600, b"-rw---S---"),
            (0o000000, b"?---------"),
        ] {
            assert_eq!(&letters(mode), wanted, "{mode:o}");
        }
    }
}
