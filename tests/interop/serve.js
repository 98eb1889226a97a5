// Twilio's Node library as a child process: a JSON request a line in, a JSON answer a line out.
//
// The requests are those of serve.py. A form is read as the platform reads it.
"use strict";

const readline = require("node:readline");
const twilio = require("twilio");
const { version } = require("twilio/package.json");

// An own property for every name, `__proto__` too; a repeated name has an array.
function params(form) {
  // Node garbles characters beyond ASCII that stand beside a bad escape. Escaped they are the same.
  const ascii = (form ?? "").replace(/[^\0-\x7f]+/gu, encodeURIComponent);
  // A `?` at the start would be dropped.
  const pairs = new URLSearchParams(`&${ascii}`);
  const values = (name) => {
    const all = pairs.getAll(name);
    return all.length === 1 ? all[0] : all;
  };
  return Object.fromEntries([...pairs.keys()].map((name) => [name, values(name)]));
}

function accepts({ secret, url, form, body, signature }) {
  return typeof body === "string"
    ? twilio.validateRequestWithBody(secret, signature, url, body)
    : twilio.validateRequest(secret, signature, url, params(form));
}

const ops = {
  version: () => ({ version }),
  sign: ({ secret, url, form }) => ({
    signature: twilio.getExpectedTwilioSignature(secret, url, params(form)),
  }),
  verify: (request) => {
    try {
      return { verdict: accepts(request) ? "accept" : "refuse" };
    } catch (error) { // whatever it throws is its verdict
      return { verdict: "raise", detail: String(error) };
    }
  },
  hash: ({ body }) => ({ hash: twilio.getExpectedBodyHash(body) }),
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(ops[request.op](request))}\n`);
});
