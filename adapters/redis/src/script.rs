//! What the server runs. A script is atomic, and the server's clock stands still in it.
//!
//! `KEYS[1]` is the key, `ARGV[1]` the owner's token, `ARGV[2]` the milliseconds, `ARGV[3]` the answer. A
//! value is `P`, in progress, or `D`, done, then the 16 bytes of the token, then the answer. Every value
//! expires. Each reply begins with a word that no other script says.
//!
//! A server without memory refuses a script's first command that needs some, so the order of
//! commands decides what still works: all but a claim of a vacant key, and an answer.

/// `PEXPIRE` needs no memory.
pub(crate) const CLAIM: &str = "\
local held = redis.call('GET', KEYS[1])
if not held then
    redis.call('SET', KEYS[1], 'P' .. ARGV[1], 'PX', ARGV[2])
    return {'acquired'}
end
if held == 'P' .. ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {'acquired'}
end
if string.sub(held, 1, 1) == 'D' then return {'done', string.sub(held, 18)} end
return {'held', string.format('%d', math.max(redis.call('PTTL', KEYS[1]), 1))}";

/// Where there is no answer, `PEXPIRE` comes first, so that an owner's `SET` is not refused.
pub(crate) const COMPLETE: &str = "\
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 2, 17) ~= ARGV[1] then return {'not_completed'} end
if held and string.sub(held, 1, 1) == 'D' then return {'completed'} end
if ARGV[3] == '' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
redis.call('SET', KEYS[1], 'D' .. ARGV[1] .. ARGV[3], 'PX', ARGV[2])
return {'completed'}";

/// Makes the key vacant, if it is in progress and the owner's.
pub(crate) const RELEASE: &str = "\
local held = redis.call('GET', KEYS[1])
if held and held ~= 'P' .. ARGV[1] then return {'not_released'} end
redis.call('DEL', KEYS[1])
return {'released'}";
