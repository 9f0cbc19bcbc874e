//! Splits a command line into options, plain words and what follows `--`.

use crate::stop::{Result, usage};
use std::collections::VecDeque;
use std::ffi::OsString;

/// The words of a command line that have not been read yet.
pub struct Words {
    words: VecDeque<OsString>,
    /// The value of `--name=value`, until somebody asks for it.
    attached: Option<(String, String)>,
}

/// One word, by its looks.
#[derive(Debug, PartialEq, Eq)]
pub enum Word {
    /// `--name`, without the dashes.
    Option(String),
    /// Anything else.
    Plain(OsString),
    /// Everything behind `--`.
    Rest(Vec<OsString>),
}

impl Words {
    pub fn new(words: impl IntoIterator<Item = OsString>) -> Self {
        Self { words: words.into_iter().collect(), attached: None }
    }

    /// The next word.
    pub fn next_word(&mut self) -> Result<Option<Word>> {
        if let Some((name, _)) = &self.attached {
            return Err(usage(format!("--{name} takes no value")));
        }
        let Some(word) = self.words.pop_front() else { return Ok(None) };
        let Some(option) = word.to_str().and_then(|word| word.strip_prefix("--")) else {
            return Ok(Some(Word::Plain(word)));
        };
        if option.is_empty() {
            return Ok(Some(Word::Rest(self.words.drain(..).collect())));
        }
        let name = match option.split_once('=') {
            None => option,
            Some((name, value)) => {
                self.attached = Some((name.to_owned(), value.to_owned()));
                name
            }
        };
        Ok(Some(Word::Option(name.to_owned())))
    }

    /// Every word that has not been read yet, as it is.
    pub fn rest(self) -> Vec<OsString> {
        self.words.into()
    }

    /// The value of the option that was just read.
    pub fn value(&mut self, name: &str, example: &str) -> Result<String> {
        if let Some((_, value)) = self.attached.take() {
            return Ok(value);
        }
        let missing = || usage(format!("--{name} needs a value, as in --{name} {example}"));
        let word = self.words.pop_front().ok_or_else(missing)?;
        if word == "--" {
            return Err(missing());
        }
        word.into_string().map_err(|word| {
            usage(format!("the value of --{name} is not UTF-8: {}", word.to_string_lossy()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words {
        Words::new(line.split(' ').map(OsString::from))
    }

    #[test]
    fn options_values_words_and_the_rest_are_told_apart() {
        let mut words = words("--a --b=1 --c 2 plain -- --d x");
        assert_eq!(words.next_word(), Ok(Some(Word::Option("a".into()))));
        assert_eq!(words.next_word(), Ok(Some(Word::Option("b".into()))));
        assert_eq!(words.value("b", "0"), Ok("1".into()));
        assert_eq!(words.next_word(), Ok(Some(Word::Option("c".into()))));
        assert_eq!(words.value("c", "0"), Ok("2".into()));
        assert_eq!(words.next_word(), Ok(Some(Word::Plain("plain".into()))));
        assert_eq!(words.next_word(), Ok(Some(Word::Rest(vec!["--d".into(), "x".into()]))));
        assert_eq!(words.next_word(), Ok(None));
    }

    #[test]
    fn a_value_nobody_asked_for_and_a_missing_one_are_usage_errors() {
        let mut unwanted = words("--a=1 x");
        assert_eq!(unwanted.next_word(), Ok(Some(Word::Option("a".into()))));
        assert_eq!(unwanted.next_word().unwrap_err().status, 2);
        for line in ["--a", "--a --"] {
            let mut missing = words(line);
            missing.next_word().unwrap();
            assert_eq!(missing.value("a", "0").unwrap_err().status, 2);
        }
    }
}
