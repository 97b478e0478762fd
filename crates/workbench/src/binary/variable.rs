//! What the string variables of a program hold before it runs.

use super::{
    BinaryError,
    fields::{Fields, Width},
    image::Image,
    source::Source,
    symbols::Place,
};

/// What a string variable holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The text.
    pub value: String,
    /// Whether the linker put it there, and not the source.
    pub by_linker: bool,
}

/// What the variable of this name holds.
pub(super) fn named(image: &Image, source: &Source<'_>, name: &str) -> Result<Option<Variable>, BinaryError> {
    let Some(symbols) = &image.symbols else { return Ok(None) };
    let (place, by_linker) = symbols.find(source, image.order, name)?;
    let place = match place {
        Some(Place::Address(address)) => address,
        Some(Place::Section(number, into)) => match image.segments.get(number - 1) {
            Some(section) => section.address.wrapping_add(into),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    let value = text_at(image, source, place)?;
    Ok(value.map(|value| Variable { value, by_linker }))
}

/// The text of the string that lies at an address; nothing where it is among what is zero at first.
fn text_at(image: &Image, source: &Source<'_>, place: u64) -> Result<Option<String>, BinaryError> {
    let Some(header) = image.read_all(source, place, 2 * image.width.bytes())? else {
        return Ok(Some(String::new()));
    };
    let fields = Fields::new(&header, image.order);
    let (pointer, len) = (fields.word(0, image.width)?, fields.word(second(image), image.width)?);
    if len == 0 {
        return Ok(Some(String::new()));
    }
    if len > LONGEST {
        return Ok(None);
    }
    for address in image.fixups.resolve(source, image.order, place, pointer)? {
        if let Some(text) = image.read_all(source, address, len)? {
            return Ok(String::from_utf8(text).ok());
        }
    }
    Ok(None)
}

/// Whether some variable in the program's data holds exactly this text: an address and a length that lead to it.
pub(super) fn holds(image: &Image, source: &Source<'_>, text: &str) -> Result<bool, BinaryError> {
    let len = text.len() as u64;
    if len == 0 || len > LONGEST {
        return Ok(false);
    }
    let word = image.width.bytes();
    for segment in image.segments.iter().filter(|segment| segment.writable) {
        let mut at = 0;
        while at < segment.len {
            let Some(data) = image.read(source, segment.address.wrapping_add(at), CHUNK)? else { break };
            let fields = Fields::new(&data, image.order);
            let last = (data.len() as u64).saturating_sub(2 * word);
            let mut place = 0;
            while place <= last {
                let here = usize::try_from(place).unwrap_or(usize::MAX);
                if fields.word(here + second(image), image.width).is_ok_and(|found| found == len) {
                    let pointer = fields.word(here, image.width)?;
                    let address = segment.address.wrapping_add(at + place);
                    for address in image.fixups.resolve(source, image.order, address, pointer)? {
                        if image.read_all(source, address, len)?.is_some_and(|found| found == text.as_bytes())
                        {
                            return Ok(true);
                        }
                    }
                }
                place += word;
            }
            if data.len() as u64 <= word {
                break;
            }
            // The next piece begins with the word that had no second one after it.
            at += data.len() as u64 - word;
        }
    }
    Ok(false)
}

/// Where the length stands, behind the address.
fn second(image: &Image) -> usize {
    match image.width {
        Width::Four => 4,
        Width::Eight => 8,
    }
}

/// A stamp is a line; nothing longer is looked at.
const LONGEST: u64 = 64 << 10;
const CHUNK: u64 = 1 << 20;
