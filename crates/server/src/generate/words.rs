//! Texts of words that are as unevenly common as real ones, so that searching costs what it would.

use rand::RngExt;
use rand::rngs::StdRng;

/// Words people would look for; the rest is made of syllables.
const KNOWN: &str = "the a we you order please invoice delivery refund broken hinge drawer thanks when is it not \
    parcel size return card payment address late missing wrong account password number help still waiting today \
    yesterday week price offer colour table chair lamp shelf door handle screw manual photo attached regards";
const SYLLABLES: [&str; 24] = [
    "ba", "cor", "den", "el", "fi", "gra", "hu", "in", "ju", "kal", "lo", "mer", "na", "or", "pel", "qua",
    "ri", "sto", "ta", "ul", "ver", "wi", "xen", "zo",
];
const VOCABULARY: usize = 20_000;

pub struct Words(Vec<String>);

impl Words {
    pub fn new(random: &mut StdRng) -> Self {
        let mut all: Vec<String> = KNOWN.split_whitespace().map(str::to_owned).collect();
        while all.len() < VOCABULARY {
            let syllables = random.random_range(2..5);
            all.push((0..syllables).map(|_| SYLLABLES[random.random_range(0..SYLLABLES.len())]).collect());
        }
        Self(all)
    }

    /// Common words often, most words hardly ever.
    fn word(&self, random: &mut StdRng) -> &str {
        let r: f64 = random.random();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "below the vocabulary's size"
        )]
        let index = (r.powi(6) * self.0.len() as f64) as usize;
        &self.0[index.min(self.0.len() - 1)]
    }

    pub fn line(&self, random: &mut StdRng, words: usize) -> String {
        let mut text = String::with_capacity(words * 7);
        for index in 0..words {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(self.word(random));
        }
        text
    }

    /// A few sentences.
    pub fn text(&self, random: &mut StdRng) -> String {
        let sentences = random.random_range(2..9);
        let mut text = String::new();
        for index in 0..sentences {
            let words = random.random_range(5..18);
            text.push_str(&self.line(random, words));
            text.push_str(if index % 3 == 2 { ".\n" } else { ". " });
        }
        text
    }

    pub fn name(&self, random: &mut StdRng) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        let (first, last) =
            (self.0.len() - 1 - random.random_range(0..400), random.random_range(500..self.0.len()));
        format!("{} {}", capital(&self.0[first]), capital(&self.0[last]))
    }
}
