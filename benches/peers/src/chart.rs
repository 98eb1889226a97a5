//! The chart: a bar for each verifier, as long as its time, on a logarithmic scale.
//!
//! No background and colours of middle lightness, so that it can be read on white and on black.

use std::fmt::Write;

use crate::cases::Case;
use crate::report::{Peer, times};

const WIDTH: f64 = 720.0;
const ROW: f64 = 26.0;
const TOP: f64 = 46.0;
/// Where bars begin, and where the longest may end.
const BARS: (f64, f64) = (170.0, 520.0);
const TEXT: &str = "#808080";
const OURS: &str = "#2f9e60";
const HARMLESS: &str = "#5b8fc9";
const FOOLED: &str = "#d9614c";

pub(crate) fn svg(peers: &[Peer], cases: &[Case]) -> String {
    let mut sorted: Vec<(f64, &Peer)> =
        peers.iter().filter_map(|peer| Some((peer.nanoseconds?, peer))).collect();
    sorted.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let height = TOP + ROW * f64::from(u32::try_from(sorted.len()).unwrap_or_default()) + 12.0;
    let least = sorted.iter().map(|(time, _)| *time).fold(f64::INFINITY, f64::min) / 1.5;
    let most = sorted.iter().map(|(time, _)| *time).fold(0.0, f64::max);
    let end = |time: f64| BARS.0 + (BARS.1 - BARS.0) * (time / least).ln() / (most / least).ln();

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"{TEXT}\" \
         role=\"img\">\n\
         <title>Time of one verdict in times of twilio_sig's, and cases on which it is right</title>\n\
         <text x=\"{}\" y=\"16\">time of one verdict (logarithmic)</text>\n\
         <text x=\"{WIDTH}\" y=\"16\" text-anchor=\"end\">right of {}</text>\n\
         <g font-size=\"11\"><rect x=\"{}\" y=\"25\" width=\"9\" height=\"9\" fill=\"{FOOLED}\"/>\
         <text x=\"{}\" y=\"33\">accepts forged requests</text></g>\n",
        BARS.0,
        cases.len(),
        BARS.0,
        BARS.0 + 14.0,
    );
    let mut y = TOP;
    for (time, peer) in sorted {
        let fooled = peer.fooled(cases) > 0;
        let colour = match peer.name.as_str() {
            crate::rust::OURS => OURS,
            _ if fooled => FOOLED,
            _ => HARMLESS,
        };
        let weight = if peer.name == crate::rust::OURS { " font-weight=\"700\"" } else { "" };
        let (line, end) = (y + 13.0, end(time));
        let _ = writeln!(
            svg,
            "<g{weight}><text x=\"{}\" y=\"{line}\" text-anchor=\"end\">{}</text>\
             <rect x=\"{}\" y=\"{y}\" width=\"{:.1}\" height=\"17\" rx=\"2\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{line}\">{}</text>\
             <text x=\"{WIDTH}\" y=\"{line}\" text-anchor=\"end\">{}</text></g>",
            BARS.0 - 8.0,
            peer.name,
            BARS.0,
            end - BARS.0,
            end + 6.0,
            times(peer, peers),
            peer.right(cases),
        );
        y += ROW;
    }
    svg.push_str("</svg>\n");
    svg
}
