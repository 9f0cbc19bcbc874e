# Commands for a gdb on Folio (scripts/debug). The `monitor` ones ask QEMU.

set confirm off
set pagination off
set print pretty on
set disassembly-flavor intel

define folio-panic
    break rust_begin_unwind
end
document folio-panic
Stop where a panic of the kernel begins.
end

define folio-program
    add-symbol-file target/i686-user/release/$arg0
end
document folio-program
folio-program NAME: load the symbols of a user program.
end

define folio-test
    add-symbol-file target/i686-user/checked/$arg0
end
document folio-test
folio-test NAME: load the symbols of a program of tests, as suite.
end

define folio-tlb
    monitor info tlb
end
document folio-tlb
Show every page the current tables map, with its rights.
end

define folio-mem
    monitor info mem
end
document folio-mem
Show the ranges the current tables map, with their rights.
end

define folio-machine
    monitor info registers
    monitor info pic
end
document folio-machine
Show the processor's registers, control registers included, and the interrupt controller.
end
