//! Files of one directory, by the path of a URL. Gives nothing that lies outside the directory, by whatever spelling or
//! link, and no hidden file; lists nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures::Stream;
use tokio::fs::{self, File};
use tokio::io::AsyncReadExt;

/// Most bytes read at once: what a visitor with a slow line costs in memory. 64 KiB.
const CHUNK: u64 = 64 << 10;

/// A directory that is served.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
}

/// A file that was found.
#[derive(Debug)]
pub(super) struct Asset {
    file: File,
    /// Its size in bytes.
    pub(super) length: u64,
    /// Its media type.
    pub(super) media: &'static str,
    /// Changes when the file does (RFC 9110, 8.8.3).
    pub(super) tag: String,
}

impl Files {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The file that `path` of a URL names, `index.html` where it ends in a slash; `None` whatever is wrong.
    pub(super) async fn open(&self, path: &str) -> Option<Asset> {
        let relative = relative(&decode(path)?)?;
        let root = fs::canonicalize(&self.root).await.ok()?;
        // Every link is followed here, and what is then opened has none left.
        let path = fs::canonicalize(root.join(relative)).await.ok()?;
        if !path.starts_with(&root) {
            return None;
        }
        let known = fs::metadata(&path).await.ok()?;
        // Opening anything else, as a pipe, may wait for ever.
        if !known.is_file() {
            return None;
        }
        let file = File::open(&path).await.ok()?;
        let changed = known
            .modified()
            .unwrap_or(SystemTime::UNIX_EPOCH)
            .duration_since(UNIX_EPOCH);
        let tag = format!(
            "\"{:x}-{:x}\"",
            changed.map_or(0, |time| time.as_nanos()),
            known.len()
        );
        Some(Asset {
            file,
            length: known.len(),
            media: media(&path),
            tag,
        })
    }
}

impl Asset {
    /// The content, in pieces that are read as they are asked for.
    pub(super) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        futures::stream::try_unfold((self.file, self.length), |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let mut chunk = BytesMut::with_capacity(usize::try_from(left.min(CHUNK)).unwrap_or(0));
            // A file that grew is cut where it ended when it was announced.
            let read = (&mut file)
                .take(left.min(CHUNK))
                .read_buf(&mut chunk)
                .await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(Some((chunk.freeze(), (file, left - read as u64))))
        })
    }
}

/// The path without its percent signs (RFC 3986, 2.1), if it is text.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            digit(rest.next()?)? << 4 | digit(rest.next()?)?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// The path below the root, if every part is the plain name of a file that is not hidden.
fn relative(path: &str) -> Option<PathBuf> {
    let inner = path.strip_prefix('/')?;
    let inner = if inner.is_empty() || inner.ends_with('/') {
        format!("{inner}index.html")
    } else {
        inner.to_owned()
    };
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0'])
    };
    inner
        .split('/')
        .all(plain)
        .then(|| inner.split('/').collect())
}

/// The media type by the file's extension. `application/wasm` is what a browser compiles while it loads.
fn media(path: &Path) -> &'static str {
    match path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "txt" | "ts" => "text/plain; charset=utf-8",
        "md" => "text/markdown; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::super::testing::Directory;
    use super::*;

    async fn content(files: &Files, path: &str) -> Option<Vec<u8>> {
        let asset = files.open(path).await?;
        let length = asset.length;
        let chunks: Vec<Bytes> = asset.stream().try_collect().await.expect("a readable file");
        let content = chunks.concat();
        assert_eq!(content.len() as u64, length);
        Some(content)
    }

    fn site() -> (Directory, Files) {
        let directory = Directory::new();
        directory.write("secret", b"outside");
        directory.write("www/index.html", b"index");
        directory.write("www/a b/file.js", b"file");
        directory.write("www/.hidden", b"hidden");
        let files = Files::new(directory.path().join("www"));
        (directory, files)
    }

    #[tokio::test]
    async fn a_path_finds_its_file() {
        let (directory, files) = site();
        directory.write("www/large", &vec![7; 300_000]);
        assert_eq!(content(&files, "/").await.as_deref(), Some(&b"index"[..]));
        assert_eq!(
            content(&files, "/a%20b/file.js").await.as_deref(),
            Some(&b"file"[..])
        );
        assert_eq!(content(&files, "/large").await, Some(vec![7; 300_000]));
    }

    #[tokio::test]
    async fn no_spelling_leads_outside() {
        let (_directory, files) = site();
        let outside = [
            "/../secret",
            "/%2e%2e/secret",
            "/%2E%2e%2fsecret",
            "/a%20b/../../secret",
            "//secret",
            "/./index.html",
            "/..%5csecret",
            "/index.html%00",
            "/%00",
            "/%",
            "/%f",
            "/%zz",
            "/%ff",
            "secret",
            "",
            "*",
            "/.hidden",
            "/a%20b",
            "/a%20b/",
            "/c:/secret",
            "/%252e%252e/secret",
            "/index.html/",
            "/index.html/x",
        ];
        for path in outside {
            assert!(content(&files, path).await.is_none(), "{path}");
        }
        let long = "/x".repeat(10_000);
        assert!(content(&files, &long).await.is_none());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_is_followed_inside_and_not_outside() {
        let (directory, files) = site();
        let www = directory.path().join("www");
        std::os::unix::fs::symlink("../secret", www.join("out")).expect("a link");
        std::os::unix::fs::symlink("..", www.join("up")).expect("a link");
        std::os::unix::fs::symlink("index.html", www.join("in")).expect("a link");
        assert!(content(&files, "/out").await.is_none());
        assert!(content(&files, "/up/secret").await.is_none());
        assert_eq!(content(&files, "/in").await.as_deref(), Some(&b"index"[..]));
    }

    #[tokio::test]
    async fn a_file_that_grows_ends_where_it_was_announced() {
        let (directory, files) = site();
        let asset = files.open("/").await.expect("a file");
        directory.write("www/index.html", b"index and more");
        let chunks: Vec<Bytes> = asset.stream().try_collect().await.expect("a readable file");
        assert_eq!(chunks.concat(), b"index");
    }

    #[tokio::test]
    async fn a_file_that_shrinks_is_an_error_and_not_a_shorter_file() {
        let (directory, files) = site();
        let asset = files.open("/").await.expect("a file");
        directory.write("www/index.html", b"in");
        let chunks: Result<Vec<Bytes>, io::Error> = asset.stream().try_collect().await;
        assert!(chunks.is_err());
    }

    #[test]
    fn a_browser_compiles_wasm_while_it_loads() {
        assert_eq!(media(Path::new("rs2p_bg.wasm")), "application/wasm");
        assert_eq!(media(Path::new("strange.xyz")), "application/octet-stream");
    }
}
