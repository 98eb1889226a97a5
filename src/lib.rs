//! Verifies Twilio webhook signatures.
#![forbid(unsafe_code)]
#![no_std]
