//! Tells Tauri where the window's capabilities are: beside this file, not at the root with its configuration.

fn main() {
    // The page is embedded: a new one means a new program.
    println!("cargo:rerun-if-changed=ui/dist");
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("src-tauri/capabilities/*.json");
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("the window's configuration is not valid: {error:#}");
    }
}
