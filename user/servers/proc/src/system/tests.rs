//! What the files of the machine say.

use crate::tests::contents;

#[test]
fn times_are_told() {
    assert_eq!(contents("uptime"), "12.34 10.84\n");
    assert_eq!(contents("loadavg"), "1.00 0.50 0.01 2/5 60\n");
    assert_eq!(contents("version"), "Folio version 6.1.0 #1\n");
    let expected = "\
cpu  100 0 50 1084 0 0 0 0 0 0
cpu0 100 0 50 1084 0 0 0 0 0 0
intr 1077 1000 0 0 0 77 0 0 0 0 0 0 0 0 0 0 0
ctxt 999
btime 1699999987
processes 61
procs_running 2
procs_blocked 0
softirq 0 0 0 0 0 0 0 0 0 0 0
";
    assert_eq!(contents("stat"), expected);
    let expected = "           CPU0       
  0:       1000    XT-PIC      timer
  4:         77    XT-PIC      ttyS0
";
    assert_eq!(contents("interrupts"), expected);
}

#[test]
fn memory_is_told() {
    let text = contents("meminfo");
    let first = "\
MemTotal:         128000 kB
MemFree:           64000 kB
MemAvailable:      63888 kB
Buffers:               0 kB
Cached:              160 kB
SwapCached:            0 kB
Active:              960 kB
Inactive:              0 kB
Active(anon):        860 kB
Inactive(anon):        0 kB
Active(file):        100 kB
Inactive(file):        0 kB
Unevictable:          28 kB
Mlocked:              28 kB
HighTotal:             0 kB
HighFree:              0 kB
LowTotal:         128000 kB
LowFree:           64000 kB
SwapTotal:             0 kB
SwapFree:              0 kB
Dirty:                 0 kB
Writeback:             0 kB
AnonPages:           800 kB
Mapped:              240 kB
Shmem:                60 kB
";
    assert!(text.starts_with(first), "{text}");
    assert!(text.contains("Committed_AS:       1200 kB\nVmallocTotal:       4000 kB\n"));
    let text = contents("vmstat");
    assert!(
        text.starts_with("nr_free_pages 16000\n") && text.ends_with("pgfault 503\npgmajfault 3\n")
    );
}

#[test]
fn zones_are_told() {
    let expected = "\
Node 0, zone      DMA      0      1      2      3      4      5      6      7      8      9     10 
Node 0, zone   Normal      0      1      2      3      4      5      6      7      8      9     10 
";
    assert_eq!(contents("buddyinfo"), expected);
    let first = "\
Node 0, zone      DMA
  pages free     2000
        boost    0
        min      8
        low      10
        high     12
        spanned  4096
        present  4009
        managed  4000
        cma      0
        protection: (0, 1, 2)
      nr_free_pages 2000
  pagesets
    cpu: 0
              count: 3
              high:  42
              batch: 7
  node_unreclaimable:  0
  start_pfn:           0
Node 0, zone   Normal
";
    assert!(contents("zoneinfo").starts_with(first));
}

#[test]
fn the_kernels_memory_is_told() {
    let text = contents("slabinfo");
    let line = "size-64              100    126     64   63    1 : tunables    0    0    0 : slabdata      2      2      0";
    assert_eq!(text.lines().nth(2), Some(line));
    assert!(text.lines().nth(1).unwrap().starts_with("# name            <active_objs> <num_objs>"));
    let line = "0xf8800000-0xf8803000   12288 kernel_stack pages=2 vmalloc\n";
    assert_eq!(contents("vmallocinfo"), line);
    let expected =
        "slot  address     frame  users  holder\n   5 ffc05000     38000      1      42\n";
    assert_eq!(contents("kmap"), expected);
}

#[test]
fn names_and_parameters_are_told() {
    assert_eq!(contents("sys/kernel/osrelease"), "6.1.0\n");
    assert_eq!(contents("sys/kernel/hostname"), "here\n");
    assert_eq!(contents("sys/vm/overcommit_ratio"), "50\n");
    assert_eq!(contents("cmdline"), "highmem=48M -- /bin/sh\n");
    assert_eq!(contents("swaps"), "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    assert_eq!(contents("partitions"), "");
    assert_eq!(contents("sys/vm/min_free_kbytes"), "64\n");
    assert_eq!(contents("sys/fs/epoll/max_user_watches"), "9000\n");
    let expected = "\
/dev/tty             /dev/tty        5       0 system:/dev/tty
/dev/console         /dev/console    5       1 system:console
";
    assert_eq!(contents("tty/drivers"), expected);
    assert!(contents("filesystems").contains("nodev\tproc\n"));
}

#[test]
fn the_processor_is_described() {
    let expected = "\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 111
model name\t: QEMU Virtual CPU
stepping\t: 3
cpu MHz\t\t: 2904.005
fdiv_bug\t: no
f00f_bug\t: no
coma_bug\t: no
fpu\t\t: yes
fpu_exception\t: yes
cpuid level\t: 13
wp\t\t: yes
flags\t\t: fpu pae sse2 nx pni
bogomips\t: 5808.01
clflush size\t: 64
cache_alignment\t: 64
address sizes\t: 40 bits physical, 48 bits virtual
power management:

";
    assert_eq!(contents("cpuinfo"), expected);
}
