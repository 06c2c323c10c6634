//! Memory of a program and everything it has started, shared pages counted by their share.

use evendesk_testkit::process::children;

/// The proportional set size of the whole tree, in MB.
pub fn of_tree(root: u32) -> f64 {
    let own = of(root).unwrap_or_default();
    children(root).into_iter().map(of_tree).sum::<f64>() + own
}

/// The most that one process has had in memory since [`forget_peak`], in MB.
pub fn peak(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<f64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.unwrap_or_default() * 1024.0 / 1e6
}

/// From here on the peak is counted anew.
pub fn forget_peak(process: u32) {
    std::fs::write(format!("/proc/{process}/clear_refs"), "5").expect("a process of ours");
}

fn of(process: u32) -> Option<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
