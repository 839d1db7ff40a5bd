#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rs2p_fuzz::values::run(bytes));
