//! The alternate stack.

use super::counted::*;
use crate::fault::{PAGE, map};
use core::sync::atomic::Ordering;
use sys::Errno;
use sys::abi::signal::*;
use sys::abi::{UserMutPtr, UserPtr};
use sys::signal::Action;
use sys::syscall::{input, output};

pub fn the_alternate_stack_is_used() {
    let stack = map(4);
    let alternate = Sigaltstack { sp: stack, flags: 0, size: 4 * PAGE };
    assert_eq!(call!(sigaltstack(input(&alternate), UserMutPtr::NULL)), Ok(0));
    handle(SIGUSR1, Action::Handler(count), SA_ONSTACK);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
    let used = STACK.load(Ordering::Relaxed);
    assert!((stack..stack + 4 * PAGE).contains(&used), "{used:#x}");
    handle(SIGUSR2, Action::Handler(count), 0);
    raise(SIGUSR2);
    let used = STACK.load(Ordering::Relaxed);
    assert!(!(stack..stack + 4 * PAGE).contains(&used), "{used:#x}");
    let mut old = Sigaltstack::default();
    assert_eq!(call!(sigaltstack(UserPtr::NULL, output(&mut old))), Ok(0));
    assert_eq!((old.sp, old.size, old.flags), (stack, 4 * PAGE, 0));
}

extern "C" fn on_alternate_stack(_: i32) {
    let mut now = Sigaltstack::default();
    assert_eq!(call!(sigaltstack(UserPtr::NULL, output(&mut now))), Ok(0));
    assert_eq!(now.flags, SS_ONSTACK);
    let other = Sigaltstack { flags: SS_DISABLE, ..Sigaltstack::default() };
    assert_eq!(call!(sigaltstack(input(&other), UserMutPtr::NULL)), Err(Errno::EPERM));
    COUNT.fetch_add(1, Ordering::Relaxed);
}

pub fn the_alternate_stack_is_checked() {
    let stack = map(4);
    let small = Sigaltstack { sp: stack, flags: 0, size: 1000 };
    assert_eq!(call!(sigaltstack(input(&small), UserMutPtr::NULL)), Err(Errno::ENOMEM));
    let odd = Sigaltstack { sp: stack, flags: 0x40, size: 4 * PAGE };
    assert_eq!(call!(sigaltstack(input(&odd), UserMutPtr::NULL)), Err(Errno::EINVAL));
    let mut old = Sigaltstack::default();
    assert_eq!(call!(sigaltstack(UserPtr::NULL, output(&mut old))), Ok(0));
    assert_eq!(old.flags, SS_DISABLE);
    let good = Sigaltstack { sp: stack, flags: 0, size: 4 * PAGE };
    assert_eq!(call!(sigaltstack(input(&good), UserMutPtr::NULL)), Ok(0));
    handle(SIGUSR1, Action::Handler(on_alternate_stack), SA_ONSTACK);
    raise(SIGUSR1);
    assert_eq!(counted(), 1);
}
