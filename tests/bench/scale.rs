//! How much of everything, and which parts: from the environment, so that a quick look needs no change.

/// The parts, in the order they run. `BENCH_PARTS` names some of them; data and a desk's cache
/// are then made only where an earlier run has left none.
const PARTS: &str = "generate fold snapshot sync queries keys starts append way load";

/// These make the little they need themselves.
const WITHOUT_COMPANY: [&str; 3] = ["append", "way", "load"];

pub struct Scale {
    pub conversations: u32,
    pub messages: u32,
    pub seed: u32,
    /// Runs of each query.
    pub queries: usize,
    /// Presses of `j` and `k`, and half as many of Enter.
    pub presses: usize,
    /// Starts of each window.
    pub starts: usize,
    /// Commands whose way to another desk is timed.
    pub ways: usize,
    /// Desks connected at once, in 20 teams.
    pub desks: usize,
    /// Commands a second, one load after another.
    pub loads: Vec<u32>,
    /// How long each load lasts.
    pub load_seconds: u32,
    parts: String,
}

impl Scale {
    pub fn from_env() -> Self {
        Self {
            conversations: number("BENCH_CONVERSATIONS", 100_000),
            messages: number("BENCH_MESSAGES", 500_000),
            seed: number("BENCH_SEED", 1),
            queries: size("BENCH_QUERIES", 200),
            presses: size("BENCH_PRESSES", 200),
            starts: size("BENCH_STARTS", 10),
            ways: size("BENCH_WAYS", 500),
            desks: size("BENCH_DESKS", 2_000),
            loads: numbers("BENCH_LOADS", "50 100 200 400"),
            load_seconds: number("BENCH_LOAD_SECONDS", 20),
            parts: std::env::var("BENCH_PARTS").unwrap_or_else(|_| PARTS.to_owned()),
        }
    }

    /// Whether any part needs the generated company.
    pub fn needs_company(&self) -> bool {
        self.parts.split_whitespace().any(|part| !WITHOUT_COMPANY.contains(&part))
    }

    pub fn has(&self, part: &str) -> bool {
        self.parts.split_whitespace().any(|named| named == part)
    }
}

fn number(name: &str, default: u32) -> u32 {
    match std::env::var(name) {
        Ok(given) => given.parse().unwrap_or_else(|_| panic!("{name} is to be a number, not {given:?}")),
        Err(_) => default,
    }
}

fn numbers(name: &str, default: &str) -> Vec<u32> {
    let given = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let number = |n: &str| n.parse().unwrap_or_else(|_| panic!("{name} is to be numbers, not {given:?}"));
    given.split_whitespace().map(number).collect()
}

fn size(name: &str, default: u32) -> usize {
    usize::try_from(number(name, default)).expect("it fits")
}
