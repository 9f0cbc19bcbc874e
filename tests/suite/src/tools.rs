//! What the tools that look into the machine print.

use crate::child;
use crate::fault::*;
use crate::harness::only_on_folio;
use crate::procfs::{as_program, number, rename, text};
use crate::scratch::Scratch;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use sys::abi::memory::MAP_FIXED;
use sys::abi::signal::SIGKILL;
use sys::command::Command;
use sys::file;
use sys::process;
use sys::wait::Status;

tests![
    pmap_shows_a_line_for_each_area,
    ps_shows_a_line_for_each_process,
    ps_shows_first_who_works_most,
    free_adds_up,
    vmstat_shows_a_line_for_each_second,
];

/// What a program prints.
fn output(words: &[&str]) -> String {
    let (scratch, opened) = Scratch::file("output", b"");
    let mut command = Command::new(words[0]);
    words[1..].iter().for_each(|word| {
        command.arg(word);
    });
    command.stdout(opened.fd());
    assert_eq!(command.status(), Ok(Status::Exited(0)), "{words:?}");
    text(scratch.as_str())
}

fn on_folio(test: fn()) {
    only_on_folio("user/bin");
    as_program(test);
}

fn numbers(line: &str) -> Vec<u64> {
    line.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn end(pid: i32) {
    process::kill(pid, SIGKILL).expect("kill");
    assert_eq!(child::wait(pid), Status::Signaled(SIGKILL));
}

pub fn pmap_shows_a_line_for_each_area() {
    on_folio(|| {
        let start = free_range(8) + PAGE;
        assert_eq!(call!(mmap2(start, 3 * PAGE, RW, PRIVATE | MAP_FIXED, -1, 0)), Ok(start));
        poke(start, 1);
        let (ready, tells) = file::pipe().expect("pipe");
        let pid = child::start(|| {
            poke(start + PAGE, 1);
            tells.write_all(b"x").expect("write");
            loop {
                call!(pause()).ok();
            }
        });
        assert_eq!(ready.read(&mut [0]), Ok(1));
        let (id, maps) = (format!("{pid}"), text(&format!("/proc/{pid}/maps")));
        let title = text(&format!("/proc/{pid}/cmdline")).replace('\0', " ");
        let title = format!("{pid}:   {}", title.trim_end());

        let plain = output(&["/bin/pmap", &id]);
        let lines: Vec<&str> = plain.lines().collect();
        assert_eq!((lines[0], lines.len()), (&*title, maps.lines().count() + 2));
        let line = format!("{start:08x}     12K rw--- [ anon ]");
        assert!(lines.contains(&&*line), "{plain}");
        let stack = |line: &&str| line.ends_with("K rw--- [ stack ]");
        assert_eq!(lines.iter().filter(|line| stack(line)).count(), 1, "{plain}");
        let kib = number(&text(&format!("/proc/{pid}/status")), "VmSize");
        assert_eq!(lines.last(), Some(&&*format!(" total {kib:8}K")));

        // One page is still the parent's too.
        let extended = output(&["/bin/pmap", "-x", &id]);
        let lines: Vec<&str> = extended.lines().collect();
        let heading = "Address   Kbytes     RSS     PSS   Dirty Mode  Mapping";
        assert_eq!((lines[0], lines[1], lines.len()), (&*title, heading, maps.lines().count() + 4));
        let line = format!("{start:08x}      12       8       6       8 rw--- [ anon ]");
        assert!(lines.contains(&&*line), "{extended}");
        let sum = |column: usize| -> u64 {
            let rows = &lines[2..lines.len() - 2];
            rows.iter().map(|row| numbers(&row[8..])[column]).sum()
        };
        let total = lines.last().expect("the last line");
        assert!(total.starts_with("total kB "), "{extended}");
        assert_eq!(numbers(total), [sum(0), sum(1), sum(2), sum(3)]);
        assert_eq!(sum(0), kib);
        end(pid);
        unmap(start, 3);
    });
}

pub fn ps_shows_a_line_for_each_process() {
    on_folio(|| {
        rename(c"who asks");
        let text = output(&["/bin/ps"]);
        let mut lines = text.lines();
        let heading = "  PID  PPID  PGRP S THR      RSS     SIZE     TIME NAME";
        assert_eq!(lines.next(), Some(heading));
        let (own, group) = (process::id(), process::group());
        let start = format!("{own:5} {:5} {group:5} S   1 ", process::parent_id());
        let line = lines.clone().find(|line| line.starts_with(&start)).expect("a line");
        assert!(line.ends_with(" who asks"), "{line}");
        let (size, time) = (numbers(&line[start.len()..])[1], &line[42..51]);
        assert!(size > 100 && time.trim_start().starts_with("0:0"), "{line}");
        let child = format!(" {own:5} {group:5} R   1 ");
        let line = lines.clone().find(|line| line[5..].starts_with(&child));
        assert!(line.is_some_and(|line| line.ends_with(" ps")), "{text}");
        assert!(lines.clone().any(|line| line.starts_with("    1     0 ")), "{text}");
        assert!(lines.map(|line| numbers(line)[0]).is_sorted(), "{text}");
    });
}

pub fn ps_shows_first_who_works_most() {
    on_folio(|| {
        let pid = child::start(|| {
            rename(c"worker");
            loop {
                core::hint::spin_loop();
            }
        });
        let text = output(&["/bin/ps", "-t", "1", "2"]);
        let (_, second) = text[1..].split_once(" processes, load ").expect("a second screen");
        let (_, second) = second.split_once(" processes, load ").expect("a second screen");
        let mut lines = second.lines();
        let load = lines.next().expect("the load");
        assert_eq!(load.split(' ').count(), 5, "{load}");
        assert_eq!(lines.next(), Some("  PID S THR %CPU      RSS     TIME NAME"));
        let first = lines.next().expect("a process");
        assert!(
            first.starts_with(&format!("{pid:5} R   1 ")) && first.ends_with(" worker"),
            "{text}"
        );
        assert!(numbers(first)[2] >= 20, "{first}");
        end(pid);
    });
}

pub fn free_adds_up() {
    on_folio(|| {
        let text = output(&["/bin/free"]);
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("KiB           total       used       free"));
        let row = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.map_or([0; 3].into(), numbers)
        };
        let (low, high, all) = (row("low "), row("high "), row("all "));
        assert_eq!(all[0], number(&self::text("/proc/meminfo"), "MemTotal"));
        for column in 0..3 {
            assert_eq!(low[column] + high[column], all[column], "{text}");
        }
        assert_eq!(all[1] + all[2], all[0]);
        let names = ["anonymous", "files", "shared", "heap", "stacks", "page tables", "promised"];
        let holders: Vec<&str> = lines.skip_while(|line| !line.is_empty()).skip(1).collect();
        assert_eq!(holders.len(), names.len());
        for (line, name) in holders.iter().zip(names) {
            assert!(
                line.starts_with(name) && line.len() == 35 && numbers(line).len() == 1,
                "{line}"
            );
        }
    });
}

pub fn vmstat_shows_a_line_for_each_second() {
    on_folio(|| {
        let text = output(&["/bin/vmstat", "1", "3"]);
        let lines: Vec<&str> = text.lines().collect();
        let headings = [
            "procs ------------memory------------ ---------system-------- ----cpu----",
            " r  ps     free   cached     anon    flt/s    in/s    cs/s  us  sy  id",
        ];
        assert_eq!((&lines[..2], lines.len()), (&headings[..], 5), "{text}");
        for line in &lines[2..] {
            let row = numbers(line);
            assert_eq!((row.len(), line.len()), (11, 70), "{text}");
            assert!((99..=101).contains(&row[8..].iter().sum::<u64>()), "{text}");
            // The timer alone interrupts a hundred times a second.
            assert!(row[6] >= 90 && row[2] > 0 && row[3] > 0, "{text}");
        }
    });
}
