// Twilio's Node library: verifies what it is sent, a JSON request a line, and times it.
//
// A form is read as the platform reads it, and that is timed too.
"use strict";

const readline = require("node:readline");
const twilio = require("twilio");
const { version } = require("twilio/package.json");

// A repeated name has an array.
function params(form) {
  const params = {};
  for (const [name, value] of new URLSearchParams(form)) {
    params[name] = name in params ? [params[name], value].flat() : value;
  }
  return params;
}

function verifier({ token, url, body, form, signature }) {
  return body === undefined
    ? () => twilio.validateRequest(token, signature, url, params(form))
    : () => twilio.validateRequestWithBody(token, signature, url, body);
}

const ops = {
  version: () => version,
  verify: (request) => {
    try {
      return verifier(request)();
    } catch { // that is no acceptance
      return false;
    }
  },
  time: (request) => {
    const verify = verifier(request);
    const start = process.hrtime.bigint();
    for (let nth = 0; nth < request.repeats; nth++) verify();
    return Number(process.hrtime.bigint() - start);
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(ops[request.op](request))}\n`);
});
