//! Builds again when a template is added, changed or removed: the program carries them inside.

fn main() {
    println!("cargo::rerun-if-changed=templates");
}
