//! Tells which crate a source file belongs to.

use anyhow::Result;

use crate::workspace;

/// The crates of this workspace, by their directories.
#[derive(Debug)]
pub(crate) struct Origins {
    root: String,
    ours: Vec<(String, String)>,
}

impl Origins {
    /// Knows the packages of this workspace.
    pub(crate) fn of_this_workspace() -> Result<Self> {
        let packages = workspace::metadata()?.packages;
        Ok(Self {
            root: workspace::root().to_string_lossy().into_owned(),
            ours: packages.into_iter().map(|package| (package.directory, package.name)).collect(),
        })
    }

    /// Lists the names of this workspace's crates.
    pub(crate) fn ours(&self) -> Vec<String> {
        self.ours.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Returns the crate that `path` belongs to, and the path inside it.
    pub(crate) fn of(&self, path: &str) -> (String, String) {
        let of_ours = |inside: &str| {
            self.ours.iter().find_map(|(directory, name)| {
                let file = inside.strip_prefix(directory.as_str())?.strip_prefix('/')?;
                Some((name.clone(), file.to_owned()))
            })
        };
        if let Some(inside) = path.strip_prefix(&self.root) {
            let inside = inside.trim_start_matches('/');
            return of_ours(inside).unwrap_or_else(|| ("the probe".to_owned(), inside.to_owned()));
        }
        // The place of a panic is relative to the root.
        if let Some(found) = of_ours(path) {
            return found;
        }
        if let Some((_, library)) = path.split_once("/library/") {
            let (name, file) = library.split_once('/').unwrap_or((library, ""));
            return (name.to_owned(), file.to_owned());
        }
        if let Some((_, package)) = path.split_once("/registry/src/") {
            let mut parts = package.splitn(3, '/').skip(1);
            let (name, file) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            return (without_version(name).to_owned(), file.to_owned());
        }
        if path.starts_with("src/") {
            return ("the probe".to_owned(), path.to_owned());
        }
        ("other".to_owned(), path.to_owned())
    }
}

/// Cuts the version off `name-1.2.3`.
fn without_version(directory: &str) -> &str {
    let is_version = |text: &str| {
        let mut numbers = text.splitn(3, '.');
        let whole = |part: Option<&str>| part.is_some_and(|part| part.parse::<u64>().is_ok());
        whole(numbers.next()) && whole(numbers.next()) && numbers.next().is_some()
    };
    let cut =
        directory.match_indices('-').find(|(index, _)| is_version(&directory[index.saturating_add(1)..]));
    cut.map_or(directory, |(index, _)| &directory[..index])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        Origins {
            root: "/here".into(),
            ours: vec![
                ("crates/eccx08".into(), "eccx08".into()),
                ("crates/sim/eccx08-sim".into(), "eccx08-sim".into()),
            ],
        }
    }

    #[test]
    fn files_are_given_to_their_crates() {
        let of = |path: &str| origins().of(path).0;
        assert_eq!(of("/here/crates/eccx08/src/device.rs"), "eccx08");
        assert_eq!(of("/here/crates/sim/eccx08-sim/src/chip.rs"), "eccx08-sim");
        assert_eq!(of("/here/examples/size-probes/src/devices.rs"), "the probe");
        assert_eq!(of("src/bin/token.rs"), "the probe");
        assert_eq!(of("/usr/lib/rustlib/src/rust/library/core/src/slice/mod.rs"), "core");
        assert_eq!(of("/rustc/0123/library/compiler-builtins/src/mem.rs"), "compiler-builtins");
        assert_eq!(of("/c/registry/src/index-0123/base64-0.23.1/src/encode.rs"), "base64");
        assert_eq!(of("/c/registry/src/index-0123/md-5-0.11.0/src/lib.rs"), "md-5");
        assert_eq!(of("/elsewhere/file.rs"), "other");
    }

    #[test]
    fn the_path_inside_the_crate_is_kept() {
        let (_, file) = origins().of("/c/registry/src/index-0123/base64-0.23.1/src/encode.rs");
        assert_eq!(file, "src/encode.rs");
    }
}
