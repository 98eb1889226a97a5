//! The words of a shell command, as far as "Copy as cURL" writes them: quotes of three kinds, a
//! backslash, lines that go on.

use core::str::Chars;

/// The words of the first command, or `None` if a quote does not end. Words are bytes: `$'\xff'` is
/// one.
pub(super) fn words(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut word = Word(None);
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => {
                let escaped = rest.next()?;
                let line_goes_on = escaped == '\n' || (escaped == '\r' && rest.next()? == '\n');
                if !line_goes_on {
                    word.push(escaped);
                }
            }
            '\'' => {
                word.begin();
                while let Some(inner) = Some(rest.next()?).filter(|inner| *inner != '\'') {
                    word.push(inner);
                }
            }
            '"' => double_quoted(&mut rest, &mut word)?,
            '$' if rest.as_str().starts_with('\'') => {
                rest.next();
                dollar_quoted(&mut rest, &mut word)?;
            }
            // What follows is another command.
            '\n' | ';' | '|' | '&' | '>' => break,
            space if space.is_ascii_whitespace() => words.extend(word.0.take()),
            other => word.push(other),
        }
    }
    words.extend(word.0);
    Some(words)
}

/// A word, once it has begun: `''` is an empty one.
struct Word(Option<Vec<u8>>);

impl Word {
    fn begin(&mut self) -> &mut Vec<u8> {
        self.0.get_or_insert_default()
    }

    fn push(&mut self, character: char) {
        let mut utf_8 = [0; 4];
        self.begin().extend_from_slice(character.encode_utf8(&mut utf_8).as_bytes());
    }
}

/// What stands behind a `"`, up to the next.
fn double_quoted(rest: &mut Chars<'_>, word: &mut Word) -> Option<()> {
    word.begin();
    loop {
        match rest.next()? {
            '"' => return Some(()),
            '\\' => match rest.next()? {
                '\n' => {}
                inner @ ('"' | '\\' | '$' | '`' | '!') => word.push(inner),
                inner => {
                    word.push('\\');
                    word.push(inner);
                }
            },
            inner => word.push(inner),
        }
    }
}

/// What stands behind a `$'`, up to the next `'`: with the escapes of C.
fn dollar_quoted(rest: &mut Chars<'_>, word: &mut Word) -> Option<()> {
    word.begin();
    loop {
        match rest.next()? {
            '\'' => return Some(()),
            '\\' => match rest.next()? {
                'n' => word.push('\n'),
                'r' => word.push('\r'),
                't' => word.push('\t'),
                'x' => word.begin().push(u8::try_from(number(rest, 2)?).ok()?),
                'u' => word.push(char::from_u32(number(rest, 4)?)?),
                'U' => word.push(char::from_u32(number(rest, 8)?)?),
                inner => word.push(inner),
            },
            inner => word.push(inner),
        }
    }
}

/// The number of exactly so many hexadecimal digits: browsers write all of them.
fn number(rest: &mut Chars<'_>, digits: usize) -> Option<u32> {
    let (number, after) = rest.as_str().split_at_checked(digits)?;
    *rest = after.chars();
    u32::from_str_radix(number, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::words;

    fn texts(text: &str) -> Option<Vec<String>> {
        let lossy = |word: Vec<u8>| String::from_utf8_lossy(&word).into_owned();
        words(text).map(|words| words.into_iter().map(lossy).collect())
    }

    #[test]
    fn quotes_end_and_join() {
        for (text, expected) in [
            ("a  b\tc", &["a", "b", "c"][..]),
            ("a''b '' \"\"", &["ab", "", ""]),
            (r"'it'\''s'", &["it's"]),
            (r#""a\"b\c$x""#, &["a\"b\\c$x"]),
            ("a \\\n  b \\\r\n c", &["a", "b", "c"]),
            (r"$'a\n\u00e9\x41\'\\'", &["a\néA'\\"]),
            ("a 'b;c|d&e' ; rm", &["a", "b;c|d&e"]),
            ("a\nb", &["a"]),
        ] {
            assert_eq!(texts(text).unwrap(), expected, "{text}");
        }
        assert_eq!(words(r"$'\xff'").unwrap(), [b"\xff"]);
        for open in ["'a", "\"a", "$'a", "a\\", r"$'\u12'", r"$'\ud800'"] {
            assert!(words(open).is_none(), "{open}");
        }
    }
}
