//! What all pages have in common.

use maud::{DOCTYPE, Markup, html};

use super::session::Session;

/// A page with the navigation.
pub(super) fn page(title: &str, content: &Markup) -> Markup {
    frame(
        title,
        &html! {
            nav {
                a href="/admin" { "Attempts" }
                a href="/admin/tenants" { "Tenants" }
                a href="/admin/jobs" { "Dead jobs" }
            }
            main { h1 { (title) } (content) }
        },
    )
}

/// A page without it.
pub(super) fn frame(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – gateway" }
                link rel="stylesheet" href="/admin/style.css";
            }
            body { (content) }
        }
    }
}

/// A form that is a button.
pub(super) fn button(session: &Session, action: &str, label: &str) -> Markup {
    html! {
        form class="button" method="post" action=(action) {
            input type="hidden" name="csrf" value=(session.csrf());
            button { (label) }
        }
    }
}

/// A path segment of a value.
pub(super) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
