//! What the server runs. A script is atomic, and the server's clock stands still in it.
//!
//! `KEYS[1]` is the key, `ARGV[1]` the owner's token, `ARGV[2]` the milliseconds. A value is `P`, in
//! progress, or `D`, done, and then the token of who claimed it. Every value expires.
//!
//! A server without memory refuses a script's first command that needs some, so the order of
//! commands decides what still works: all but a claim of a vacant key.

/// Fresh is -1, done is 0, and in progress is the rest of the lease.
pub(crate) const CLAIM: &str = "\
local held = redis.call('GET', KEYS[1])
if not held and redis.call('SET', KEYS[1], 'P' .. ARGV[1], 'NX', 'PX', ARGV[2]) then return -1 end
if string.sub(held, 1, 1) == 'D' then return 0 end
return math.max(redis.call('PTTL', KEYS[1]), 1)";

/// 1 if the key is the owner's or vacant, and done now. `PEXPIRE` needs no memory, so that an owner's
/// `SET`, which writes over what is there, is not refused.
pub(crate) const COMPLETE: &str = "\
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 2) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[1], 'D' .. ARGV[1], 'PX', ARGV[2])
return 1";

/// 1 if the key is vacant now.
pub(crate) const RELEASE: &str = "\
local held = redis.call('GET', KEYS[1])
if held and held ~= 'P' .. ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1";
