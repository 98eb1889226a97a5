//! Which spellings of its query a URL may be signed with, and which not.

use crate::candidates::{url_accepts as accepts, url_refuses as refuses};
use crate::oracle;
use twilio_sig::{AuthToken, Verifier, Webhook};

#[test]
fn apostrophes_of_the_query_may_be_escaped_all_or_none() {
    accepts(
        "https://h.io/it's?x=It's&y='",
        &[
            ("https://h.io/it's?x=It's&y='", "as_given"),
            ("https://h.io:443/it's?x=It's&y='", "port_added"),
            ("https://h.io/it's?x=It%27s&y=%27", "apostrophes_escaped"),
            ("https://h.io:443/it's?x=It%27s&y=%27", "apostrophes_escaped+port_added"),
        ],
    );
    accepts(
        "https://h.io/it%27s?x=It%27s",
        &[
            ("https://h.io/it%27s?x=It%27s", "as_given"),
            ("https://h.io:443/it%27s?x=It%27s", "port_added"),
            ("https://h.io/it%27s?x=It's", "apostrophes_unescaped"),
            ("https://h.io:443/it%27s?x=It's", "apostrophes_unescaped+port_added"),
        ],
    );
    // Mixed: all escaped, or none.
    accepts(
        "https://h.io/p?x='%27",
        &[
            ("https://h.io/p?x='%27", "as_given"),
            ("https://h.io:443/p?x='%27", "port_added"),
            ("https://h.io/p?x=%27%27", "apostrophes_escaped"),
            ("https://h.io:443/p?x=%27%27", "apostrophes_escaped+port_added"),
            ("https://h.io/p?x=''", "apostrophes_unescaped"),
            ("https://h.io:443/p?x=''", "apostrophes_unescaped+port_added"),
        ],
    );
    refuses("https://h.io/p?x='%27", &["https://h.io/p?x=%27'"]);
    // The path is signed as given.
    refuses("https://h.io/it's", &["https://h.io/it%27s"]);
    refuses("https://h.io/it%27s?x=1", &["https://h.io/it's?x=1"]);
    // An escape is `%27`; `%2527` is a per cent sign and two digits.
    refuses("https://h.io/p?x=%2527", &["https://h.io/p?x=%27", "https://h.io/p?x=%25'"]);
}

#[test]
fn the_query_may_be_encoded_anew_as_the_node_library_does() {
    for (query, reencoded) in [
        ("x=a+b", "x=a%20b"),
        ("x=%2b", "x=%2B"),
        ("x=a:b@c,d/e", "x=a%3Ab%40c%2Cd%2Fe"),
        ("x=%41%7e%2D", "x=A~-"),
        ("x=-_.!~*()", "x=-_.!~*()"),
        ("b", "b="),
        ("&&a=1&&b&", "a=1&b="),
        ("b=2&a=1&b=2", "b=2&a=1&b=2"),
        ("a=b=c", "a=b%3Dc"),
        ("=", "="),
        ("=x", "=x"),
        ("x=%", "x=%25"),
        ("x=%zz", "x=%25zz"),
        ("x=|[]{}^`", "x=%7C%5B%5D%7B%7D%5E%60"),
        ("x=%C3%A9", "x=%C3%A9"),
        ("x=%FF", "x=%FF"),
        ("a%3Db=%26", "a%3Db=%26"),
        ("x=y?z", "x=y%3Fz"),
    ] {
        let given = format!("https://h.io/p?{query}");
        let with_port = format!("https://h.io:443/p?{query}");
        let anew = format!("https://h.io/p?{reencoded}");
        let anew_with_port = format!("https://h.io:443/p?{reencoded}");
        let all = [
            (&*given, "as_given"),
            (&*with_port, "port_added"),
            (&*anew, "query_reencoded"),
            (&*anew_with_port, "query_reencoded+port_added"),
        ];
        accepts(&given, if query == reencoded { &all[..2] } else { &all });
    }
    // What is read alike is not accepted alike: only this one spelling is.
    refuses("https://h.io/p?x=a%20b", &["https://h.io/p?x=a+b"]);
    refuses("https://h.io/p?x=A", &["https://h.io/p?x=%41"]);
    refuses("https://h.io/p?b=2&a=1", &["https://h.io/p?a=1&b=2"]);
}

/// A byte that no request line carries stands for its escape in an attack alone, and `;` is
/// a separator to some readers of queries.
#[test]
fn only_what_a_request_line_carries_is_encoded_anew() {
    for (odd, escaped) in [
        (";", "%3B"),
        ("\r\n", "%0D%0A"),
        ("\0", "%00"),
        ("\\", "%5C"),
        ("\"", "%22"),
        ("<", "%3C"),
        (">", "%3E"),
        (" ", "%20"),
        ("\t", "%09"),
        ("\u{7f}", "%7F"),
        ("\u{e9}", "%C3%A9"),
    ] {
        for (given, signed) in [
            (format!("a=1{odd}b=2"), format!("a=1{escaped}b=2")),
            (format!("a=1{odd}b=2"), format!("a=1{escaped}b%3D2")),
            (format!("{odd}a=1"), format!("{escaped}a=1")),
        ] {
            refuses(&format!("https://h.io/p?{given}"), &[&format!("https://h.io/p?{signed}")]);
        }
    }
}

#[test]
fn an_apostrophe_stays_one_where_the_query_is_encoded_anew() {
    accepts(
        "https://h.io/p?x=a+%27'",
        &[
            ("https://h.io/p?x=a+%27'", "as_given"),
            ("https://h.io/p?x=a+%27%27", "apostrophes_escaped"),
            ("https://h.io/p?x=a+''", "apostrophes_unescaped"),
            ("https://h.io/p?x=a%20''", "query_reencoded"),
        ],
    );
    refuses("https://h.io/p?x=a+%27'", &["https://h.io/p?x=a%20%27%27"]);
}

#[test]
fn a_query_may_follow_the_host() {
    accepts(
        "https://h.io:8443?x=1",
        &[
            ("https://h.io:8443?x=1", "as_given"),
            ("https://h.io?x=1", "port_removed"),
            ("https://h.io:8443/?x=1", "root_slash_added"),
            ("https://h.io/?x=1", "root_slash_added+port_removed"),
        ],
    );
    accepts(
        "https://h.io/?x=1",
        &[("https://h.io/?x=1", "as_given"), ("https://h.io?x=1", "root_slash_removed")],
    );
}

#[test]
fn an_empty_query_keeps_its_question_mark() {
    for url in ["https://h.io/p?", "https://h.io/p?&", "https://h.io/p?&&"] {
        let with_port = url.replace("h.io", "h.io:443");
        accepts(url, &[(url, "as_given"), (&with_port, "port_added")]);
        refuses(url, &["https://h.io/p"]);
    }
    refuses("https://h.io/p", &["https://h.io/p?"]);
}

#[test]
fn the_url_is_told_as_given_and_its_query_decoded_in_its_order() {
    let url = "https://h.io/p?b=%2B1&a=1+2&b=#f";
    let signature = oracle::sha1(oracle::TOKEN, "https://h.io/p?b=%2B1&a=1+2&b=");
    let webhook = Webhook::get(url).signature(&signature);
    let token = AuthToken::new(oracle::TOKEN).unwrap();
    let verified = Verifier::new(token).verify(&webhook).unwrap();
    assert_eq!(verified.url(), url);
    let query = verified.query_params();
    let told: Vec<_> = query.iter().map(|(name, value)| [name, b"=", value].concat()).collect();
    assert_eq!(told, [b"b=+1".as_slice(), b"a=1 2", b"b="]);
    assert_eq!(query.get("b"), Some("+1"));

    // The owned proof tells the same.
    let proof = verified.into_proof();
    assert_eq!(proof.url(), url);
    assert!(proof.query_params().iter().eq(query.iter()));
}
