//! `cpuinfo`: the processor.

use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;

/// Names of the feature bits of leaf 1, EDX.
const EDX: [&str; 32] = [
    "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", "", "sep", "mtrr", "pge",
    "mca", "cmov", "pat", "pse36", "pn", "clflush", "", "dts", "acpi", "mmx", "fxsr", "sse",
    "sse2", "ss", "ht", "tm", "ia64", "pbe",
];
/// Names of the feature bits of leaf 1, ECX.
const ECX: [&str; 32] = [
    "pni",
    "pclmulqdq",
    "dtes64",
    "monitor",
    "ds_cpl",
    "vmx",
    "smx",
    "est",
    "tm2",
    "ssse3",
    "cid",
    "sdbg",
    "fma",
    "cx16",
    "xtpr",
    "pdcm",
    "",
    "pcid",
    "dca",
    "sse4_1",
    "sse4_2",
    "x2apic",
    "movbe",
    "popcnt",
    "tsc_deadline_timer",
    "aes",
    "xsave",
    "",
    "avx",
    "f16c",
    "rdrand",
    "hypervisor",
];
/// Those of the leaf 0x80000001, EDX, that are not leaf 1's over again.
const EXTENDED: [(u32, &str); 10] = [
    (11, "syscall"),
    (19, "mp"),
    (20, "nx"),
    (22, "mmxext"),
    (25, "fxsr_opt"),
    (26, "pdpe1gb"),
    (27, "rdtscp"),
    (29, "lm"),
    (30, "3dnowext"),
    (31, "3dnow"),
];
/// PAE.
const PAE: u32 = 1 << 6;

/// Writes the lines.
pub fn cpuinfo(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let cpu = kernel.processor();
    let field = |shift: u32, bits: u32| cpu.signature >> shift & ((1 << bits) - 1);
    let (base, stepping) = (field(8, 4), field(0, 4));
    let family = if base == 15 { base + field(20, 8) } else { base };
    let model = field(4, 4) | if base >= 6 { field(16, 4) << 4 } else { 0 };
    text.add_bytes(b"processor\t: 0\nvendor_id\t: ");
    text.add_bytes(&cpu.vendor);
    add!(text, "\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: ");
    let brand = cpu.brand.split(|byte| *byte == 0).next().unwrap_or_default();
    text.add_bytes(if brand.is_empty() { b"unknown" } else { brand.trim_ascii_start() });
    add!(text, "\nstepping\t: {stepping}\n");
    let khz = kernel.machine()?.tsc_khz;
    add!(text, "cpu MHz\t\t: {}.{:03}\n", khz / 1000, khz % 1000);
    // CPUs of these mistakes have no SSE2, without which this program would not run.
    text.add_bytes(b"fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\n");
    text.add_bytes(b"fpu\t\t: yes\nfpu_exception\t: yes\n");
    add!(text, "cpuid level\t: {}\nwp\t\t: yes\nflags\t\t:", cpu.level);
    let [edx, ecx] = cpu.features;
    named_bits(text, edx, &EDX);
    for (_, name) in EXTENDED.iter().filter(|(bit, _)| cpu.extended >> bit & 1 != 0) {
        add!(text, " {name}");
    }
    named_bits(text, ecx, &ECX);
    // Twice what the counter counts, as Linux has it where it waits by counting.
    let bogus = khz / 5;
    add!(text, "\nbogomips\t: {}.{:02}\n", bogus / 100, bogus % 100);
    let line = u32::from(cpu.flush) * 8;
    add!(text, "clflush size\t: {line}\ncache_alignment\t: {line}\n");
    let (physical, virtual_) = match cpu.addresses {
        0 => (if edx & PAE != 0 { 36 } else { 32 }, 32),
        bits => (bits & 0xff, bits >> 8 & 0xff),
    };
    add!(text, "address sizes\t: {physical} bits physical, {virtual_} bits virtual\n");
    text.add_bytes(b"power management:\n\n");
    Ok(())
}

fn named_bits(text: &mut Text, bits: u32, names: &[&str; 32]) {
    for (bit, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if bits >> bit & 1 != 0 {
            add!(text, " {name}");
        }
    }
}
