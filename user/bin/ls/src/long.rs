//! One name a line, with its attributes.

use crate::Item;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sys::abi::file::{DeviceNumber, S_IFBLK, S_IFCHR, S_IFLNK, S_IFMT, Stat64};
use sys::calendar::Date;
use sys::{directory, mode, time};

/// Half a year in seconds: older files show their year instead of the time.
const RECENT: u64 = 15_778_476;

/// Adds the items to `text`.
pub fn show(items: &[Item], text: &mut Vec<u8>) {
    let rows: Vec<[String; 5]> =
        items.iter().map(|item| item.stat.as_ref().map(fields).unwrap_or_default()).collect();
    let widths: [usize; 5] =
        core::array::from_fn(|field| rows.iter().map(|row| row[field].len()).max().unwrap_or(0));
    for (item, row) in items.iter().zip(rows) {
        let letters = item.stat.as_ref().map_or(*b"??????????", |stat| mode::letters(stat.mode));
        text.extend_from_slice(&letters);
        for (field, width) in row.iter().zip(widths) {
            text.extend_from_slice(format!(" {field:>width$}").as_bytes());
        }
        text.push(b' ');
        text.extend_from_slice(&item.name);
        if item.stat.is_some_and(|stat| stat.mode & S_IFMT == S_IFLNK)
            && let Ok(target) = directory::read_link(&item.path)
        {
            text.extend_from_slice(b" -> ");
            text.extend_from_slice(&target);
        }
        text.push(b'\n');
    }
}

/// Names, owner, group, size, time.
fn fields(stat: &Stat64) -> [String; 5] {
    let device = matches!(stat.mode & S_IFMT, S_IFCHR | S_IFBLK);
    let size = if device { device_numbers(stat.rdev) } else { { stat.size }.to_string() };
    [
        stat.nlink.to_string(),
        stat.uid.to_string(),
        stat.gid.to_string(),
        size,
        moment(u64::from(stat.mtime)),
    ]
}

fn device_numbers(device: u64) -> String {
    let DeviceNumber { major, minor } = DeviceNumber::decode(device as u32);
    format!("{major}, {minor}")
}

fn moment(seconds: u64) -> String {
    let date = Date::from_unix(seconds.cast_signed());
    let now = time::since_epoch().as_secs();
    let (month, day) = (date.month_name(), date.day);
    if seconds <= now && now - seconds < RECENT {
        format!("{month} {day:2} {:02}:{:02}", date.hour, date.minute)
    } else {
        format!("{month} {day:2}  {}", date.year)
    }
}
