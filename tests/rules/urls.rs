//! Which spellings of a URL a signature may be for, and which not.

use crate::candidates::{self, url_accepts as accepts, url_refuses as refuses};
use twilio_sig::{VerifyError, Webhook};

fn candidate(url: &str, signed: &str) -> Result<String, VerifyError> {
    candidates::candidate(Webhook::get(url), signed)
}

#[test]
fn a_url_without_a_port_may_be_signed_with_the_standard_one() {
    let https = [("https://h.io/p?x=1", "as_given"), ("https://h.io:443/p?x=1", "port_added")];
    accepts("https://h.io/p?x=1", &https);
    accepts("http://h.io/p", &[("http://h.io/p", "as_given"), ("http://h.io:80/p", "port_added")]);
    accepts("wss://h.io/p", &[("wss://h.io/p", "as_given"), ("wss://h.io:443/p", "port_added")]);
    accepts("ws://h.io/p", &[("ws://h.io/p", "as_given"), ("ws://h.io:80/p", "port_added")]);
    refuses("https://h.io/p", &["https://h.io:80/p", "https://h.io:8443/p", "https://h.io:/p"]);
    refuses("wss://h.io/p", &["wss://h.io:80/p"]);
    refuses("http://h.io/p", &["http://h.io:443/p"]);
}

#[test]
fn any_port_may_be_removed() {
    for port in ["443", "80", "8443", "0", "65535", "00443", "1"] {
        let url = format!("https://h.io:{port}/p");
        accepts(&url, &[(&url, "as_given"), ("https://h.io/p", "port_removed")]);
    }
    refuses(
        "https://h.io:8443/p",
        &["https://h.io:443/p", "https://h.io:/p", "https://h.io:844/p"],
    );
}

#[test]
fn an_empty_port_is_a_port() {
    accepts(
        "https://h.io:/p",
        &[("https://h.io:/p", "as_given"), ("https://h.io/p", "port_removed")],
    );
    refuses("https://h.io:/p", &["https://h.io:443/p"]);
}

#[test]
fn a_port_out_of_range_is_no_url() {
    for port in ["65536", "99999", "000443", "4294967739", "-1", "+1", "44a", " 443", "１"] {
        let url = format!("https://h.io:{port}/p");
        assert_eq!(candidate(&url, &url), Err(VerifyError::InvalidUrl), "{url}");
    }
}

#[test]
fn user_information_may_be_left_out() {
    accepts(
        "https://user:pass@h.io/p",
        &[
            ("https://user:pass@h.io/p", "as_given"),
            ("https://user:pass@h.io:443/p", "port_added"),
            ("https://h.io/p", "userinfo_removed"),
            ("https://h.io:443/p", "userinfo_removed+port_added"),
        ],
    );
    refuses("https://user:pass@h.io/p", &["https://user@h.io/p", "https://user:@h.io/p"]);
    refuses("https://h.io/p", &["https://user:pass@h.io/p"]);
}

#[test]
fn the_last_at_sign_ends_user_information() {
    accepts(
        "https://a@b:c:d@e@h.io:8443/p@q?r@s",
        &[
            ("https://a@b:c:d@e@h.io:8443/p@q?r@s", "as_given"),
            ("https://a@b:c:d@e@h.io/p@q?r@s", "port_removed"),
            ("https://h.io:8443/p@q?r@s", "userinfo_removed"),
            ("https://h.io/p@q?r@s", "userinfo_removed+port_removed"),
        ],
    );
    // An at sign after the authority begins no host.
    refuses("https://h.io/a@evil.io/p", &["https://evil.io/p"]);
    refuses("https://h.io?a@evil.io/p", &["https://evil.io/p"]);
}

#[test]
fn empty_user_information_is_user_information() {
    for at in ["@", ":@"] {
        let given = format!("https://{at}h.io/p");
        let with_port = format!("https://{at}h.io:443/p");
        accepts(
            &given,
            &[
                (&given, "as_given"),
                (&with_port, "port_added"),
                ("https://h.io/p", "userinfo_removed"),
                ("https://h.io:443/p", "userinfo_removed+port_added"),
            ],
        );
    }
}

#[test]
fn an_ipv6_literal_keeps_its_colons() {
    accepts(
        "https://[2001:db8::1]/p",
        &[("https://[2001:db8::1]/p", "as_given"), ("https://[2001:db8::1]:443/p", "port_added")],
    );
    accepts(
        "https://u:p@[2001:DB8::1]:8443/p",
        &[
            ("https://u:p@[2001:DB8::1]:8443/p", "as_given"),
            ("https://u:p@[2001:DB8::1]/p", "port_removed"),
            ("https://[2001:DB8::1]:8443/p", "userinfo_removed"),
            ("https://[2001:DB8::1]/p", "userinfo_removed+port_removed"),
        ],
    );
    for url in [
        "https://[::1/p",
        "https://::1]/p",
        "https://[]/p",
        "https://[::1]x/p",
        "https://[::1]x:1/p",
        "https://[[::1]]/p",
        "https://2001:db8::1/p",
        "https://[::1]:x/p",
        "https://a[::1]/p",
        "https://a[b]/p",
        "https://a[b/p",
        "https://a]b/p",
    ] {
        assert_eq!(candidate(url, url), Err(VerifyError::InvalidUrl), "{url}");
    }
}

#[test]
fn the_fragment_is_left_out_or_all_is_as_given() {
    accepts(
        "https://h.io/p?x=1#rc=2&rp=all",
        &[
            ("https://h.io/p?x=1", "as_given"),
            ("https://h.io:443/p?x=1", "port_added"),
            ("https://h.io/p?x=1#rc=2&rp=all", "fragment_kept"),
        ],
    );
    accepts(
        "https://h.io/p#",
        &[("https://h.io/p", "as_given"), ("https://h.io/p#", "fragment_kept")],
    );
    // The first `#` begins it, also straight after the host; a `?` in it begins no query.
    accepts(
        "https://h.io#a?b='#c",
        &[
            ("https://h.io", "as_given"),
            ("https://h.io:443", "port_added"),
            ("https://h.io/", "root_slash_added"),
            ("https://h.io:443/", "root_slash_added+port_added"),
            ("https://h.io#a?b='#c", "fragment_kept"),
        ],
    );
    refuses("https://h.io/p?x=1#f", &["https://h.io:443/p?x=1#f", "https://h.io/p?x=1#"]);
    refuses("https://h.io/p", &["https://h.io/p#", "https://h.io/p#f"]);
}

#[test]
fn no_path_and_a_bare_slash_may_stand_for_each_other() {
    accepts(
        "https://h.io",
        &[
            ("https://h.io", "as_given"),
            ("https://h.io:443", "port_added"),
            ("https://h.io/", "root_slash_added"),
            ("https://h.io:443/", "root_slash_added+port_added"),
        ],
    );
    accepts(
        "https://h.io/",
        &[
            ("https://h.io/", "as_given"),
            ("https://h.io:443/", "port_added"),
            ("https://h.io", "root_slash_removed"),
            ("https://h.io:443", "root_slash_removed+port_added"),
        ],
    );
    refuses("https://h.io/p", &["https://h.io/p/", "https://h.io"]);
    refuses("https://h.io/p/", &["https://h.io/p"]);
    refuses("https://h.io//", &["https://h.io/", "https://h.io"]);
}

#[test]
fn the_scheme_is_known_in_any_case_and_signed_as_given() {
    accepts(
        "HTTPS://h.io/p",
        &[("HTTPS://h.io/p", "as_given"), ("HTTPS://h.io:443/p", "port_added")],
    );
    accepts("hTTp://h.io/p", &[("hTTp://h.io/p", "as_given"), ("hTTp://h.io:80/p", "port_added")]);
    accepts("Wss://h.io/p", &[("Wss://h.io/p", "as_given"), ("Wss://h.io:443/p", "port_added")]);
    refuses("HTTPS://h.io/p", &["https://h.io/p", "HTTPS://h.io:80/p"]);
    refuses("https://h.io/p", &["http://h.io/p", "wss://h.io/p", "HTTPS://h.io/p"]);
}

#[test]
fn nothing_else_of_the_url_is_changed() {
    for (url, other) in [
        ("https://MyCompany.COM/Path", "https://mycompany.com/Path"),
        ("https://h.io/a/../b/./c//d", "https://h.io/b/c/d"),
        ("https://h.io/a%20b%2Fc%7e", "https://h.io/a b/c~"),
        ("https://h.io/a b", "https://h.io/a%20b"),
        ("https://h.io/\u{e9}", "https://h.io/%C3%A9"),
        ("https://b\u{fc}cher.io/", "https://xn--bcher-kva.io/"),
        ("https://my_host.io/\t\n\\", "https://my_host.io/"),
        ("https://h.io./p", "https://h.io/p"),
        ("https://[2001:DB8:0::1]/p", "https://[2001:db8::1]/p"),
        ("https://h.io/index.html", "https://h.io/"),
    ] {
        assert_eq!(candidate(url, url).as_deref(), Ok("as_given"), "{url}");
        refuses(url, &[other]);
        refuses(other, &[url]);
    }
}

#[test]
fn what_is_not_an_absolute_url_with_a_host_is_refused() {
    for url in [
        "",
        "://",
        "h.io/p",
        "/p",
        "//h.io/p",
        "https",
        "https:",
        "https:/h.io/p",
        "https:h.io",
        "https://",
        "https:///p",
        "https://?x",
        "https://#f",
        "https://:443/p",
        "https://u@/p",
        "https://u@:1/p",
        "ab://h.io/p",
        "ftp://h.io/p",
        "file:///p",
        " https://h.io/p",
        "https ://h.io/p",
        "xhttps://h.io/p",
        "httpss://h.io",
        "httр://h.io",
        "wsss://h.io",
        "#https://h.io/",
        "?https://h.io/",
        "\u{feff}https://h.io/",
    ] {
        assert_eq!(candidate(url, url), Err(VerifyError::InvalidUrl), "{url}");
    }
}

#[test]
fn every_candidate_of_a_url_in_order() {
    accepts(
        "https://u@h.io:8443?x='%27+#f",
        &[
            ("https://u@h.io:8443?x='%27+", "as_given"),
            ("https://u@h.io?x='%27+", "port_removed"),
            ("https://h.io:8443?x='%27+", "userinfo_removed"),
            ("https://h.io?x='%27+", "userinfo_removed+port_removed"),
            ("https://u@h.io:8443?x=%27%27+", "apostrophes_escaped"),
            ("https://u@h.io?x=%27%27+", "apostrophes_escaped+port_removed"),
            ("https://h.io:8443?x=%27%27+", "apostrophes_escaped+userinfo_removed"),
            ("https://h.io?x=%27%27+", "apostrophes_escaped+userinfo_removed+port_removed"),
            ("https://u@h.io:8443?x=''+", "apostrophes_unescaped"),
            ("https://u@h.io?x=''+", "apostrophes_unescaped+port_removed"),
            ("https://h.io:8443?x=''+", "apostrophes_unescaped+userinfo_removed"),
            ("https://h.io?x=''+", "apostrophes_unescaped+userinfo_removed+port_removed"),
            ("https://u@h.io:8443?x=''%20", "query_reencoded"),
            ("https://u@h.io?x=''%20", "query_reencoded+port_removed"),
            ("https://h.io:8443?x=''%20", "query_reencoded+userinfo_removed"),
            ("https://h.io?x=''%20", "query_reencoded+userinfo_removed+port_removed"),
            ("https://u@h.io:8443/?x='%27+", "root_slash_added"),
            ("https://u@h.io/?x='%27+", "root_slash_added+port_removed"),
            ("https://h.io:8443/?x='%27+", "root_slash_added+userinfo_removed"),
            ("https://h.io/?x='%27+", "root_slash_added+userinfo_removed+port_removed"),
            ("https://u@h.io:8443?x='%27+#f", "fragment_kept"),
        ],
    );
    // One change of the text at a time.
    refuses(
        "https://u@h.io:8443?x='%27+#f",
        &[
            "https://u@h.io:8443/?x=%27%27+",
            "https://u@h.io:8443/?x=''%20",
            "https://h.io:8443?x='%27+#f",
        ],
    );
}
