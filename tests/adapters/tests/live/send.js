// Signs the cases with Twilio's Node library, sends them through the proxy, and lets the library
// judge what was sent. One JSON line a case.
//
//     node send.js CASES PORT TOKEN          with NODE_PATH at the library

"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const http2 = require("node:http2");
const https = require("node:https");
const twilio = require("twilio");

const [cases, port, token] = process.argv.slice(2);

function urlOf(path, body, scheme) {
  if (body !== undefined) {
    const digest = crypto.createHash("sha256").update(body).digest("hex");
    path += (path.includes("?") ? "&" : "?") + "bodySHA256=" + digest;
  }
  return `${scheme}://example.com${path}`;
}

function paramsOf(test) {
  if (test.many) {
    return Object.fromEntries(Array.from({ length: test.many }, (_, n) => [`Name${n}`, `value ${n}`]));
  }
  const params = { ...test.params };
  if (test.repeat) params.Body = params.Body.repeat(test.repeat);
  return params;
}

function request(test) {
  const scheme = test.websocket ? "wss" : "https";
  const signedUrl = urlOf(test.path, test.json, scheme);
  const signature = twilio.getExpectedTwilioSignature(test.token ?? token, signedUrl, paramsOf(test));
  const sent = { ...test, ...test.sent };
  // A forger keeps the URL of the captured signature.
  const url = urlOf(sent.path, test.json, scheme);
  const headers = { "x-twilio-signature": signature, ...test.headers };
  const params = paramsOf(sent);
  let body = "";
  let judge;
  if (sent.json !== undefined) {
    body = sent.json;
    headers["content-type"] = "application/json";
    judge = twilio.validateRequestWithBody(token, signature, url, body);
  } else {
    const pairs = Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
    body = new URLSearchParams(pairs).toString();
    if (body) headers["content-type"] = "application/x-www-form-urlencoded";
    judge = twilio.validateRequest(token, signature, url, params);
  }
  const path = url.slice(url.indexOf("example.com") + "example.com".length);
  return { method: test.method ?? "POST", path, headers, body, judge };
}

const finish = (resolve, status, chunks, body) =>
  resolve({ status, echoed: Buffer.concat(chunks).equals(Buffer.from(body)) });

function overHttp1({ method, path, headers, body }, websocket) {
  return new Promise((resolve, reject) => {
    const upgrade = websocket ? { connection: "Upgrade", upgrade: "websocket" } : {};
    const options = {
      host: "127.0.0.1", port, method, path, rejectUnauthorized: false, timeout: 20000, agent: false,
      headers: { host: "example.com", ...headers, ...upgrade },
    };
    const sending = https.request(options, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => finish(resolve, answer.statusCode, chunks, body));
    });
    sending.on("error", reject);
    sending.on("timeout", () => sending.destroy(new Error("no answer")));
    sending.end(body);
  });
}

function overHttp2({ method, path, headers, body }) {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
    session.on("error", reject);
    const pseudo = { ":method": method, ":path": path, ":authority": "example.com" };
    const stream = session.request({ ...pseudo, ...headers }, { endStream: !body });
    const chunks = [];
    let status = 0;
    stream.on("response", (answer) => (status = answer[":status"]));
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => {
      session.close();
      finish(resolve, status, chunks, body);
    });
    if (body) stream.end(body);
  });
}

async function main() {
  for (const test of JSON.parse(fs.readFileSync(cases, "utf8"))) {
    const sent = request(test);
    const versions = test.websocket ? [overHttp1] : [overHttp1, overHttp2];
    for (const send of versions) {
      const { status, echoed } = await send(sent, test.websocket);
      console.log(JSON.stringify({ name: `${test.name}, ${send.name}`, judge: sent.judge, status, echoed }));
    }
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
