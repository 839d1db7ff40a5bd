//! A node's id in a file, so that it outlives the process. One process at a time owns it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::id::NodeId;
use crate::socket::MeshError;

/// Longest file that is read, in bytes: an id and a line break fit many times.
const LONGEST: u64 = 1024;

/// Shortest id that is taken for a whole one, in characters. Those that are made have 60 or more.
const SHORTEST: usize = 60;

/// An id, and the file that keeps it. As long as this lives no other process gets the file.
#[derive(Debug)]
pub(super) struct IdentityFile {
    id: NodeId,
    /// Holds the lock.
    _file: File,
}

impl IdentityFile {
    /// Reads the id in a file, or makes one up and writes it.
    pub(super) fn open(path: &Path) -> Result<Self, MeshError> {
        Self::try_open(path)
            .map_err(|problem| MeshError::Identity(format!("{}: {problem}", path.display())))
    }

    pub(super) fn id(&self) -> &NodeId {
        &self.id
    }

    fn try_open(path: &Path) -> Result<Self, String> {
        let mut file = own(path).map_err(|error| {
            format!("cannot be opened ({error}): name a file that this process may write")
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(
                    "another process has this identity: end it, or name another file".into(),
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(format!("cannot be locked ({error})"));
            }
        }
        let text = read(&file).map_err(|error| format!("cannot be read ({error})"))?;
        let id = match text.trim() {
            "" => create(&mut file)?,
            text => parse(text)?,
        };
        Ok(Self { id, _file: file })
    }
}

/// Opens a file, which nobody else can read if it is new.
fn own(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn read(file: &File) -> io::Result<String> {
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(text: &str) -> Result<NodeId, String> {
    // One that a crash cut short while it was written is none.
    let is_id = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let id = text.parse().ok().filter(|_| is_id);
    id.ok_or_else(|| "holds no node id: remove it, and a new id is made".into())
}

fn create(file: &mut File) -> Result<NodeId, String> {
    let mut entropy = [0; 48];
    getrandom::fill(&mut entropy).map_err(|error| format!("no randomness ({error})"))?;
    let id = NodeId::from_entropy(&entropy);
    writeln!(file, "{id}")
        .and_then(|()| file.sync_all())
        .map_err(|error| format!("cannot be written ({error})"))?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// A path in the folder for temporary files, removed at the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let name = format!("rs2p-identity-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn problem(path: &Path) -> String {
        IdentityFile::open(path).expect_err("a fault").to_string()
    }

    #[test]
    fn the_second_time_the_id_is_the_same() {
        let path = Scratch::new("same");
        let first = IdentityFile::open(&path.0).expect("a new id").id().clone();
        let second = IdentityFile::open(&path.0).expect("the id").id().clone();
        assert_eq!(first, second);
    }

    #[test]
    fn two_at_once_do_not_have_one_id() {
        let path = Scratch::new("two");
        let _first = IdentityFile::open(&path.0).expect("a new id");
        assert!(problem(&path.0).contains("another process"));
    }

    #[test]
    fn a_file_of_another_kind_is_left_as_it_is() {
        let path = Scratch::new("other");
        for text in ["two words\n", "5WoUaW7ebW3\n", "-----BEGIN KEY-----\n"] {
            fs::write(&path.0, text).expect("a file");
            assert!(problem(&path.0).contains("holds no node id"), "{text}");
            assert_eq!(fs::read_to_string(&path.0).expect("a file"), text);
        }
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_named() {
        let path = std::env::temp_dir().join("rs2p-no-such-folder/id");
        assert!(problem(&path).contains("rs2p-no-such-folder"));
    }
}
