//! `buddyinfo` and `zoneinfo`: the zones of memory.

use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;
use sys::abi::statistics::ZoneMemory;

const NAMES: [&str; 3] = ["DMA", "Normal", "HighMem"];

fn zones(kernel: &dyn Kernel) -> Result<[ZoneMemory; 3]> {
    kernel.memory().map(|memory| memory.zones)
}

/// Writes how many free blocks there are of each order, a line for each zone.
pub fn buddyinfo(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let zones = zones(kernel)?;
    for (name, zone) in NAMES.into_iter().zip(zones).filter(|(_, zone)| zone.managed != 0) {
        add!(text, "Node 0, zone {name:>8} ");
        for count in zone.free_blocks {
            add!(text, "{count:6} ");
        }
        text.add_bytes(b"\n");
    }
    Ok(())
}

/// Writes a paragraph for each zone.
pub fn zoneinfo(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let zones = zones(kernel)?;
    for (name, zone) in NAMES.into_iter().zip(zones) {
        add!(text, "Node 0, zone {name:>8}\n");
        add!(text, "  pages free     {}\n        boost    0\n", zone.free);
        add!(text, "        min      {}\n        low      {}\n", zone.min, zone.low);
        add!(text, "        high     {}\n        spanned  {}\n", zone.high, zone.spanned);
        add!(text, "        present  {}\n        managed  {}\n", zone.present, zone.managed);
        let [dma, normal, high] = zone.reserve;
        add!(text, "        cma      0\n        protection: ({dma}, {normal}, {high})\n");
        if zone.managed == 0 {
            continue;
        }
        add!(text, "      nr_free_pages {}\n", zone.free);
        add!(text, "  pagesets\n    cpu: 0\n              count: {}\n", zone.at_hand);
        add!(text, "              high:  {}\n", zone.hand_high);
        add!(text, "              batch: {}\n", zone.hand_batch);
        add!(text, "  node_unreclaimable:  0\n  start_pfn:           {}\n", zone.start);
    }
    Ok(())
}
