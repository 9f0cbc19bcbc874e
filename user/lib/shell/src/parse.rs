//! From bytes to the tree, by recursive descent.

use crate::syntax::*;
use alloc::vec::Vec;

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The text stops inside a quote, a pair of parentheses or a pipeline: more lines may help.
    Incomplete,
    /// Something stands where it may not; the phrase is for people.
    Unexpected(&'static str),
    /// Parentheses too deep.
    Deep,
}

/// Parentheses inside parentheses that are understood.
const DEPTH: u32 = 50;

/// Parses all of `text`.
pub fn parse(text: &[u8]) -> Result<List, Error> {
    let mut parser = Parser { rest: text, depth: 0 };
    let list = parser.list()?;
    match parser.rest {
        [] => Ok(list),
        [b')', ..] => Err(Error::Unexpected("unexpected )")),
        _ => Err(Error::Unexpected("unexpected text")),
    }
}

struct Parser<'a> {
    rest: &'a [u8],
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn take(&mut self, token: &[u8]) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Skips blanks, escaped line ends and, before a line end, a comment.
    fn blanks(&mut self) {
        while self.take(b" ") || self.take(b"\t") || self.take(b"\\\n") {}
        if self.peek() == Some(b'#') {
            let end = self.rest.iter().position(|&byte| byte == b'\n').unwrap_or(self.rest.len());
            self.rest = self.rest.get(end..).unwrap_or_default();
        }
    }

    fn line_ends(&mut self) {
        self.blanks();
        while self.take(b"\n") {
            self.blanks();
        }
    }

    /// Up to the end or a `)`.
    fn list(&mut self) -> Result<List, Error> {
        let mut items = Vec::new();
        loop {
            self.line_ends();
            match self.peek() {
                None | Some(b')') => return Ok(List { items }),
                Some(_) => {}
            }
            let mut item = self.item()?;
            self.blanks();
            item.background = self.rest.starts_with(b"&") && self.take(b"&");
            if !item.background && !self.take(b";") && !self.take(b"\n") {
                match self.peek() {
                    None | Some(b')') => {}
                    Some(_) => return Err(Error::Unexpected("unexpected text")),
                }
            }
            items.push(item);
        }
    }

    fn item(&mut self) -> Result<Item, Error> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let connective = if self.take(b"&&") {
                Connective::And
            } else if self.take(b"||") {
                Connective::Or
            } else {
                return Ok(Item { first, rest, background: false });
            };
            self.more()?;
            rest.push((connective, self.pipeline()?));
        }
    }

    /// Something has to follow, perhaps on the next line.
    fn more(&mut self) -> Result<(), Error> {
        self.line_ends();
        if self.rest.is_empty() { Err(Error::Incomplete) } else { Ok(()) }
    }

    fn pipeline(&mut self) -> Result<Pipeline, Error> {
        let mut negated = false;
        while self.rest.starts_with(b"! ") || self.rest.starts_with(b"!\t") {
            self.rest = self.rest.get(1..).unwrap_or_default();
            self.blanks();
            negated = !negated;
        }
        let mut commands = Vec::from([self.command()?]);
        loop {
            self.blanks();
            if self.rest.starts_with(b"||") || !self.take(b"|") {
                return Ok(Pipeline { negated, commands });
            }
            self.more()?;
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Result<Command, Error> {
        self.blanks();
        if self.take(b"(") {
            let list = self.parenthesized()?;
            if list.items.is_empty() {
                return Err(Error::Unexpected("nothing between ( and )"));
            }
            let mut redirections = Vec::new();
            loop {
                self.blanks();
                match self.redirection()? {
                    Some(redirection) => redirections.push(redirection),
                    None => return Ok(Command::Subshell(list, redirections)),
                }
            }
        }
        let mut simple = Simple::default();
        loop {
            self.blanks();
            if let Some(redirection) = self.redirection()? {
                simple.redirections.push(redirection);
            } else if let Some(name) = self.assignment(&simple) {
                let value = self.word()?.unwrap_or_default();
                simple.assignments.push((name, value));
            } else if let Some(word) = self.word()? {
                simple.words.push(word);
            } else {
                break;
            }
        }
        if simple == Simple::default() {
            return Err(match self.peek() {
                Some(b'|') => Error::Unexpected("unexpected |"),
                Some(b'&') => Error::Unexpected("unexpected &"),
                Some(b';') => Error::Unexpected("unexpected ;"),
                Some(b'(' | b')') => Error::Unexpected("unexpected parenthesis"),
                _ => Error::Unexpected("a command is missing"),
            });
        }
        Ok(Command::Simple(simple))
    }

    /// What follows a `(`, up to and with its `)`.
    fn parenthesized(&mut self) -> Result<List, Error> {
        if self.depth == DEPTH {
            return Err(Error::Deep);
        }
        self.depth += 1;
        let list = self.list()?;
        self.depth -= 1;
        if self.take(b")") { Ok(list) } else { Err(Error::Incomplete) }
    }

    /// The name before a `=`, if an assignment begins here.
    fn assignment(&mut self, simple: &Simple) -> Option<Vec<u8>> {
        if !simple.words.is_empty() {
            return None;
        }
        let length = name_length(self.rest);
        if length == 0 || self.rest.get(length) != Some(&b'=') {
            return None;
        }
        let name = self.rest.get(..length)?.to_vec();
        self.rest = self.rest.get(length + 1..)?;
        Some(name)
    }

    fn redirection(&mut self) -> Result<Option<Redirection>, Error> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, after) = self.rest.split_at(digits);
        let Some(&direction) = after.first() else { return Ok(None) };
        if !matches!(direction, b'<' | b'>') {
            return Ok(None);
        }
        let fd = match number {
            [] => i32::from(direction == b'>'),
            _ => decimal(number).ok_or(Error::Unexpected("descriptor too large"))?,
        };
        self.rest = after.get(1..).unwrap_or_default();
        let kind = if self.take(b"&") {
            RedirectionKind::Duplicate
        } else if direction == b'<' {
            RedirectionKind::Read
        } else if self.take(b">") {
            RedirectionKind::Append
        } else {
            RedirectionKind::Write
        };
        self.blanks();
        let target = self.word()?.ok_or(Error::Unexpected("a file name is missing"))?;
        Ok(Some(Redirection { fd, kind, target }))
    }

    /// A word, or `None` if none begins here.
    fn word(&mut self) -> Result<Option<Word>, Error> {
        let mut word = WordBuilder::default();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                b'\'' => {
                    self.next();
                    let end = self.rest.iter().position(|&byte| byte == b'\'');
                    let (text, rest) = self.rest.split_at(end.ok_or(Error::Incomplete)?);
                    word.text(text, true);
                    self.rest = rest.get(1..).unwrap_or_default();
                }
                b'"' => {
                    self.next();
                    word.text(b"", true);
                    self.double_quoted(&mut word)?;
                }
                b'\\' => {
                    self.next();
                    match self.next() {
                        None => return Err(Error::Incomplete),
                        Some(b'\n') => {}
                        Some(byte) => word.text(&[byte], true),
                    }
                }
                b'$' => {
                    self.next();
                    self.dollar(&mut word, false)?;
                }
                byte => {
                    self.next();
                    word.text(&[byte], false);
                }
            }
        }
        Ok(word.finish())
    }

    fn double_quoted(&mut self, word: &mut WordBuilder) -> Result<(), Error> {
        loop {
            match self.next().ok_or(Error::Incomplete)? {
                b'"' => return Ok(()),
                b'$' => self.dollar(word, true)?,
                b'\\' => match self.next().ok_or(Error::Incomplete)? {
                    b'\n' => {}
                    byte @ (b'"' | b'\\' | b'$' | b'`') => word.text(&[byte], true),
                    byte => word.text(&[b'\\', byte], true),
                },
                byte => word.text(&[byte], true),
            }
        }
    }

    /// What follows a `$`.
    fn dollar(&mut self, word: &mut WordBuilder, quoted: bool) -> Result<(), Error> {
        match self.peek() {
            Some(b'(') => {
                self.next();
                let list = self.parenthesized()?;
                word.push(PartKind::Output(list), quoted);
            }
            Some(b'{') => {
                self.next();
                let end = self.rest.iter().position(|&byte| byte == b'}');
                let (name, rest) = self.rest.split_at(end.ok_or(Error::Incomplete)?);
                let special = matches!(name, [byte] if is_special(*byte));
                let number = !name.is_empty() && name.iter().all(u8::is_ascii_digit);
                if !special && !number && (name.is_empty() || name_length(name) != name.len()) {
                    return Err(Error::Unexpected("no such expansion of a variable"));
                }
                word.push(PartKind::Variable(name.to_vec()), quoted);
                self.rest = rest.get(1..).unwrap_or_default();
            }
            Some(byte) if is_special(byte) || byte.is_ascii_digit() => {
                self.next();
                word.push(PartKind::Variable(Vec::from([byte])), quoted);
            }
            _ => match name_length(self.rest) {
                0 => word.text(b"$", quoted),
                length => {
                    let (name, rest) = self.rest.split_at(length);
                    word.push(PartKind::Variable(name.to_vec()), quoted);
                    self.rest = rest;
                }
            },
        }
        Ok(())
    }
}

/// Variables whose names are a sign.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'?' | b'$' | b'!' | b'#' | b'@' | b'*')
}

/// How many bytes at the start are a variable's name.
pub fn name_length(text: &[u8]) -> usize {
    if text.first().is_some_and(u8::is_ascii_digit) {
        return 0;
    }
    text.iter().take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'_').count()
}

fn decimal(digits: &[u8]) -> Option<i32> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

#[derive(Default)]
struct WordBuilder {
    parts: Vec<Part>,
    exists: bool,
}

impl WordBuilder {
    fn text(&mut self, text: &[u8], quoted: bool) {
        self.exists = true;
        if let Some(Part { quoted: last, kind: PartKind::Text(before) }) = self.parts.last_mut()
            && *last == quoted
        {
            before.extend_from_slice(text);
        } else {
            self.push(PartKind::Text(text.to_vec()), quoted);
        }
    }

    fn push(&mut self, kind: PartKind, quoted: bool) {
        self.exists = true;
        self.parts.push(Part { quoted, kind });
    }

    fn finish(self) -> Option<Word> {
        self.exists.then_some(Word { parts: self.parts })
    }
}

#[cfg(test)]
mod tests;
