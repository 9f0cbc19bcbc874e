//! The tables against each other.

use crate::argument::Argument;
use crate::syscall::linux::kinds::*;
use crate::syscall::names;
use std::collections::BTreeMap;
use std::vec::Vec;

macro_rules! rows {
    ($( $(#[$doc:meta])* $number:literal $name:ident($($argument:ident: $kind:ty),*); )*) => {
        [ $( ($number, stringify!($name), 0 $( + <$kind as Argument>::REGISTERS )*), )* ]
    };
}

fn all() -> Vec<(u32, &'static str, usize)> {
    let mut rows: Vec<(u32, &str, usize)> = Vec::from(crate::for_each_linux_call!(rows));
    rows.extend(crate::for_each_linux_call_to_come!(rows));
    rows
}

#[test]
fn every_row_has_the_name_of_its_number() {
    for (number, name, _) in all() {
        assert_eq!(names::name(number), Some(name));
    }
}

#[test]
fn no_number_has_two_rows() {
    let mut seen = BTreeMap::new();
    for (number, name, _) in all() {
        assert_eq!(seen.insert(number, name), None, "{number}");
    }
}

#[test]
fn both_lists_are_ordered() {
    let implemented: Vec<(u32, &str, usize)> = Vec::from(crate::for_each_linux_call!(rows));
    assert!(implemented.is_sorted());
    assert!(crate::for_each_linux_call_to_come!(rows).is_sorted());
}

#[test]
fn no_call_takes_more_than_six_registers() {
    for (number, name, registers) in all() {
        assert!(registers <= 6, "{number} {name}");
    }
}

#[test]
fn names_end_where_linux_6_1_ends() {
    assert_eq!(names::name(0), Some("restart_syscall"));
    assert_eq!(names::name(222), None);
    assert_eq!(names::name(450), Some("set_mempolicy_home_node"));
    assert_eq!(names::name(451), None);
    assert_eq!(names::name(u32::MAX), None);
}

#[test]
fn arguments_keep_every_bit() {
    let mut registers: Registers = [0; 6];
    (-2i32).encode(&mut registers, 0);
    UserPtr::<u8>::new(0xffff_fff0).encode(&mut registers, 1);
    0xfeed_beefu32.encode(&mut registers, 2);
    (-3_000_000_000i64).encode(&mut registers, 3);
    assert_eq!(i32::decode(&registers, 0), -2);
    assert_eq!(UserPtr::<u8>::decode(&registers, 1).address(), 0xffff_fff0);
    assert_eq!(u32::decode(&registers, 2), 0xfeed_beef);
    assert_eq!(i64::decode(&registers, 3), -3_000_000_000);
    assert_eq!(registers[3], (-3_000_000_000i64).cast_unsigned() as u32);
}

mod ipc {
    use crate::syscall::ipc::kinds::*;
    use crate::trace::Event;
    use std::vec::Vec;

    macro_rules! rows {
        ($( $(#[$doc:meta])* $number:literal $name:ident($($argument:ident: $kind:ty),*); )*) => {
            [ $( ($number, 0 $( + <$kind as CheckedArgument>::REGISTERS )*), )* ]
        };
    }

    #[test]
    fn calls_have_numbers_of_their_own_and_fit_the_registers() {
        let mut rows: Vec<(u32, usize)> = Vec::from(crate::for_each_ipc_call!(rows));
        assert!(rows.is_sorted());
        rows.extend(crate::for_each_message_call!(rows));
        rows.extend(statistics());
        rows.extend(crate::for_each_trace_call!(rows));
        rows.extend(failpoints());
        rows.sort_unstable();
        assert!(rows.windows(2).all(|pair| pair[0].0 != pair[1].0));
        assert!(rows.iter().all(|&(_, registers)| registers <= 6));
    }

    fn failpoints() -> Vec<(u32, usize)> {
        use crate::syscall::failpoint::kinds::*;
        let rows = Vec::from(crate::for_each_failpoint_call!(rows));
        assert!(rows.is_sorted());
        rows
    }

    fn statistics() -> Vec<(u32, usize)> {
        use crate::syscall::statistics::kinds::*;
        let rows = Vec::from(crate::for_each_statistics_call!(rows));
        assert!(rows.is_sorted());
        rows
    }

    #[test]
    fn values_that_mean_nothing_are_refused() {
        let registers = [1 << 31, 10, 4 << 24, 17 << 16, 0, 0];
        assert!(Rights::decode(&registers, 0).is_err());
        assert!(Level::decode(&registers, 1).is_err());
        assert!(Tag::decode(&registers, 2).is_ok());
        assert!(Tag::decode(&registers, 3).is_err());
        assert!(u32::decode(&registers, 0).is_ok());
    }
}
