//! What is on the glass, looked at many times a second without asking any program for it.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

use evendesk_testkit::screen::{HEIGHT, Screen, WIDTH};

const PIXEL_BYTES: usize = 4;
/// Of these rows and pixels one is looked at.
const EVERY_ROW: usize = 16;
const EVERY_PIXEL: usize = 7;
const PAUSE: Duration = Duration::from_millis(10);
/// So long a picture must stay to be the final one.
const QUIET: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Framebuffer {
    file: File,
    /// Where the pixels begin, behind a header and a table of colours.
    pixels: u64,
}

type Pixel = [u8; PIXEL_BYTES];

impl Framebuffer {
    pub fn of(screen: &Screen) -> Self {
        let file = File::open(screen.framebuffer()).expect("the display keeps its picture in a file");
        let length = file.metadata().expect("the file is there").len();
        let picture = u64::try_from(WIDTH * HEIGHT * PIXEL_BYTES).expect("it fits");
        Self { file, pixels: length - picture }
    }

    /// How long after `began` the display came to look as it does from then on.
    pub fn usable(&self, began: Instant) -> Duration {
        let mut steady = self.sample();
        let mut since = began.elapsed();
        loop {
            let now = began.elapsed();
            if now - since > QUIET && has_content(&steady) {
                return since;
            }
            assert!(now < PATIENCE, "nothing stayed on the display");
            let seen = self.sample();
            if !alike(&seen, &steady) {
                (steady, since) = (seen, now);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the window that was there is gone.
    pub fn empty(&self) {
        let began = Instant::now();
        while has_content(&self.sample()) {
            assert!(began.elapsed() < PATIENCE, "the window did not go");
            std::thread::sleep(PAUSE);
        }
    }

    fn sample(&self) -> Vec<Pixel> {
        let mut row = vec![0; WIDTH * PIXEL_BYTES];
        let mut sample = Vec::new();
        for y in (0..HEIGHT).step_by(EVERY_ROW) {
            let at = self.pixels + u64::try_from(y * row.len()).expect("it fits");
            self.file.read_exact_at(&mut row, at).expect("a row of the picture");
            let pixels = row.as_chunks::<PIXEL_BYTES>().0;
            sample.extend(pixels.iter().step_by(EVERY_PIXEL).copied());
        }
        sample
    }
}

/// More than an empty display or a blank page: a fifth of it lit, in 20 colours at least.
fn has_content(sample: &[Pixel]) -> bool {
    let lit = sample.iter().filter(|[blue, green, red, _]| blue | green | red != 0);
    let colours: HashSet<_> = sample.iter().collect();
    lit.count() * 5 > sample.len() && colours.len() >= 20
}

/// A clock that ticks does not make another picture: under 2 % differ.
fn alike(a: &[Pixel], b: &[Pixel]) -> bool {
    a.iter().zip(b).filter(|(a, b)| a != b).count() * 50 < a.len()
}
