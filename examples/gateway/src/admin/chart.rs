//! The rates of the last hour, as a drawing.

use maud::{Markup, html};

use crate::clock;
use crate::fault::Fault;
use crate::store::{Row, Store};

const MINUTE_MS: i64 = 60_000;
const MINUTES: i64 = 60;
/// In the units of the drawing.
const HEIGHT: i64 = 100;
const BAR: i64 = 10;

/// From the bottom of a bar to its top.
const STATUSES: [&str; 4] = ["success", "duplicate", "unauthorized", "error"];

/// Attempts a minute by their status.
pub(super) async fn chart(store: &Store) -> Result<Markup, Fault> {
    let now = clock::now().div_euclid(MINUTE_MS);
    let first = now.saturating_sub(MINUTES).saturating_add(1);
    let rows = store.read(move |sql| {
        sql.query(
            "SELECT at / ?1, status, count(*) FROM attempts WHERE at >= ?2 GROUP BY 1, 2",
            &[MINUTE_MS.into(), first.saturating_mul(MINUTE_MS).into()],
        )
    });
    let count_of = |row: &Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let counts =
        rows.await?.iter().map(count_of).collect::<Result<Vec<(i64, String, i64)>, Fault>>()?;
    let count = |minute: i64, status: &str| {
        let mut rows = counts.iter();
        rows.find(|row| row.0 == minute && row.1 == status).map_or(0, |row| row.2)
    };
    let sum = |minute| STATUSES.iter().map(|status| count(minute, status)).sum::<i64>();
    let most = (first..=now).map(sum).max().unwrap_or_default().max(1);

    let mut bars = Vec::new();
    for (column, minute) in (first..=now).enumerate() {
        let x = i64::try_from(column).unwrap_or_default().saturating_mul(BAR);
        let mut below = 0_i64;
        for status in STATUSES {
            let height = scale(count(minute, status), most);
            if height > 0 {
                below = below.saturating_add(height);
                bars.push((x, HEIGHT.saturating_sub(below), height, status));
            }
        }
    }
    let total = |status: &str| (first..=now).map(|minute| count(minute, status)).sum::<i64>();
    Ok(html! {
        figure {
            figcaption {
                "The last hour, by the minute; the highest bar is " (most) ". "
                @for status in STATUSES {
                    span class={ "key " (status) } { (status) " " (total(status)) } " "
                }
            }
            svg viewBox={ "0 0 " (MINUTES.saturating_mul(BAR)) " " (HEIGHT) } role="img"
                aria-label="Attempts a minute by status" preserveAspectRatio="none" {
                @for (x, y, height, status) in bars {
                    rect class=(status) x=(x) y=(y) width=(BAR.saturating_sub(2)) height=(height) {}
                }
            }
        }
    })
}

/// What there is at all is at least one unit high.
fn scale(count: i64, most: i64) -> i64 {
    let height = count.saturating_mul(HEIGHT).checked_div(most).unwrap_or_default();
    if count > 0 { height.max(1) } else { 0 }
}
