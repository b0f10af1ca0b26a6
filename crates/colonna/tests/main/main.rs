//! The library from outside, as its users link it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod concurrency;
mod corridor;
mod counters;
mod regression;
mod roundtrip;
mod shared_data;
mod spill;
mod surprises;
