//! An address space: Linux's `mm_struct`.
//!
//! Lock order: `layout` (sleeping; faults read, edits write), then `page_table`. Whoever only
//! takes entries away by reverse map needs no `layout`.
