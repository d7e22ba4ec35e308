//! What `provision` leaves in a file, `cloud` finds there.

mod support;

use tutorial_host::{ElementFile, ElementFileError, World, WorldSettings};

#[test]
fn the_memory_survives_the_file() {
    let directory = std::env::temp_dir().join(format!("tutorial-host-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("element.nv");
    let file = ElementFile::new(&path);
    assert!(file.read().unwrap().is_none(), "there is no file yet");

    let (memory, _) = support::provisioned_element();
    let settings = WorldSettings { element_memory: Some(memory.clone()), ..WorldSettings::new(1) };
    file.write(&World::new(settings).unwrap().element).unwrap();
    assert_eq!(file.read().unwrap().unwrap().to_bytes(), memory.to_bytes());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "others can read keys");
    }

    std::fs::write(&path, b"something else").unwrap();
    assert!(matches!(file.read(), Err(ElementFileError::NoElement(_))));
    std::fs::remove_dir_all(&directory).unwrap();
}
