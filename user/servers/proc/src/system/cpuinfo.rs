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
/// The bit of the leaf 0x80000001, EDX, that lets pages be marked as no code.
const NX: u32 = 1 << 20;

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
    text.add_bytes(b"fdiv_bug\t: no\nf00f_bug\t: no\ncoma_bug\t: no\n");
    text.add_bytes(b"fpu\t\t: yes\nfpu_exception\t: yes\n");
    add!(text, "cpuid level\t: {}\nwp\t\t: yes\nflags\t\t:", cpu.level);
    let [edx, ecx] = cpu.features;
    for (bits, names) in [(edx, EDX), (ecx, ECX)] {
        for (bit, name) in names.into_iter().enumerate().filter(|it| !it.1.is_empty()) {
            if bits >> bit & 1 != 0 {
                add!(text, " {name}");
            }
        }
    }
    if cpu.extended & NX != 0 {
        text.add_bytes(b" nx");
    }
    text.add_bytes(b"\n\n");
    Ok(())
}
