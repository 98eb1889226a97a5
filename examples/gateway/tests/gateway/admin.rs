//! The pages of operators, as a browser uses them.

use twilio_sig::testing;

use crate::program::{
    Answer, Folder, Gateway, PUBLIC_URL, eventually, exchange, now, sign, sign_with,
};

const TOKEN: &str = "an admin token of the tests";

/// A browser with at most one cookie.
struct Browser<'a> {
    gateway: &'a Gateway,
    cookie: String,
}

impl<'a> Browser<'a> {
    fn new(gateway: &'a Gateway) -> Self {
        Self { gateway, cookie: String::new() }
    }

    fn log_in(gateway: &'a Gateway) -> Self {
        let mut browser = Self::new(gateway);
        let answer = browser.post("/admin/login", "token=an+admin+token+of+the+tests");
        assert_eq!((answer.status, answer.header("location")), (303, Some("/admin")));
        let cookie = answer.header("set-cookie").unwrap();
        for word in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/admin"] {
            assert!(cookie.contains(word), "{cookie}");
        }
        browser.cookie = String::from(cookie.split(';').next().unwrap());
        browser
    }

    fn get(&self, target: &str) -> Answer {
        self.send("GET", target, "")
    }

    fn post(&self, target: &str, form: &str) -> Answer {
        self.send("POST", target, form)
    }

    fn send(&self, method: &str, target: &str, form: &str) -> Answer {
        let length = form.len().to_string();
        let headers = [
            ("Host", "hooks.example.com"),
            ("Cookie", &*self.cookie),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Length", &length),
        ];
        exchange(self.gateway.address, method, target, &headers, form.as_bytes()).unwrap()
    }

    /// What the forms of a page carry.
    fn csrf(&self, page: &str) -> String {
        let body = self.get(page).body;
        let rest = body.split_once("name=\"csrf\" value=\"").unwrap().1;
        ["csrf=", rest.split('"').next().unwrap()].concat()
    }
}

fn start(folder: &Folder) -> Gateway {
    Gateway::start(folder, &[("ADMIN_TOKEN", TOKEN)])
}

#[test]
fn there_is_no_page_without_a_token_and_none_for_strangers() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    assert_eq!(gateway.get("/admin").status, 404);
    drop(gateway);

    let gateway = start(&folder);
    let mut stranger = Browser::new(&gateway);
    for page in ["/admin", "/admin/tenants", "/admin/jobs", "/admin/attempts/1"] {
        let answer = stranger.get(page);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/admin/login")));
    }
    assert_eq!(stranger.post("/admin/login", "token=wrong").status, 403);
    for cookie in ["9999999999999.00", "1.", ".", "x"] {
        stranger.cookie = ["gateway_session=", cookie].concat();
        assert_eq!(stranger.get("/admin").status, 303, "{cookie}");
    }
    let bearer = ["Bearer ", TOKEN].concat();
    let headers = [("Host", "x"), ("Authorization", &*bearer)];
    assert_eq!(exchange(gateway.address, "GET", "/admin", &headers, b"").unwrap().status, 200);
    // A login whose cookie was made longer.
    let mut browser = Browser::log_in(&gateway);
    assert_eq!(browser.get("/admin").status, 200);
    browser.cookie = browser.cookie.replacen("gateway_session=1", "gateway_session=9", 1);
    assert_eq!(browser.get("/admin").status, 303);
}

#[test]
fn guesses_of_the_token_are_limited() {
    let folder = Folder::new();
    let settings = [("ADMIN_TOKEN", TOKEN), ("RATE_LIMIT_PER_MINUTE", "3")];
    let gateway = Gateway::start(&folder, &settings);
    let browser = Browser::new(&gateway);
    let guess = |token: &str| browser.post("/admin/login", &["token=", token].concat()).status;
    assert_eq!(
        [guess("a"), guess("b"), guess("c"), guess("an+admin+token+of+the+tests")],
        [403, 403, 403, 429]
    );
}

#[test]
fn pages_load_nothing_from_elsewhere_and_show_nothing_unescaped() {
    let folder = Folder::new();
    let gateway = start(&folder);
    let script = "<script>alert(1)</script>";
    let forged =
        sign_with(testing::sms().param(script, script), "another token", "/v1/webhooks/twilio");
    let mut headers: Vec<_> = forged.headers().filter(|(name, _)| *name != "User-Agent").collect();
    headers.push(("User-Agent", script));
    exchange(gateway.address, "POST", forged.target(), &headers, forged.body()).unwrap();
    eventually("it is logged", || !folder.query("SELECT 1 FROM attempts").is_empty());

    let browser = Browser::log_in(&gateway);
    let filter = "/admin?status=unauthorized&sid=%22%3E%3Cscript%3E&tenant=%3Cscript%3E";
    for page in ["/admin", filter, "/admin/attempts/1", "/admin/tenants", "/admin/jobs"] {
        let answer = browser.get(page);
        assert_eq!(answer.status, 200, "{page}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(!answer.body.contains("<script"), "{page}: {}", answer.body);
        assert!(!answer.body.contains("=\"http"), "{page} names another place");
        assert!(!answer.body.contains("style="), "{page} has a style that the policy refuses");
    }
    assert!(browser.get("/admin/attempts/1").body.contains("&lt;script&gt;"));
    assert_eq!(browser.get("/admin/attempts/99").status, 404);
    assert!(browser.get("/admin/style.css").body.contains("@media"));
}

#[test]
fn attempts_are_filtered_drawn_and_explained() {
    let folder = Folder::new();
    let gateway = start(&folder);
    for number in 1..=60 {
        gateway.send(&sign(testing::sms().number(number), "/v1/webhooks/twilio"));
    }
    let token = twilio_sig::AuthToken::new(crate::program::TOKEN).unwrap();
    let spoiled = testing::sms().sign(&token, "http://hooks.example.com/v1/webhooks/twilio");
    gateway.send(&spoiled.unwrap());
    eventually("all are logged", || folder.query("SELECT count(*) FROM attempts") == ["61"]);

    let browser = Browser::log_in(&gateway);
    let rows = |target: &str| browser.get(target).body.matches("data-label=\"When\"").count();
    assert_eq!(rows("/admin"), 50);
    assert_eq!(rows("/admin?before=12"), 11);
    assert_eq!(rows("/admin?status=unauthorized"), 1);
    assert_eq!(rows("/admin?sid=SM11111111111111110000000000000007"), 1);
    assert_eq!(rows("/admin?tenant=nobody"), 0);
    let body = browser.get("/admin").body;
    assert!(body.contains("<rect class=\"success\"") && body.contains("unauthorized 1"), "{body}");

    let id = folder.query("SELECT id FROM attempts WHERE status = 'unauthorized'");
    let page = browser.get(&format!("/admin/attempts/{}", id[0])).body;
    assert!(page.contains("Twilio was given an"), "{page}");
    assert!(page.contains("no key of the tenant signed this"), "{page}");
    assert!(!page.contains("15005550006"), "{page}");
}

#[test]
fn a_tenant_is_rotated_by_a_form_of_ours_and_by_no_other() {
    let folder = Folder::new();
    folder.run(&["tenant", "add", "acme", "--account-sid", testing::ACCOUNT_SID], "token one\n");
    let settings = [("ADMIN_TOKEN", TOKEN), ("PUBLIC_URL", PUBLIC_URL)];
    let gateway = Gateway::start_with(&folder, &["serve"], &settings);
    let mut number = 0;
    let mut status = |token: &str| {
        number += 1;
        let webhook = testing::sms().number(number);
        gateway.send(&sign_with(webhook, token, "/v1/webhooks/twilio")).status
    };
    let browser = Browser::log_in(&gateway);
    assert_eq!(browser.post("/admin/tenants/acme/rotate", "token=token+two").status, 403);
    assert_eq!(browser.post("/admin/tenants/acme/disable", "csrf=00").status, 403);
    assert_eq!(status("token one"), 200);

    let csrf = browser.csrf("/admin/tenants");
    let form = [&csrf, "&token=token+two"].concat();
    assert_eq!(browser.post("/admin/tenants/acme/rotate", &form).status, 303);
    assert_eq!([status("token two"), status("token one")], [200, 200]);
    let list = || browser.get("/admin/tenants").body;
    eventually("the page says when", || list().contains("Old token</dt><dd>last used 20"));
    assert!(!list().contains("token two"));
    assert_eq!(browser.post("/admin/tenants/acme/drop-secondary", &csrf).status, 303);
    assert_eq!([status("token two"), status("token one")], [200, 403]);
    assert_eq!(browser.post("/admin/tenants/acme/disable", &csrf).status, 303);
    assert_eq!(status("token two"), 503);
    assert_eq!(browser.post("/admin/tenants/acme/enable", &csrf).status, 303);
    assert_eq!(status("token two"), 200);
    assert_eq!(browser.post("/admin/tenants/nobody/disable", &csrf).status, 404);
    assert_eq!(
        browser.post("/admin/tenants/acme/rotate", &[&csrf, "&token="].concat()).status,
        400
    );
}

#[test]
fn a_job_that_is_done_is_replayed_from_the_log() {
    let folder = Folder::new();
    let gateway = start(&folder);
    let path = "/api/webhooks/twilio/recording?callId=1";
    gateway.send(&sign(testing::recording(), path));
    let stored = "SELECT stored FROM recordings";
    eventually("it is done", || folder.query(stored) == ["1"]);
    eventually("it is logged", || folder.query("SELECT id FROM attempts") == ["1"]);
    let browser = Browser::log_in(&gateway);
    let page = browser.get("/admin/attempts/1").body;
    let action = page.split_once("action=\"").unwrap().1.split('"').next().unwrap();
    assert!(action.starts_with("/admin/jobs/") && action.ends_with("/replay"), "{page}");
    assert!(page.contains(":recording</code>"), "{page}");
    // The body is that of the inbox, and what people may be known by is not shown.
    assert!(
        page.contains("RecordingStatus=completed") && page.contains("RecordingUrl=["),
        "{page}"
    );
    assert!(!page.contains("api.twilio.com"), "{page}");
    assert_eq!(browser.post(action, &browser.csrf("/admin/attempts/1")).status, 303);
    eventually("it is done again", || folder.query(stored) == ["2"]);
}

#[test]
fn a_dead_job_is_shown_and_replayed() {
    let folder = Folder::new();
    let dead = [
        ("ADMIN_TOKEN", TOKEN),
        ("FORWARD_TO", "http://127.0.0.1:1"),
        ("FORWARD_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("JOB_ATTEMPTS", "1"),
    ];
    let gateway = Gateway::start(&folder, &dead);
    let report = testing::call_status("ringing").at(now(0));
    assert_eq!(gateway.send(&sign(report, "/status")).status, 204);
    let states = "SELECT state, attempts FROM jobs";
    eventually("it is given up", || folder.query(states) == ["dead 1"]);

    let browser = Browser::log_in(&gateway);
    let page = browser.get("/admin/jobs").body;
    assert!(page.contains("Connection refused") && page.contains("Replay"), "{page}");
    // The number is what the log calls it.
    let number = &folder.query("SELECT number FROM jobs")[0];
    let event = &folder.query("SELECT id FROM inbox")[0];
    assert!(page.contains(&format!("<code>{number} {event}:delivery</code>")), "{page}");
    let replay = format!("/admin/jobs/{number}/replay");
    assert_eq!(browser.post(&replay, "").status, 403);
    assert_eq!(folder.query(states), ["dead 1"]);
    let csrf = browser.csrf("/admin/jobs");
    let of_dead = "SELECT due_at FROM jobs WHERE state = 'dead'";
    let died = folder.query(of_dead);
    assert_eq!(browser.post(&replay, &csrf).status, 303);
    eventually("it is tried anew", || {
        let again = folder.query(of_dead);
        !again.is_empty() && again != died
    });
    assert!(gateway.get("/metrics").body.contains("gateway_jobs_dead 1"));
}
