//! Texts of files that are open.
//!
//! What a file says changes while it is read, and a reader who takes a byte at a time must see one
//! text all the same. So a text belongs to an open file, from its read at offset 0 to the next one. A
//! long one is written in pieces, and what was read of it is forgotten.
//!
//! Nobody says that a file is closed, but most are read to their end, where only that is kept. When too
//! much is kept all the same, the text that was used least recently goes. Who goes on with that, or goes
//! back, gets a new one from where he is.

use crate::text::Text;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use sys::Result;

/// Texts kept.
const MOST: usize = 256;
/// Bytes they take, all of them.
const MOST_BYTES: usize = 1 << 20;

/// Whose text it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    /// The file.
    pub node: u64,
    /// Which of those who opened it.
    pub file: u32,
}

struct Stream {
    key: Key,
    text: Text,
    /// Where in the file the text begins.
    start: u64,
    /// Where to go on writing; `None` at the end.
    cursor: Option<u64>,
}

impl Stream {
    /// Forgets what lies before the offset.
    fn pass(&mut self, offset: u64) {
        let passed = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        let passed = passed.min(self.text.len());
        self.text.discard(passed);
        self.start += passed as u64;
    }
}

/// Texts of open files, those used last first.
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
        stream.pass(offset);
        while let Some(cursor) = stream.cursor
            && stream.start + (stream.text.len() as u64) < wanted
        {
            stream.cursor = write(cursor, &mut stream.text)?;
            stream.pass(offset);
        }
        let from = usize::try_from(offset - stream.start).unwrap_or(usize::MAX);
        let bytes = stream.text.bytes().get(from..).unwrap_or_default();
        let bytes = bytes.get(..room).unwrap_or(bytes).to_vec();
        let end = offset + bytes.len() as u64;
        // Who did not get an answer asks the same again: a text that was read at once he may have anew.
        if stream.cursor.is_none() && offset == 0 && stream.start + stream.text.len() as u64 == end
        {
            stream.pass(end);
        }
        if self.0.capacity() == 0 {
            self.0.reserve_exact(MOST + 1);
        }
        self.0.push_front(stream);
        self.forget();
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

    /// Forgets texts until few enough are left; never the first.
    fn forget(&mut self) {
        let mut bytes = 0;
        let fits = self.0.iter().take(MOST).take_while(|stream| {
            bytes += stream.text.capacity();
            bytes <= MOST_BYTES
        });
        let count = fits.count().max(1);
        self.0.truncate(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::add;
    use alloc::vec;

    const KEY: Key = Key { node: 7, file: 1 };

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
    fn open_files_do_not_disturb_each_other_and_going_back_begins_anew() {
        let (mut streams, mut begun) = (Streams::new(), 0);
        let mut read = |file, offset| {
            let write = |cursor, text: &mut Text| line(&mut begun, cursor, text);
            streams.read(Key { file, ..KEY }, offset, 2, write).unwrap()
        };
        assert_eq!((read(1, 0), read(2, 0)), (b"1:".to_vec(), b"2:".to_vec()));
        // Both are behind the first line now, which is ten bytes long: nobody begins anew.
        assert_eq!((read(1, 13), read(2, 13)), (b"li".to_vec(), b"li".to_vec()));
        // The same again: the first answer may have been lost on its way.
        assert_eq!(read(1, 13), b"li");
        assert_eq!(read(1, 0), b"3:");
        assert_eq!((read(2, 10), read(2, 20)), (b"4:".to_vec(), b"4:".to_vec()));
        assert_eq!(read(1, 1_000_000), b"");
    }

    #[test]
    fn the_end_stays_the_end() {
        let mut streams = Streams::new();
        let mut read = |offset, says: &str| {
            let write = |_, text: &mut Text| {
                text.add_bytes(says.as_bytes());
                Ok(None)
            };
            streams.read(KEY, offset, 100, write).unwrap()
        };
        assert_eq!(read(0, "short"), b"short");
        assert_eq!((read(5, "much longer"), read(5, "much longer")), (vec![], vec![]));
        assert_eq!(read(0, "much longer"), b"much longer");
        assert_eq!(read(11, ""), b"");
        assert_eq!(streams.0.front().unwrap().text.capacity(), 0);
    }

    #[test]
    fn texts_of_many_files_are_not_kept_for_good() {
        let mut streams = Streams::new();
        for (length, most) in [(2, MOST), (MOST_BYTES / 2, 2), (MOST_BYTES + 1, 1)] {
            for file in 0..300 {
                let write = |_, text: &mut Text| {
                    text.add_bytes(&vec![b'x'; length]);
                    Ok(None)
                };
                assert_eq!(streams.read(Key { file, ..KEY }, 0, 1, write).unwrap(), b"x");
            }
            assert_eq!(streams.0.len(), most);
        }
    }
}
