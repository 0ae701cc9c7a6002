//! JSON read the small way. serde makes two readers of every struct, one by name and one by place;
//! this one finds an object's values by the names of the fields and then offers them by place, so
//! that the compiler keeps only the second, which is much smaller.
//!
//! An enum whose name, to serde, is a key of the object is tagged inside it by that key; see `forms`.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use spat_series::decimal;

/// The text is no JSON, or not that of the value that was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError(String);

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn broken() -> ReadError {
    ReadError("this is no complete JSON".to_owned())
}

/// The value that JSON tells.
///
/// # Errors
/// It is no JSON, or that of another value.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, ReadError> {
    T::deserialize(Json::of(json)?)
}

/// The text of one value.
#[derive(Clone, Copy)]
pub(crate) struct Json<'de>(&'de str);

impl<'de> Json<'de> {
    /// The only value of a text.
    pub(crate) fn of(json: &'de [u8]) -> Result<Self, ReadError> {
        let text = std::str::from_utf8(json).map_err(|_| broken())?;
        let mut scan = Scan(text);
        let value = scan.value()?;
        if scan.0.trim_ascii_start().is_empty() {
            Ok(value)
        } else {
            Err(broken())
        }
    }

    fn first(self) -> u8 {
        self.0.as_bytes().first().copied().unwrap_or_default()
    }

    /// What stands between the first and the last character.
    fn inside(self) -> Scan<'de> {
        Scan(self.0.get(1..self.0.len() - 1).unwrap_or_default())
    }

    fn pairs(self) -> Result<Vec<Pair<'de>>, ReadError> {
        if self.first() != b'{' {
            return Err(ReadError(format!(
                "an object was expected, not {}",
                self.start()
            )));
        }
        let mut scan = self.inside();
        let mut pairs = Vec::new();
        while scan.more(pairs.is_empty())? {
            let key = scan.value()?.string()?;
            if !scan.take(b':') {
                return Err(broken());
            }
            pairs.push((key, scan.value()?));
        }
        Ok(pairs)
    }

    fn string(self) -> Result<Cow<'de, str>, ReadError> {
        if self.first() != b'"' {
            return Err(ReadError(format!(
                "a string was expected, not {}",
                self.start()
            )));
        }
        let text = self.inside().0;
        if text.contains('\\') {
            unescaped(text).map(Cow::Owned).ok_or_else(broken)
        } else {
            Ok(Cow::Borrowed(text))
        }
    }

    /// For a message.
    fn start(self) -> String {
        self.0.chars().take(24).collect()
    }

    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let text = self.0;
        if let Ok(number) = text.parse::<u64>() {
            visitor.visit_u64(number)
        } else if let Ok(number) = text.parse::<i64>() {
            visitor.visit_i64(number)
        } else {
            visitor.visit_f64(decimal(text).ok_or_else(broken)?)
        }
    }
}

type Pair<'de> = (Cow<'de, str>, Json<'de>);

/// Text that is still to be read.
#[derive(Clone, Copy)]
struct Scan<'de>(&'de str);

impl<'de> Scan<'de> {
    /// Takes a character, if it is the next.
    fn take(&mut self, character: u8) -> bool {
        self.0 = self.0.trim_ascii_start();
        let here = self.0.as_bytes().first() == Some(&character);
        if here {
            self.0 = &self.0[1..];
        }
        here
    }

    /// Whether there is another member; takes the comma before it.
    fn more(&mut self, first: bool) -> Result<bool, ReadError> {
        if self.take(b',') {
            return if first { Err(broken()) } else { Ok(true) };
        }
        match (first, self.0.is_empty()) {
            (_, true) => Ok(false),
            (true, false) => Ok(true),
            (false, false) => Err(broken()),
        }
    }

    /// Takes one value, without a look into it.
    fn value(&mut self) -> Result<Json<'de>, ReadError> {
        self.0 = self.0.trim_ascii_start();
        let bytes = self.0.as_bytes();
        let mut depth = 0_usize;
        let mut place = 0;
        while let Some(&byte) = bytes.get(place) {
            match byte {
                b'"' => {
                    place += 1;
                    while *bytes.get(place).ok_or_else(broken)? != b'"' {
                        place += if bytes[place] == b'\\' { 2 } else { 1 };
                    }
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth > 0 => depth -= 1,
                b',' | b':' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' if depth == 0 => break,
                _ => {}
            }
            place += 1;
            if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
                break;
            }
        }
        if depth > 0 || place == 0 {
            return Err(broken());
        }
        let (value, rest) = self.0.split_at_checked(place).ok_or_else(broken)?;
        self.0 = rest;
        Ok(Json(value))
    }
}

/// A string's text with its escapes resolved.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        out.push(match letters.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let unit = || u32::from_str_radix(letters.as_str().get(..4)?, 16).ok();
                let high = unit()?;
                letters.nth(3);
                if (0xd800..0xdc00).contains(&high) {
                    let low = letters.as_str().strip_prefix("\\u")?.get(..4)?;
                    let low = u32::from_str_radix(low, 16).ok()?;
                    letters.nth(5);
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + low.checked_sub(0xdc00)?)?
                } else {
                    char::from_u32(high)?
                }
            }
            other => other,
        });
    }
    Some(out)
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match (self.first(), self.0) {
            (b'"', _) => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            (b'{', _) => visitor.visit_map(Members {
                pairs: self.pairs()?.into_iter(),
                value: None,
            }),
            (b'[', _) => visitor.visit_seq(Items {
                scan: self.inside(),
                first: true,
            }),
            (_, "true") => visitor.visit_bool(true),
            (_, "false") => visitor.visit_bool(false),
            (_, "null") => visitor.visit_unit(),
            _ => self.number(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.0 == "null" {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let pairs = self.pairs()?;
        visitor.visit_seq(Fields { pairs, fields })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if self.first() == b'"' {
            let variant = self.string()?;
            return visitor.visit_enum(Variant {
                variant,
                content: self,
            });
        }
        let mut pairs = self.pairs()?;
        if let Some((_, tag)) = pairs.iter().find(|(key, _)| key == name) {
            let variant = tag.string()?;
            return visitor.visit_enum(Variant {
                variant,
                content: self,
            });
        }
        let (variant, content) = pairs
            .pop()
            .filter(|_| pairs.is_empty())
            .ok_or_else(broken)?;
        visitor.visit_enum(Variant { variant, content })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

/// The values of a struct's fields, in the fields' order. One that is not there is offered as the
/// end, which serde takes for its default, where it has one.
struct Fields<'de> {
    pairs: Vec<Pair<'de>>,
    fields: &'static [&'static str],
}

impl<'de> SeqAccess<'de> for Fields<'de> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        let Some((field, rest)) = self.fields.split_first() else {
            return Ok(None);
        };
        self.fields = rest;
        let value = self.pairs.iter().find(|(key, _)| key == field);
        value.map(|&(_, value)| seed.deserialize(value)).transpose()
    }
}

/// The members of an array.
struct Items<'de> {
    scan: Scan<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
        if !self.scan.more(self.first)? {
            return Ok(None);
        }
        self.first = false;
        seed.deserialize(self.scan.value()?).map(Some)
    }
}

/// The members of an object.
struct Members<'de> {
    pairs: std::vec::IntoIter<Pair<'de>>,
    value: Option<Json<'de>>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
        let Some((key, value)) = self.pairs.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let key: StrDeserializer<'_, ReadError> = (*key).into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        seed.deserialize(self.value.take().ok_or_else(broken)?)
    }
}

/// A variant's name and what it holds: the value beside the name, or the whole object in which the
/// name is a tag.
struct Variant<'de> {
    variant: Cow<'de, str>,
    content: Json<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = ReadError;
    type Variant = Json<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Json<'de>), ReadError> {
        let name: StrDeserializer<'_, ReadError> = (*self.variant).into_deserializer();
        Ok((seed.deserialize(name)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for Json<'de> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    struct All {
        text: String,
        numbers: Vec<f32>,
        signed: i64,
        none: Option<u8>,
        pair: (f64, bool),
        map: BTreeMap<String, Kind>,
        #[serde(default)]
        later: Vec<u8>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Kind {
        Plain,
        Number(u64),
        Struct { a: u8 },
    }

    const ALL: &str = r#" {"signed": -3, "text":"a \"b\" \u00e9\ud83d\ude00\n}", "numbers":[1,0.1,-2.5e-3],
        "none":null,"pair":[1e300,true],"unknown":{"x":[{"y":"]"}]},
        "map":{"p":"Plain","n":{"Number":18446744073709551615},"s":{"Struct":{"a":7}}}} "#;

    #[test]
    fn it_reads_what_serde_json_reads() {
        let ours: All = read(ALL.as_bytes()).unwrap();
        let theirs: All = serde_json::from_str(ALL).unwrap();
        assert_eq!(ours, theirs);
        assert_eq!(ours.text, "a \"b\" é😀\n}");
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for cut in 0..ALL.trim_end().len() {
            if ALL.is_char_boundary(cut) {
                assert!(
                    read::<All>(&ALL.as_bytes()[..cut]).is_err(),
                    "{}",
                    &ALL[..cut]
                );
            }
        }
        for text in [
            "",
            "[1 2]",
            "[,1]",
            "[1]]",
            "inf",
            "{\"a\" 1}",
            "\"\\ud800\"",
            "[1,]",
        ] {
            assert!(read::<Vec<f64>>(text.as_bytes()).is_err(), "{text}");
            assert!(read::<f64>(text.as_bytes()).is_err(), "{text}");
            assert!(read::<String>(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_field_that_is_missing_is_an_error_unless_it_has_a_default() {
        assert!(read::<Kind>(br#"{"Struct":{}}"#).is_err());
        assert!(read::<Kind>(br#"{"Number":-1}"#).is_err());
        assert!(read::<Kind>(br#""Other""#).is_err());
    }
}
