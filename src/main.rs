//! The entry: runs the command line, and turns a panic into exit code 70 with a request to report it.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // Decoders panic over broken files, which whoever called them tells.
        if jalon::source::expects_panic() {
            return;
        }
        let _ = writeln!(
            std::io::stderr(),
            "error[internal]: {panic}\n  = this is a bug in jalon: please report it with the pipeline and the command"
        );
    }));
    match std::panic::catch_unwind(jalon::cli::main) {
        Ok(code) => ExitCode::from(code),
        Err(_) => ExitCode::from(70),
    }
}
