//! The engine process of the tests.

fn main() -> std::io::Result<()> {
    spat_serve::run_engine_process()
}
