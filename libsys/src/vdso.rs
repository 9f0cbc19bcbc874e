//! The functions that the kernel maps into every program.

const PT_DYNAMIC: u32 = 2;
const DT_HASH: u32 = 4;
const DT_STRTAB: u32 = 5;
const DT_SYMTAB: u32 = 6;

/// Where in the image the function of this name is, if it has one.
pub fn function(image: &[u8], name: &[u8]) -> Option<u32> {
    let headers = (word(image, 28)? as usize..).step_by(32).take(usize::from(half(image, 44)?));
    let dynamic = headers.filter(|at| word(image, *at) == Some(PT_DYNAMIC)).last()?;
    let section = word(image, dynamic + 4)? as usize;
    let entry = |tag| {
        let mut entries = (section..image.len()).step_by(8);
        let at = entries.find(|at| matches!(word(image, *at), Some(found) if found == tag))?;
        Some(word(image, at + 4)? as usize)
    };
    let (symbols, strings) = (entry(DT_SYMTAB)?, entry(DT_STRTAB)?);
    // The second word of the hash table is the number of symbols.
    let count = word(image, entry(DT_HASH)? + 4)? as usize;
    (symbols..image.len()).step_by(16).take(count).find_map(|symbol| {
        let text = image.get(strings.checked_add(word(image, symbol)? as usize)?..)?;
        let same = text.get(name.len()) == Some(&0) && text.starts_with(name);
        same.then(|| word(image, symbol + 4))?
    })
}

fn word(image: &[u8], at: usize) -> Option<u32> {
    let bytes = image.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn half(image: &[u8], at: usize) -> Option<u16> {
    let bytes = image.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// A header, PT_DYNAMIC, the section, two symbols, their names, the hash table.
    fn image() -> Vec<u8> {
        let mut words = [0u32; 60];
        (words[7], words[11]) = (52, 1);
        (words[13], words[14]) = (PT_DYNAMIC, 100);
        words[25..33].copy_from_slice(&[DT_HASH, 220, DT_STRTAB, 200, DT_SYMTAB, 140, 0, 0]);
        (words[39], words[40]) = (1, 0x123);
        (words[43], words[44]) = (5, 0x456);
        words[50] = u32::from_le_bytes(*b"\0one");
        words[51] = u32::from_le_bytes(*b"\0two");
        words[56] = 3;
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn functions_are_found_by_name() {
        let image = image();
        assert_eq!(function(&image, b"one"), Some(0x123));
        assert_eq!(function(&image, b"two"), Some(0x456));
        assert_eq!(function(&image, b"tw"), None);
    }

    #[test]
    fn what_is_no_image_has_none() {
        for len in 0..220 {
            assert_eq!(function(&image()[..len], b"one"), None, "{len}");
        }
    }
}
