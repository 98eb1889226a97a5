"""An app behind the gateway: FORWARD_SECRET=whsec_… python3 app.py PORT"""
import base64, hmac, http.server, json, os, sys, time

KEY = base64.b64decode(os.environ["FORWARD_SECRET"].removeprefix("whsec_"))

class App(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_ours = self.signed(body, "webhook-signature") and self.signed(self.headers["twilio-proof"].encode(), "twilio-proof-signature")
        if is_ours: print(self.headers["webhook-id"], json.loads(self.headers["twilio-proof"])["event"], body.decode(), flush=True)
        self.send_response(200 if is_ours else 403); self.send_header("Content-Type", "text/xml"); self.end_headers()
        if is_ours: self.wfile.write(b"<Response><Message>Ahoy from Python!</Message></Response>")

    def signed(self, payload, header):
        at = self.headers["webhook-timestamp"]
        mac = hmac.digest(KEY, f"{self.headers['webhook-id']}.{at}.".encode() + payload, "sha256")
        return hmac.compare_digest(self.headers[header], "v1," + base64.b64encode(mac).decode()) and abs(time.time() - int(at)) < 300

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
