// The gateway's routes with Express and Twilio's middleware, and nothing else: verified and answered. No database,
// no log, no check for duplicates.
const express = require('express');
const twilio = require('twilio');

const [port, authToken] = process.argv.slice(2);
const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(twilio.webhook(authToken, { host: 'hooks.example.com', protocol: 'https' }));

const success = (request, response) => response.json({ success: true });
const twiml = (response, answer) => response.type('text/xml').send(answer.toString());

app.post('/v1/webhooks/twilio', (request, response) =>
  twiml(response, new twilio.twiml.MessagingResponse()));
app.post('/v1/webhooks/twilio/status', success);
app.post('/api/webhooks/twilio/voice', (request, response) => {
  const answer = new twilio.twiml.VoiceResponse();
  const action = `consent?callId=${encodeURIComponent(request.query.callId)}`;
  answer
    .gather({ numDigits: 1, action, method: 'POST' })
    .say('Hello. This call is recorded. Press 1 if you agree.');
  answer.say('We heard nothing. Goodbye.');
  answer.hangup();
  twiml(response, answer);
});
app.post('/api/webhooks/twilio/status', success);
app.post('/api/webhooks/twilio/recording', success);
app.listen(Number(port), '127.0.0.1');
