// Runs the memory store in node, with node's clock and randomness. The argument is the built module.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

const module = await WebAssembly.compile(await readFile(process.argv[2]));
assert.deepEqual(WebAssembly.Module.imports(module), [], "the module asks its host for something");
const { exports } = await WebAssembly.instantiate(module, {});

assert.equal(exports.without_a_clock(), 0, "a store without a clock is no error");
const seed = randomBytes(8).readBigUInt64LE();
for (const start of [0n, BigInt(Date.now())]) {
    assert.equal(exports.check(start, seed), 0, `the contract is broken at ${start}, seed ${seed}`);
}
console.log("the memory store keeps the contract in wasm32-unknown-unknown");
