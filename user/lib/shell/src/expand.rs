//! From words to arguments: variables, command output, splitting at blanks.

use crate::pattern::PatternByte;
use crate::syntax::{List, Part, PartKind, Word};
use alloc::vec::Vec;

/// What words may ask for.
pub trait Values {
    /// Why a value cannot be had.
    type Error;

    /// The values of a variable: none if it is not set, several for `@` and `*`.
    fn variable(&mut self, name: &[u8]) -> Vec<Vec<u8>>;

    /// What the commands write to standard output.
    fn output(&mut self, list: &List) -> Result<Vec<u8>, Self::Error>;
}

/// An argument; its unquoted signs may still be a pattern.
pub type Field = Vec<PatternByte>;

/// The bytes of a field.
pub fn bytes(field: &[PatternByte]) -> Vec<u8> {
    field.iter().map(|byte| byte.byte).collect()
}

/// The arguments that a word becomes: none, one or several.
pub fn fields<V: Values>(word: &Word, values: &mut V) -> Result<Vec<Field>, V::Error> {
    if is_all_arguments(word) && values.variable(b"@").is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = Fields::default();
    for part in &word.parts {
        match &part.kind {
            PartKind::Text(text) => fields.add(text, part.quoted),
            PartKind::Variable(name) => {
                let found = values.variable(name);
                let apart = matches!(name.as_slice(), b"@") || !part.quoted;
                if part.quoted && !apart {
                    fields.add(&found.join(&b' '), true);
                } else {
                    fields.add_several(&found, part.quoted);
                }
            }
            PartKind::Output(list) => {
                let output = values.output(list)?;
                let text = without_last_line_ends(&output);
                if part.quoted { fields.add(text, true) } else { fields.add_split(text) }
            }
        }
    }
    Ok(fields.finish())
}

/// Whether a word is `"$@"`, the only quoted one that can vanish.
fn is_all_arguments(word: &Word) -> bool {
    let of_arguments = |part: &Part| match &part.kind {
        PartKind::Text(text) => text.is_empty(),
        PartKind::Variable(name) => name == b"@",
        PartKind::Output(_) => false,
    };
    word.parts.len() == 2 && word.parts.iter().all(of_arguments)
}

/// The one value a word becomes where it is not split, as in an assignment.
pub fn value<V: Values>(word: &Word, values: &mut V) -> Result<Vec<u8>, V::Error> {
    let mut bytes = Vec::new();
    for Part { kind, .. } in &word.parts {
        match kind {
            PartKind::Text(text) => bytes.extend_from_slice(text),
            PartKind::Variable(name) => bytes.extend(values.variable(name).join(&b' ')),
            PartKind::Output(list) => {
                bytes.extend_from_slice(without_last_line_ends(&values.output(list)?));
            }
        }
    }
    Ok(bytes)
}

fn without_last_line_ends(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| byte != b'\n').map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

#[derive(Default)]
struct Fields {
    done: Vec<Field>,
    /// The field that is being built, if anything began one.
    open: Option<Field>,
}

impl Fields {
    fn add(&mut self, text: &[u8], quoted: bool) {
        let field = self.open.get_or_insert_default();
        field.extend(text.iter().map(|&byte| PatternByte { byte, quoted }));
    }

    fn end(&mut self) {
        self.done.extend(self.open.take());
    }

    fn add_split(&mut self, text: &[u8]) {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n');
        let mut words = text.split(blank);
        // What precedes the first blank goes on with the open field.
        if let Some(first) = words.next()
            && !first.is_empty()
        {
            self.add(first, false);
        }
        for word in words {
            self.end();
            if !word.is_empty() {
                self.add(word, false);
            }
        }
    }

    fn add_several(&mut self, values: &[Vec<u8>], quoted: bool) {
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.end();
            }
            if quoted { self.add(value, true) } else { self.add_split(value) }
        }
    }

    fn finish(mut self) -> Vec<Field> {
        self.end();
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;
    use crate::syntax::Command;
    use std::string::String;
    use std::vec;

    struct Some;

    impl Values for Some {
        type Error = ();

        fn variable(&mut self, name: &[u8]) -> Vec<Vec<u8>> {
            match name {
                b"two" => vec![b"a b".to_vec()],
                b"blanks" => vec![b" x  y ".to_vec()],
                b"empty" => vec![vec![]],
                b"star" => vec![b"*".to_vec()],
                b"@" | b"*" => vec![b"1 2".to_vec(), vec![], b"3".to_vec()],
                _ => vec![],
            }
        }

        fn output(&mut self, _: &List) -> Result<Vec<u8>, ()> {
            Ok(b"l1\nl2  \n\n".to_vec())
        }
    }

    fn expand(text: &str) -> Vec<String> {
        let list = parse(text.as_bytes()).unwrap();
        let Command::Simple(simple) = &list.items[0].first.commands[0] else { panic!() };
        let words = simple.words.iter().flat_map(|word| fields(word, &mut Some).unwrap());
        words.map(|field| String::from_utf8(bytes(&field)).unwrap()).collect()
    }

    #[test]
    fn unquoted_values_are_split_and_may_vanish() {
        assert_eq!(expand("x $two y"), ["x", "a", "b", "y"]);
        assert_eq!(expand("x -$two-"), ["x", "-a", "b-"]);
        assert_eq!(expand("x -$blanks-"), ["x", "-", "x", "y", "-"]);
        assert_eq!(expand("x $unset $empty y"), ["x", "y"]);
        assert_eq!(expand("x $unset''"), ["x", ""]);
    }

    #[test]
    fn quoted_values_stay_whole() {
        assert_eq!(expand("x \"$two\" \"$unset\" \"-$blanks-\""), ["x", "a b", "", "- x  y -"]);
        assert_eq!(expand("x 'a'\"b\"c"), ["x", "abc"]);
    }

    #[test]
    fn all_arguments_stay_apart_inside_quotes() {
        assert_eq!(expand("x \"$@\""), ["x", "1 2", "", "3"]);
        assert_eq!(expand("x \"<$@>\""), ["x", "<1 2", "", "3>"]);
        assert_eq!(expand("x \"$*\""), ["x", "1 2  3"]);
        assert_eq!(expand("x $@"), ["x", "1", "2", "3"]);
    }

    #[test]
    fn no_arguments_are_no_fields_even_quoted() {
        struct None;
        impl Values for None {
            type Error = ();
            fn variable(&mut self, _: &[u8]) -> Vec<Vec<u8>> {
                vec![]
            }
            fn output(&mut self, _: &List) -> Result<Vec<u8>, ()> {
                Err(())
            }
        }
        for (text, count) in [("\"$@\"", 0), ("\"$*\"", 1), ("\"-$@\"", 1), ("$@", 0), ("''", 1)] {
            let list = parse(text.as_bytes()).unwrap();
            let Command::Simple(simple) = &list.items[0].first.commands[0] else { panic!() };
            assert_eq!(fields(&simple.words[0], &mut None).unwrap().len(), count, "{text}");
        }
    }

    #[test]
    fn output_loses_its_last_line_ends() {
        assert_eq!(expand("x $(y)"), ["x", "l1", "l2"]);
        assert_eq!(expand("x \"$(y)\""), ["x", "l1\nl2  "]);
    }

    #[test]
    fn only_unquoted_signs_are_patterns() {
        let list = parse(b"* '*' $star \"$star\" a\\*").unwrap();
        let Command::Simple(simple) = &list.items[0].first.commands[0] else { panic!() };
        let patterns: Vec<bool> = simple
            .words
            .iter()
            .flat_map(|word| fields(word, &mut Some).unwrap())
            .map(|field| crate::pattern::is_pattern(&field))
            .collect();
        assert_eq!(patterns, [true, false, true, false, false]);
    }

    #[test]
    fn assigned_values_are_not_split() {
        let list = parse(b"v=-$two-$(y)").unwrap();
        let Command::Simple(simple) = &list.items[0].first.commands[0] else { panic!() };
        assert_eq!(value(&simple.assignments[0].1, &mut Some), Ok(b"-a b-l1\nl2  ".to_vec()));
    }
}
