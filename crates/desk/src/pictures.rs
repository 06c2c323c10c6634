//! Pictures from outside, made fit to be shown: recognised by what they are and not by what they claim, never larger
//! in memory than a screen has use for.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, Limits};

use crate::error::Error;

/// Pixels of a picture that is shown as it came.
const AS_IT_CAME: u64 = 4_000_000;
/// As wide or high as one that is made smaller may be before.
const WIDEST: u32 = 16_000;
/// Bytes that taking one apart may need.
const MEMORY: u64 = 160 * 1024 * 1024;

/// How large a picture is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// To read a mail by.
    Whole,
    /// To know it again in a list.
    Thumbnail,
}

impl Size {
    const fn longest_side(self) -> u32 {
        match self {
            Self::Whole => 1600,
            Self::Thumbnail => 320,
        }
    }
}

/// The picture as it can be shown; an error for what is none, or would need too much memory.
pub fn fit(bytes: Vec<u8>, size: Size) -> Result<Vec<u8>, Error> {
    let none = || Error::invalid("This is not a picture that can be shown; open it instead.");
    let format = image::guess_format(&bytes).map_err(|_| none())?;
    let (width, height) = reader(&bytes, format).into_dimensions().map_err(|_| none())?;
    let side = size.longest_side();
    let is_small = u64::from(width) * u64::from(height) <= AS_IT_CAME;
    // What moves would stand still as a smaller copy.
    if is_small && (size == Size::Whole || width.max(height) <= side) {
        return Ok(bytes);
    }
    let whole = reader(&bytes, format).decode().map_err(|_| none())?;
    drop(bytes);
    written(&whole.thumbnail(side, side)).ok_or_else(none)
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(WIDEST);
    limits.max_image_height = Some(WIDEST);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    reader
}

fn written(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    picture.to_rgba8().write_to(&mut out, ImageFormat::Png).ok()?;
    Some(out.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        written(&DynamicImage::new_rgb8(width, height)).unwrap()
    }

    fn size_of(bytes: &[u8]) -> (u32, u32) {
        reader(bytes, image::guess_format(bytes).unwrap()).into_dimensions().unwrap()
    }

    #[test]
    fn a_small_picture_stays_as_it_came_and_a_large_one_becomes_as_large_as_it_is_shown() {
        let small = png(300, 200);
        assert_eq!(fit(small.clone(), Size::Whole).unwrap(), small);
        assert_eq!(fit(small.clone(), Size::Thumbnail).unwrap(), small);
        assert_eq!(size_of(&fit(png(1200, 600), Size::Thumbnail).unwrap()), (320, 160));
        assert_eq!(size_of(&fit(png(3000, 2000), Size::Whole).unwrap()), (1600, 1067));
    }

    #[test]
    fn what_is_no_picture_or_would_fill_the_memory_is_refused() {
        let mut claims = png(8, 8);
        // The header's width and height, far beyond what the bytes hold.
        claims[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        for bad in [b"<svg onload='x()'/>".to_vec(), b"GIF89a".to_vec(), Vec::new(), claims] {
            assert!(fit(bad, Size::Whole).is_err());
        }
    }
}
