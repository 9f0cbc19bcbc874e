//! A file on its way to a reader.
//!
//! What a file says changes while it is read, and a reader who takes a byte at a time must see one
//! text all the same. So a text lives from its reader's read at offset 0 on, as far as he has not gone
//! past it; a long one is written in pieces. When there are too many, the one that was used least
//! recently goes, and any that has been read to its end: who comes back to it gets a new one, from where he stopped.

use crate::text::Text;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use sys::Result;

/// Texts kept.
const MOST: usize = 16;

/// Whose reads of what belong together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    /// The file.
    pub node: u64,
    /// The reader's process.
    pub reader: u32,
}

struct Stream {
    key: Key,
    text: Text,
    /// Where in the file the text begins.
    start: u64,
    /// Where to go on writing; `None` at the end.
    cursor: Option<u64>,
}

/// Texts that are being read.
#[derive(Default)]
pub struct Streams(VecDeque<Stream>);

impl Streams {
    /// None.
    pub const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Up to `room` bytes from `offset` on. `write` adds a piece of the file, from a cursor that is 0
    /// at first, and says where the next piece begins.
    pub fn read(
        &mut self,
        key: Key,
        offset: u64,
        room: usize,
        mut write: impl FnMut(u64, &mut Text) -> Result<Option<u64>>,
    ) -> Result<Vec<u8>> {
        let mut stream = self.take(key, offset);
        let wanted = offset.saturating_add(room as u64);
        while let Some(cursor) = stream.cursor
            && stream.start + (stream.text.len() as u64) < wanted
        {
            stream.cursor = write(cursor, &mut stream.text)?;
            // What lies before the offset has been read.
            let passed = usize::try_from(offset - stream.start).unwrap_or(usize::MAX);
            let passed = passed.min(stream.text.len());
            stream.text.discard(passed);
            stream.start += passed as u64;
        }
        let from = usize::try_from(offset - stream.start).unwrap_or(usize::MAX);
        let bytes = stream.text.bytes().get(from..).unwrap_or_default();
        let bytes = bytes.get(..room).unwrap_or(bytes).to_vec();
        // A reader who is told of the end has done.
        if !bytes.is_empty() || room == 0 {
            self.0.push_front(stream);
            self.0.truncate(MOST);
        }
        Ok(bytes)
    }

    /// The text that has the offset before it, or a new one.
    fn take(&mut self, key: Key, offset: u64) -> Stream {
        let place = self.0.iter().position(|stream| stream.key == key);
        let found = place.and_then(|place| self.0.remove(place));
        match found {
            Some(stream) if offset != 0 && stream.start <= offset => stream,
            _ => Stream { key, text: Text::new(), start: 0, cursor: Some(0) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::add;

    const KEY: Key = Key { node: 7, reader: 1 };

    /// Lines of a file that counts how often it was begun.
    fn line(begun: &mut u32, cursor: u64, text: &mut Text) -> Result<Option<u64>> {
        if cursor == 0 {
            *begun += 1;
        }
        add!(text, "{begun}: line {cursor}\n");
        Ok(Some(cursor + 1).filter(|next| *next < 100))
    }

    fn whole(begun: u32) -> Vec<u8> {
        let mut text = Text::new();
        (0..100).for_each(|number| add!(text, "{begun}: line {number}\n"));
        text.bytes().to_vec()
    }

    #[test]
    fn a_reader_sees_one_text_however_he_reads() {
        let (mut streams, mut begun) = (Streams::new(), 0);
        for (round, room) in (1..).zip([1, 7, 100, 5000]) {
            let mut read = Vec::new();
            loop {
                let write = |cursor, text: &mut Text| line(&mut begun, cursor, text);
                let bytes = streams.read(KEY, read.len() as u64, room, write).unwrap();
                if bytes.is_empty() {
                    break;
                }
                read.extend(bytes);
            }
            assert_eq!(read, whole(round));
        }
    }

    #[test]
    fn long_texts_are_not_kept_whole() {
        let (mut streams, mut begun) = (Streams::new(), 0);
        for offset in [0, 500, 900] {
            let write = |cursor, text: &mut Text| line(&mut begun, cursor, text);
            streams.read(KEY, offset, 10, write).unwrap();
            assert!(streams.0.front().unwrap().text.len() < 40);
        }
    }

    #[test]
    fn readers_do_not_disturb_each_other_and_going_back_begins_anew() {
        let (mut streams, mut begun) = (Streams::new(), 0);
        let mut read = |reader, offset| {
            let write = |cursor, text: &mut Text| line(&mut begun, cursor, text);
            streams.read(Key { reader, ..KEY }, offset, 2, write).unwrap()
        };
        assert_eq!((read(1, 0), read(2, 0)), (b"1:".to_vec(), b"2:".to_vec()));
        // Both are behind the first line now, which is ten bytes long: nobody begins anew.
        assert_eq!((read(1, 13), read(2, 13)), (b"li".to_vec(), b"li".to_vec()));
        assert_eq!(read(1, 0), b"3:");
        assert_eq!(read(1, 1_000_000), b"");
    }
}
