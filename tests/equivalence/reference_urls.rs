//! The texts that the reference derives from a URL, each list written out.
#![allow(clippy::indexing_slicing, reason = "the lists are this file's own")]

use crate::reference::{candidates, form};

fn texts(url: &str, websocket: bool) -> Vec<String> {
    let all = candidates(url, websocket, false).unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    all.iter()
        .map(|c| match &c.query_pairs {
            None => text(&c.url),
            Some(pairs) => {
                let pairs = form::sorted_unique(pairs);
                format!("{} + {}", text(&c.url), text(&form::concatenated(&pairs)))
            }
        })
        .collect()
}

#[test]
fn candidates_come_in_the_order_of_the_rules() {
    assert_eq!(texts("https://h/p", false), ["https://h/p", "https://h:443/p"]);
    assert_eq!(texts("HTTP://H:/p", false), ["HTTP://H:/p", "HTTP://H/p"]);
    assert_eq!(
        texts("http://u@h?a='#f", false),
        [
            "http://u@h?a='",
            "http://u@h:80?a='",
            "http://h?a='",
            "http://h:80?a='",
            "http://u@h?a=%27",
            "http://u@h:80?a=%27",
            "http://h?a=%27",
            "http://h:80?a=%27",
            "http://u@h/?a='",
            "http://u@h:80/?a='",
            "http://h/?a='",
            "http://h:80/?a='",
            "http://u@h?a='#f",
        ]
    );
    assert_eq!(
        texts("https://[::1]:8443/?b&&a=%2b+%c3%a9%zz", false),
        [
            "https://[::1]:8443/?b&&a=%2b+%c3%a9%zz",
            "https://[::1]/?b&&a=%2b+%c3%a9%zz",
            "https://[::1]:8443/?b=&a=%2B%20%C3%A9%25zz",
            "https://[::1]/?b=&a=%2B%20%C3%A9%25zz",
            "https://[::1]:8443?b&&a=%2b+%c3%a9%zz",
            "https://[::1]?b&&a=%2b+%c3%a9%zz",
        ]
    );
    assert_eq!(
        texts("https://h/p?b=%27&a", true),
        [
            "wss://h/p?b=%27&a",
            "wss://h:443/p?b=%27&a",
            "wss://h/p?b='&a",
            "wss://h:443/p?b='&a",
            "wss://h/p?b='&a=",
            "wss://h:443/p?b='&a=",
            "wss://h/p/?b=%27&a",
            "wss://h:443/p/?b=%27&a",
            "wss://h/p + ab'",
            "wss://h:443/p + ab'",
            "wss://h/p/ + ab'",
            "wss://h:443/p/ + ab'",
        ]
    );
    assert_eq!(
        texts("wSs://h/?", true),
        ["wSs://h/?", "wSs://h:443/?", "wSs://h?", "wSs://h:443?"]
    );
    assert_eq!(texts("http://h?=", true).len(), 4);
    assert!(texts("https://u@h/a?b=%27+'&c#f", true).len() <= 32);
}

#[test]
fn exact_means_one_candidate() {
    for (url, websocket, text) in
        [("https://u@h:1/p?q='#f", false, "https://u@h:1/p?q='"), ("Http://h#", true, "ws://h")]
    {
        let all = candidates(url, websocket, true).unwrap_or_default();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].url, text.as_bytes());
    }
}

#[test]
fn what_is_not_a_url_is_refused() {
    let good = "
        https://h HTTPS://h ws://h wss://h:/ https://h:65535 https://h:00001 https://@h
        https://a@b:c@h:1 https://[::1] https://[x]:1? https://h?a:b@[c] https://h\\x https://h#
    ";
    let bad = "
        h //h https:/h https//h ftp://h https:// https:///p https://?q https://#f https://u@
        https://:80 https://u@:80 https://h:65536 https://h:000001 https://h:1a https://h:-1
        https://h:1:2 https://h:: https://[] https://[::1 https://[::1]x https://[::1]:x
        https://[::1]] https://[[::1] https://h[ https://h] https://::1 #https://h https#://h
    ";
    for url in good.split_whitespace().chain(["https://h p", "https://h \n"]) {
        assert!(candidates(url, false, false).is_ok(), "{url}");
    }
    for url in bad.split_whitespace().chain(["", " https://h", "https ://h", "https://h: 1"]) {
        assert_eq!(candidates(url, false, false), Err("invalid_url"), "{url}");
    }
}
