//! What is in a winmail.dat (MS-OXTNEF): its files, and the text where a mail has no other. Read with
//! every length checked against what is there; nothing is allocated by what the file claims.

use super::charset;

const SIGNATURE: u32 = 0x223E_9F78;
/// Files and properties beyond which nothing more is read.
const MOST: usize = 1_000;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Container {
    pub files: Vec<Packed>,
    pub text: Option<String>,
    pub html: Option<String>,
    /// It ended before it should, or has a form that is not known.
    pub broken: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Packed {
    pub name: String,
    pub media_type: Option<String>,
    pub content_id: Option<String>,
    pub content: Vec<u8>,
}

/// Reads a container as far as it goes; `None` if it is none.
pub fn read(file: &[u8]) -> Option<Container> {
    let mut rest = Bytes(file);
    if rest.u32()? != SIGNATURE {
        return None;
    }
    rest.take(2)?;
    let mut found = Container::default();
    while !rest.0.is_empty() && found.files.len() < MOST {
        let Some((id, data)) = attribute(&mut rest) else {
            found.broken = true;
            break;
        };
        let file = found.files.last_mut();
        match (id, file) {
            (0x9002, _) => found.files.push(Packed::default()),
            (0x8010, Some(file)) if file.name.is_empty() => file.name = text_of(data),
            (0x800F, Some(file)) => file.content = data.to_vec(),
            (0x9005, Some(file)) => describe(file, data),
            (0x800C, _) => found.text = Some(text_of(data)),
            (0x9003, _) => say(&mut found, data),
            _ => {}
        }
    }
    found.files.retain(|f| !f.name.is_empty() || !f.content.is_empty());
    Some(found)
}

/// Number and value of the next attribute; its level, type and sum decide nothing.
fn attribute<'a>(rest: &mut Bytes<'a>) -> Option<(u32, &'a [u8])> {
    rest.take(1)?;
    let id = rest.u32()? & 0xFFFF;
    let length = rest.u32()? as usize;
    let data = rest.take(length)?;
    rest.take(2)?;
    Some((id, data))
}

fn describe(file: &mut Packed, properties: &[u8]) {
    for (id, value) in mapi(properties) {
        match (id, value) {
            (0x3707, Value::Text(name)) => file.name = name,
            (0x3704, Value::Text(name)) if file.name.is_empty() => file.name = name,
            (0x370E, Value::Text(media_type)) => file.media_type = Some(media_type),
            (0x3712, Value::Text(id)) => file.content_id = Some(id),
            (0x3701, Value::Bytes(content)) if file.content.is_empty() => file.content = content.to_vec(),
            _ => {}
        }
    }
}

fn say(found: &mut Container, properties: &[u8]) {
    for (id, value) in mapi(properties) {
        match (id, value) {
            (0x1000, Value::Text(text)) => found.text = Some(text),
            (0x1013, Value::Text(html)) => found.html = Some(html),
            (0x1013, Value::Bytes(html)) => found.html = Some(charset::decode(html, None)),
            _ => {}
        }
    }
}

enum Value<'a> {
    Text(String),
    Bytes(&'a [u8]),
    Other,
}

/// Properties by their number, until one cannot be read.
fn mapi(bytes: &[u8]) -> Vec<(u16, Value<'_>)> {
    let mut rest = Bytes(bytes);
    let count = rest.u32().unwrap_or_default() as usize;
    let mut found = Vec::new();
    while found.len() < count.min(MOST) {
        let Some(property) = property(&mut rest) else { break };
        found.push(property);
    }
    found
}

fn property<'a>(rest: &mut Bytes<'a>) -> Option<(u16, Value<'a>)> {
    let (kind, id) = (rest.u16()?, rest.u16()?);
    if id >= 0x8000 {
        rest.take(16)?;
        if rest.u32()? == 0 {
            rest.take(4)?;
        } else {
            let length = rest.u32()? as usize;
            rest.padded(length)?;
        }
    }
    let several = kind & 0x1000 != 0;
    let width = match kind & 0x0FFF {
        0x02 | 0x03 | 0x04 | 0x0A | 0x0B => 4,
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => 8,
        0x48 => 16,
        0x0D | 0x1E | 0x1F | 0x102 => 0,
        _ => return None,
    };
    let values = if several || width == 0 { rest.u32()? as usize } else { 1 };
    let mut value = Value::Other;
    for _ in 0..values {
        if width > 0 {
            rest.take(width)?;
            continue;
        }
        let length = rest.u32()? as usize;
        let data = rest.padded(length)?;
        value = match kind & 0x0FFF {
            0x1E => Value::Text(text_of(data)),
            0x1F => Value::Text(charset::decode(data, Some("utf-16le")).trim_end_matches('\0').to_owned()),
            // An object begins with the id of its interface.
            0x0D => Value::Bytes(data.get(16..).unwrap_or_default()),
            _ => Value::Bytes(data),
        };
    }
    Some((id, value))
}

fn text_of(data: &[u8]) -> String {
    let end = data.iter().position(|&b| b == 0).unwrap_or(data.len());
    charset::decode(&data[..end], None)
}

/// Bytes read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// As many, and what fills them up to a multiple of four, which may lack at the end.
    fn padded(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.take(length)?;
        let filling = (length.wrapping_neg() % 4).min(self.0.len());
        self.take(filling)?;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_claims_more_than_there_is_ends_there() {
        assert_eq!(read(b"no winmail.dat"), None);
        let start = [&SIGNATURE.to_le_bytes()[..], &[1, 0]].concat();
        assert_eq!(read(&start), Some(Container::default()));
        let claims = [&start[..], &[2, 0x0F, 0x80, 6, 0, 0xF0, 0xFF, 0xFF, 0xFF, 1]].concat();
        assert!(read(&claims).expect("a container").broken);
        // A property that claims four billion values of eight bytes.
        let many =
            [&1u32.to_le_bytes()[..], &0x1014u16.to_le_bytes(), &[1, 0], &u32::MAX.to_le_bytes()].concat();
        assert_eq!(mapi(&many).len(), 0);
    }
}
