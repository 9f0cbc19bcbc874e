//! `ls [-1adl] [PATH…]`: names of files; `-a` also those with a dot, `-d` folders themselves, `-l`
//! one a line with attributes, `-1` one a line.

#![no_std]
#![no_main]

extern crate alloc;

mod columns;
mod long;

use alloc::vec::Vec;
use sys::abi::file::{S_IFDIR, S_IFMT, Stat64};
use sys::io::STDOUT;
use sys::options::Options;
use sys::{directory, env, eprintln, file, terminal};

sys::entry!(main);

/// A name to show, and what it stands for.
struct Item {
    name: Vec<u8>,
    path: Vec<u8>,
    stat: Option<Stat64>,
}

fn main() -> i32 {
    let mut options = match Options::parse(env::args().skip(1), "1adl") {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("ls: {wrong}\nusage: ls [-1adl] [PATH...]");
            return 2;
        }
    };
    if options.operands.is_empty() {
        options.operands.push(b".");
    }
    let mut status = 0;
    let mut complain = |path: &[u8], error: sys::Errno| {
        eprintln!("ls: {}: {error}", path.escape_ascii());
        status = 1;
    };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for &path in &options.operands {
        // A link to a folder is shown as the folder, unless its attributes are asked for.
        let follow = !options.has(b'l') && !options.has(b'd');
        match if follow {
            file::stat(path).or_else(|_| file::lstat(path))
        } else {
            file::lstat(path)
        } {
            Ok(stat) if stat.mode & S_IFMT == S_IFDIR && !options.has(b'd') => folders.push(path),
            Ok(stat) => {
                files.push(Item { name: path.to_vec(), path: path.to_vec(), stat: Some(stat) });
            }
            Err(error) => complain(path, error),
        }
    }
    let mut text = Vec::new();
    let headings = options.operands.len() > 1;
    show(&options, &mut files, &mut text);
    for folder in folders {
        if headings {
            if !text.is_empty() {
                text.push(b'\n');
            }
            text.extend_from_slice(folder);
            text.extend_from_slice(b":\n");
        }
        match inside(folder, &options) {
            Ok(mut items) => show(&options, &mut items, &mut text),
            Err(error) => complain(folder, error),
        }
    }
    if let Err(error) = STDOUT.write_all(&text) {
        complain(b"standard output", error);
    }
    status
}

fn inside(folder: &[u8], options: &Options<'_>) -> sys::Result<Vec<Item>> {
    let entries = directory::entries(folder)?.into_iter();
    let shown = entries.filter(|entry| options.has(b'a') || !entry.name.starts_with(b"."));
    let items = shown.map(|entry| {
        let path = [folder, b"/", &entry.name].concat();
        let stat = if options.has(b'l') { file::lstat(&path).ok() } else { None };
        Item { name: entry.name, path, stat }
    });
    Ok(items.collect())
}

fn show(options: &Options<'_>, items: &mut [Item], text: &mut Vec<u8>) {
    items.sort_by(|a, b| a.name.cmp(&b.name));
    if options.has(b'l') {
        long::show(items, text);
        return;
    }
    let names: Vec<&[u8]> = items.iter().map(|item| item.name.as_slice()).collect();
    let width = terminal::window_size(STDOUT).map_or(0, |size| usize::from(size.col));
    columns::show(&names, if options.has(b'1') { 0 } else { width }, text);
}
