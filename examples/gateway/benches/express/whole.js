// The gateway's routes with Express and Twilio's middleware. It keeps in memory which events are done and how
// they were answered, and the state of messages and calls, and writes a line of the log for each attempt: all that the
// gateway keeps in its database but the bodies. The answers are the gateway's, and the bench compares them.
const crypto = require('node:crypto');
const express = require('express');
const { rateLimit } = require('express-rate-limit');
const { LRUCache } = require('lru-cache');
const pino = require('pino');
const prometheus = require('prom-client');
const twilio = require('twilio');

const [port, authToken] = process.argv.slice(2);
const app = express();
const log = pino({ base: undefined });

const kept = { max: 200_000, ttl: 7 * 86_400_000 };
const answers = new LRUCache(kept); // of each event
const requests = new LRUCache(kept); // the event that each signature told of
const messages = new LRUCache(kept);
const calls = new LRUCache(kept);
const recordings = new LRUCache(kept);

const attempts = new prometheus.Counter({
  name: 'gateway_attempts_total',
  help: 'Requests, by route and status',
  labelNames: ['route', 'status'],
});
const seconds = new prometheus.Histogram({
  name: 'gateway_request_seconds',
  help: 'How long requests took, by route',
  labelNames: ['route'],
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 15],
});

app.get('/metrics', async (_, response) => response.send(await prometheus.register.metrics()));

// The attempts: counted, and logged without what people wrote.
const plain = new Set([
  'ApiVersion', 'CallDuration', 'CallStatus', 'CallbackSource', 'Direction', 'Duration', 'ErrorCode', 'ErrorUrl',
  'MessageStatus', 'NumMedia', 'NumSegments', 'RecordingDuration', 'RecordingSource', 'RecordingStatus',
  'RetryCount', 'SequenceNumber', 'SmsStatus', 'Timestamp',
]);
const headers = [
  'host', 'user-agent', 'content-type', 'content-length', 'i-twilio-idempotency-token', 'x-forwarded-for',
  'x-forwarded-proto', 'x-forwarded-host',
];

function redacted(body) {
  const shown = {};
  for (const [name, value] of Object.entries(body ?? {})) {
    shown[name] = name.endsWith('Sid') || plain.has(name) ? value : `[${value.length}]`;
  }
  return shown;
}

function logged(request) {
  const shown = { 'x-twilio-signature': request.get('x-twilio-signature') === undefined ? 0 : 1 };
  for (const name of headers) {
    const value = request.get(name);
    if (value !== undefined) shown[name] = value;
  }
  return shown;
}

app.use((request, response, next) => {
  const started = performance.now();
  const id = crypto.randomBytes(8).toString('hex');
  response.set('x-request-id', id);
  response.on('finish', () => {
    const took = performance.now() - started;
    const code = response.statusCode;
    const { isDuplicate, event } = response.locals;
    const status =
      isDuplicate ? 'duplicate' : code < 400 ? 'success' : code === 403 ? 'unauthorized' : 'error';
    const route = request.route?.path ?? 'none';
    attempts.inc({ route, status });
    seconds.observe({ route }, took / 1000);
    log.info({
      request_id: id,
      provider: 'twilio',
      event_type: route,
      status,
      http_status: code,
      tenant: request.body?.AccountSid,
      ip: request.ip,
      url: request.path,
      sid: request.body?.MessageSid ?? request.body?.CallSid,
      event,
      headers: logged(request),
      payload: redacted(request.body),
      duration_us: Math.round(took * 1000),
    });
  });
  next();
});
app.use(rateLimit({ windowMs: 60_000, limit: 60, skipSuccessfulRequests: true, legacyHeaders: false }));
app.use(express.urlencoded({ extended: false }));
app.use(twilio.webhook(authToken, { host: 'hooks.example.com', protocol: 'https' }));

// Each event once. A duplicate gets the answer of the first, or is told that it is one.
const twiml = answer => ({ type: 'text/xml; charset=utf-8', body: answer.toString() });
const success = { type: 'application/json', body: '{"success":true}' };
const duplicate = { type: 'application/json', body: '{"success":true,"duplicate":true}' };

function send(response, answer, event, isDuplicate) {
  Object.assign(response.locals, { event, isDuplicate });
  response.type(answer.type).send(answer.body);
}

function route(path, eventOf, isTwiml, act) {
  app.post(path, (request, response) => {
    const signature = request.get('x-twilio-signature');
    const event = requests.get(signature) ?? eventOf(request.body);
    const done = answers.get(event);
    if (done !== undefined) {
      requests.set(signature, event);
      return send(response, isTwiml ? done : duplicate, event, true);
    }
    const answer = act(request, response);
    if (answer === undefined) return;
    answers.set(event, answer);
    requests.set(signature, event);
    send(response, answer, event, false);
  });
}

// The same, for a route that needs `?callId=`.
function call(path, eventOf, isTwiml, act) {
  route(path, eventOf, isTwiml, (request, response) => {
    if (request.query.callId) return act(request);
    response.status(400).send('callId is missing');
  });
}

// What came late moves no state back.
const ranks = {
  received: 0, queued: 1, sending: 2, sent: 3, delivered: 4, undelivered: 4, failed: 4, read: 5,
  initiated: 0, ringing: 1, 'in-progress': 2, completed: 3, busy: 3, 'no-answer': 3, canceled: 3,
};

function move(states, id, status, row) {
  const rank = ranks[status];
  const known = states.get(id);
  if (known === undefined || rank > known.rank) {
    states.set(id, { ...known, ...row, status, rank, updatedAt: Date.now() });
  }
}

route('/v1/webhooks/twilio', body => body.MessageSid, true, ({ body }) => {
  move(messages, body.MessageSid, 'received', { direction: 'inbound', from: body.From, to: body.To });
  return twiml(new twilio.twiml.MessagingResponse());
});
route('/v1/webhooks/twilio/status', body => `${body.MessageSid}:${body.MessageStatus}`, false, ({ body }) => {
  move(messages, body.MessageSid, body.MessageStatus, { direction: 'outbound', from: body.From, to: body.To });
  return success;
});
call('/api/webhooks/twilio/voice', body => `${body.CallSid}:voice`, true, ({ body, query }) => {
  move(calls, query.callId, body.CallStatus, { sid: body.CallSid });
  const answer = new twilio.twiml.VoiceResponse();
  const action = `consent?callId=${encodeURIComponent(query.callId)}`;
  answer
    .gather({ numDigits: 1, action, method: 'POST' })
    .say('Hello. This call is recorded. Press 1 if you agree.');
  answer.say('We heard nothing. Goodbye.');
  answer.hangup();
  return twiml(answer);
});
call('/api/webhooks/twilio/status', body => `${body.CallSid}:${body.CallStatus}`, false, ({ body, query }) => {
  move(calls, query.callId, body.CallStatus, { sid: body.CallSid, duration: Number(body.CallDuration) });
  return success;
});
call(
  '/api/webhooks/twilio/recording', body => `${body.CallSid}:recording:${body.RecordingSid}`, false,
  ({ body, query }) => {
    const recording = { callId: query.callId, mediaUrl: `${body.RecordingUrl}.mp3` };
    setImmediate(() => recordings.set(body.RecordingSid, recording));
    return success;
  },
);
app.listen(Number(port), '127.0.0.1');
