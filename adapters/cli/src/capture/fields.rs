//! Names and values as JSON objects have them, in the order of the text.

use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::failure::Failure;

/// An object whose values are texts, lists of texts, or null. A map would lose the order.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, values)) = map.next_entry::<String, Option<Values>>()? {
                    match values {
                        Some(Values::One(value)) => fields.push((name, value)),
                        Some(Values::Many(values)) => {
                            fields.extend(values.into_iter().map(|value| (name.clone(), value)));
                        }
                        None => {}
                    }
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Undoes base64.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text.trim()).map_err(|_| {
        Failure::usage("the saved body is not base64: export the request again, as raw HTTP")
    })
}

/// The first value of a header.
pub(super) fn find<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut own = fields.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    own.next().map(|(_, value)| value.as_str())
}
