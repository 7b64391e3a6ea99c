//! libFuzzer's entry: one of the targets, chosen by `JALON_FUZZ`. See `run.sh`.

#![no_main]

mod doors;

use libfuzzer_sys::{fuzz_target, Corpus};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::OnceLock;

/// Bytes that may be held at once.
const MOST_MEMORY: usize = 1 << 30;

/// The system's allocator with a limit: libFuzzer looks at memory only once a second.
struct Limited;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is left to the system's allocator; the count beside it allocates nothing.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size() > MOST_MEMORY {
            std::process::abort();
        }
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size() > MOST_MEMORY {
            std::process::abort();
        }
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;

struct Session {
    target: String,
    folder: tempfile::TempDir,
}

/// Begins: a panic ends the process, but for those of threads that are there to panic.
fn session() -> &'static Session {
    static SESSION: OnceLock<Session> = OnceLock::new();
    SESSION.get_or_init(|| {
        let target = std::env::var("JALON_FUZZ").expect("JALON_FUZZ names a target");
        let arguments: Vec<String> = std::env::args().collect();
        if let [_, flag, from, to] = arguments.as_slice() {
            if flag == "--seeds" {
                seeds(&target, Path::new(from), Path::new(to));
                std::process::exit(0);
            }
        }
        std::panic::set_hook(Box::new(|panic| {
            if !jalon::source::expects_panic() {
                eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
                std::process::abort();
            }
        }));
        Session { target, folder: tempfile::tempdir().expect("a folder") }
    })
}

/// Writes each file of a corpus once for each way of declaring it, which its first byte says.
fn seeds(target: &str, from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        for way in 0..doors::ways(target) {
            let first = u8::try_from(way).expect("few ways");
            std::fs::write(to.join(format!("{way}-{name}")), [&[first], bytes.as_slice()].concat()).expect("written");
        }
    }
}

fuzz_target!(init: { session(); }, |bytes: &[u8]| -> Corpus {
    let session = session();
    let Some((way, bytes)) = bytes.split_first() else { return Corpus::Reject };
    let way = usize::from(*way) % doors::ways(&session.target);
    doors::open(&session.target, session.folder.path(), way, bytes);
    Corpus::Keep
});
