//! Reads signed parameters into types.

use alloc::borrow::Cow;
use alloc::string::String;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use twilio_sig::Params;

/// Reads `params` as serde's formats for forms do: numbers and `bool` from their text, an enum from
/// the name of a variant, `Option` from a name that is there. Bytes that are not UTF-8 become
/// U+FFFD.
pub(crate) fn read<T: DeserializeOwned>(params: &Params) -> Result<T, Error> {
    let parts = params.iter().map(|(name, value)| (Part(name), Part(value)));
    T::deserialize(MapDeserializer::new(parts))
}

/// A decoded name or value. It is read as text only if it is wanted.
struct Part<'de>(&'de [u8]);

impl<'de> Part<'de> {
    /// Nearly every part is UTF-8, which is found out in less time than the lossy reading takes.
    fn text(self) -> Cow<'de, str> {
        str::from_utf8(self.0).map_or_else(|_| String::from_utf8_lossy(self.0), Cow::from)
    }
}

impl<'de> IntoDeserializer<'de, Error> for Part<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Text that a number or a `bool` is read from.
macro_rules! parse {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.text().parse().map_err(Error::custom)?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Part<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text() {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(self.text()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    parse! {
        deserialize_bool visit_bool
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_u128 visit_u128
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_i128 visit_i128
        deserialize_f32 visit_f32
        deserialize_f64 visit_f64
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use serde::Deserialize;
    use twilio_sig::{AuthToken, Signer, Verifier, Webhook};

    use super::*;

    /// The signed parameters of a form; none of one that no signature covers.
    fn signed(form: &[u8]) -> Option<Params> {
        let token = AuthToken::new("12345").unwrap();
        let url = "https://example.com/sms";
        let header = Signer::auth_token(&token).sign_form(url, form).unwrap().header_value();
        let webhook = Webhook::post(url, form).signature(&header);
        let verified = Verifier::new(token).verify(&webhook).ok()?;
        Some(verified.params()).filter(|params| !params.is_empty())
    }

    /// What another reader makes of the same parameters.
    fn reads_alike<T: DeserializeOwned + PartialEq + core::fmt::Debug>(form: &[u8]) {
        let Some(params) = signed(form) else { return };
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let pairs: Vec<_> = params.iter().map(|(name, value)| (text(name), text(value))).collect();
        let encoded = serde_urlencoded::to_string(&pairs).unwrap();
        let (ours, theirs) = (read::<T>(&params), serde_urlencoded::from_str::<T>(&encoded));
        assert_eq!(ours.ok(), theirs.ok(), "{}", form.escape_ascii());
    }

    #[test]
    fn order_and_repetition_do_not_reach_a_handler() {
        let read = |form| read::<Vec<(String, String)>>(&signed(form).unwrap()).unwrap();
        assert_eq!(read(b"b=1&a=2&b=1"), read(b"a=2&b=1"));
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Direction {
        Inbound,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Id(String);

    #[derive(Debug, Deserialize, PartialEq)]
    struct Call {
        id: Id,
        digits: Option<u32>,
        cost: Option<f64>,
        last: Option<bool>,
        direction: Option<Direction>,
        #[serde(default)]
        note: String,
    }

    #[test]
    fn a_form_is_read_as_it_is_elsewhere() {
        let forms: [&[u8]; 16] = [
            b"id=CA1",
            b"id=CA1&digits=12&cost=-0.5&last=true&direction=inbound&note=a+b%21",
            b"id=CA1&digits=twelve",
            b"id=CA1&direction=sideways",
            b"id=CA1&last=1",
            b"id=CA1&id=CA2",
            b"digits=12",
            b"&&id=CA1&&unknown=1&",
            b"id",
            b"=x&id=",
            b"id=a=b=c&note=%",
            b"id=%4&note=%zz%+%2",
            b"id=%e4%b8%96&note=\xe4\xb8\x96",
            b"id=%ff&note=\xff\xfe",
            b"%69d=CA1",
            b"",
        ];
        for form in forms {
            reads_alike::<Call>(form);
            reads_alike::<Vec<(String, String)>>(form);
            reads_alike::<alloc::collections::BTreeMap<String, String>>(form);
        }
    }

    /// Every form of up to five of the bytes that mean something.
    #[test]
    fn short_forms_are_read_as_they_are_elsewhere() {
        const BYTES: &[u8] = b"&=%+4fa\xc3\x80";
        for length in 0..=5 {
            for number in 0..BYTES.len().pow(length) {
                let digits = (0..length).map(|nth| number / BYTES.len().pow(nth) % BYTES.len());
                let form: Vec<u8> = digits.map(|digit| BYTES[digit]).collect();
                reads_alike::<Vec<(String, String)>>(&form);
            }
        }
    }
}
