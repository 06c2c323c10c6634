//! What the display of this machine can do, settled before the toolkit starts.

use std::path::Path;

/// Where there is no GPU, WebKit draws without DMA buffers: that halves the start of the window
/// and takes a third of its memory. Whoever has set the variable knows better.
///
/// # Safety
///
/// Changes the environment: call it before any other thread exists.
pub unsafe fn choose_renderer() {
    const VARIABLE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
    if cfg!(target_os = "linux") && std::env::var_os(VARIABLE).is_none() && !has_gpu() {
        // SAFETY: the caller promises that there is no other thread.
        unsafe { std::env::set_var(VARIABLE, "1") };
    }
}

/// A render node is what WebKit would draw with; a container may have the folder and nothing in it.
fn has_gpu() -> bool {
    let Ok(entries) = Path::new("/dev/dri").read_dir() else {
        return false;
    };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
}
