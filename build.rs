//! Puts the shipped scenarios into the program, and rebuilds it when a scenario is added, changed or taken away.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("scenarios");
    let mut files = Vec::new();
    find(&root, &mut files)?;
    files.sort();
    let mut code = String::from("const SHIPPED: &[(&str, &str)] = &[\n");
    for path in &files {
        let name = path.strip_prefix(&root).unwrap_or(path).with_extension("");
        let name: Vec<_> = name.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let _ = writeln!(code, "    ({:?}, include_str!({:?})),", name.join("/"), path);
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("scenarios.rs"), code)
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", dir.display());
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}
