//! Rendering of the web view without a graphics card.
//!
//! WebKitGTK then renders with software OpenGL, in every process and on many threads. Its own CPU renderer
//! needs several hundred megabytes less.

#[cfg(target_os = "linux")]
use std::path::Path;

/// Variables that select CPU rendering in WebKitGTK and GTK. If the user sets one of them, none is changed.
#[cfg(target_os = "linux")]
const PLAIN: [(&str, &str); 3] = [
    ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
    // Which card renders: an empty value avoids OpenGL.
    ("WEBKIT_WEB_RENDER_DEVICE_FILE", "/dev/null"),
    ("GDK_GL", "disable"),
];

/// Re-executes the process with the web view's environment variables, which are read when a process starts.
/// Returns if none are needed, or on failure.
#[cfg(target_os = "linux")]
pub(crate) fn use_cpu_without_card() {
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
    // Reached only if the system refuses; rendering then uses the defaults.
    let _refused = again.exec();
}

/// Other systems need no setting.
#[cfg(not(target_os = "linux"))]
pub(crate) fn use_cpu_without_card() {}

/// Whether the kernel has a graphics device: a card's render node, NVIDIA's own device, or the GPU of the
/// Windows Subsystem for Linux.
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
