//! Objects made to order, whole and damaged, and models too simple to be wrong.

mod damage;
mod lookup;
mod maker;
mod order;
mod range;
mod relocation;
mod search;
mod world;
