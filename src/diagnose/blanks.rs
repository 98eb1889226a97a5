//! Characters that cannot be seen, which copying adds and frameworks trim.

/// White space of Unicode, and what looks like nothing: zero-width characters, the marks of
/// writing direction, the soft hyphen, the byte order mark, control characters.
///
/// Sources: the property `White_Space` and the category `Cf` of Unicode; what `TrimStrings` of
/// Laravel, `strip` of Python, `trim` of JavaScript and of Java, and `Trim` of .NET remove.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
        )
}

/// The ones that people type, paste and send without knowing, the likeliest first.
pub(super) const COMMON: [&str; 10] =
    [" ", "\n", "\r\n", "\u{a0}", "\t", "\u{200b}", "\u{feff}", "\u{200e}", "\u{200f}", "\u{202f}"];

/// The others that frameworks trim.
pub(super) const RARE: [&str; 42] = [
    "\r", "\u{200c}", "\u{200d}", "\u{2060}", "\u{3000}", "\u{2003}", "\u{2009}", "\u{200a}",
    "\u{202a}", "\u{202b}", "\u{202c}", "\u{202d}", "\u{202e}", "\u{2066}", "\u{2067}", "\u{2068}",
    "\u{2069}", "\u{61c}", "\0", "\u{b}", "\u{c}", "\u{85}", "\u{1680}", "\u{180e}", "\u{2000}",
    "\u{2001}", "\u{2002}", "\u{2004}", "\u{2005}", "\u{2006}", "\u{2007}", "\u{2008}", "\u{2028}",
    "\u{2029}", "\u{205f}", "\u{ad}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{1f}", "\u{2061}",
    "\u{3164}",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_white_space_of_unicode_is_among_them_once() {
        let mut all: alloc::vec::Vec<&str> = COMMON.into_iter().chain(RARE).collect();
        assert!(all.iter().all(|text| text.chars().all(is_blank)));
        let white = (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_whitespace());
        for c in white {
            assert!(all.iter().any(|text| text.chars().eq([c])), "{c:?}");
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
