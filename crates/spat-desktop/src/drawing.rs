//! How the web view draws where there is no graphics card.
//!
//! WebKitGTK then draws through a software OpenGL, in every process and on many threads: several
//! hundred megabytes for a page that its own painter draws as well.

#[cfg(target_os = "linux")]
use std::path::Path;

/// What tells WebKitGTK and GTK to paint by themselves. Whoever sets one of them is heard.
#[cfg(target_os = "linux")]
const PLAIN: [(&str, &str); 3] = [
    ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
    // Which card draws: none, and so OpenGL is not asked for it.
    ("WEBKIT_WEB_RENDER_DEVICE_FILE", "/dev/null"),
    ("GDK_GL", "disable"),
];

/// Starts this program again in its own place with what the web view is to know: variables count when
/// a process begins. Comes back where nothing is to be said, or nothing can be.
#[cfg(target_os = "linux")]
pub(crate) fn settle() {
    use std::os::unix::process::CommandExt as _;

    let unsaid = PLAIN
        .iter()
        .any(|(name, _)| std::env::var_os(name).is_none());
    if has_card() || !unsaid {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut again = std::process::Command::new(program);
    again.args(std::env::args_os().skip(1));
    for (name, value) in PLAIN {
        if std::env::var_os(name).is_none() {
            again.env(name, value);
        }
    }
    // It only comes back if the system refuses; then the window draws as it can.
    let _refused = again.exec();
}

/// Other systems draw with what they have.
#[cfg(not(target_os = "linux"))]
pub(crate) fn settle() {}

/// Whether the kernel knows of something that draws: a card's render node, NVIDIA's own device, or
/// Windows' card under Linux.
#[cfg(target_os = "linux")]
fn has_card() -> bool {
    let nodes = Path::new("/dev/dri").read_dir();
    let renders = nodes.is_ok_and(|nodes| {
        nodes
            .flatten()
            .any(|node| node.file_name().to_string_lossy().starts_with("renderD"))
    });
    renders
        || ["/dev/nvidiactl", "/dev/dxg"]
            .iter()
            .any(|path| Path::new(path).exists())
}
