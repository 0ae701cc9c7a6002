//! `spat serve`.

mod redirect;

use std::fs;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use clap::ArgMatches;
use spat_serve::{Host, Page, Rules, Secret, Server, Settings};
use tokio::sync::oneshot;

use crate::args::{EngineOf, ServeArgs};
use crate::failure::input;
use crate::{command_line, device, engine_process, output};

use redirect::Redirect;

/// How long the browser may take to read the redirect file.
const REDIRECT_LIFETIME: Duration = Duration::from_secs(60);

/// Serves the web app until Ctrl-C.
pub(crate) fn serve(args: &ServeArgs, given: Option<&ArgMatches>) -> anyhow::Result<ExitCode> {
    if args.engine == EngineOf::Browser {
        refuse_host_flags(&given.map(command_line::host_settings).unwrap_or_default())?;
    }
    let page = match &args.page {
        Some(folder) => Page::in_folder(folder)?,
        None => Page::embedded()?,
    };
    let (secret, host) = match args.engine {
        EngineOf::Host => (
            Some(Secret::stored_in(&args.host.folder)?),
            Some(host(args)?),
        ),
        EngineOf::Browser if !args.bind.is_loopback() => (Some(Secret::random()?), None),
        // Local users compute in their browser, so no access control is needed.
        EngineOf::Browser => (None, None),
    };
    if let Some(notice) = secret.as_ref().and_then(Secret::notice) {
        output::note(notice);
    }
    let settings = Settings {
        bind: args.bind,
        port: args.port,
        names: args.names.clone(),
        proxy: args.behind_proxy,
        access_log: args.access_log.clone(),
        secret,
        host,
        ..Settings::local(page)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    runtime.block_on(async {
        let stop = interrupted()?;
        let server = Server::bind(settings).await?;
        print_address(&server, args)?;
        // Dropped when the server ends, or earlier.
        let _redirect = (!args.no_open)
            .then(|| open_browser(&server.link()))
            .flatten();
        server.run(stop).await;
        output::note("the server has ended");
        Ok(ExitCode::SUCCESS)
    })
}

/// Limits of the host's engine have no effect if visitors compute in their browsers.
fn refuse_host_flags(given: &[String]) -> anyhow::Result<()> {
    if given.is_empty() {
        return Ok(());
    }
    let (is, goes) = if given.len() == 1 {
        ("is", "it")
    } else {
        ("are", "them")
    };
    Err(input(format!(
        "{} {is} for visitors who compute on this computer, and here each computes in a browser; add \
         `--engine host`, or leave {goes} out",
        given.join(" ")
    )))
}

/// This computer's engine, with its device.
fn host(args: &ServeArgs) -> anyhow::Result<Host> {
    device::set_threads(args.device.threads)?;
    let (_, facts, line) = device::choose(args.device.device)?;
    output::note(&line);
    output::note(&format!(
        "visitors' runs are kept in `{}`",
        args.host.folder.display()
    ));
    if let Some(days) = args.host.keep {
        output::note(&format!("a run is removed {days} days after its last use"));
    }
    if cfg!(not(target_os = "linux")) {
        output::note("on this system the engine's memory is not limited (--engine-memory)");
    }
    let minutes = u64::try_from(args.host.minutes)?;
    let days = args.host.keep.map(u64::try_from).transpose()?;
    Ok(Host {
        folder: args.host.folder.clone(),
        facts,
        name: args.host.called.clone().unwrap_or_else(own_name),
        rules: Rules {
            visitors: args.host.visitors,
            table: args.host.table_mb.saturating_mul(1 << 20),
            space: u64::try_from(args.host.space_gb)?.saturating_mul(1 << 30),
            keep: days.map(|days| Duration::from_secs(days.saturating_mul(24 * 3600))),
            turn: Duration::from_secs(u64::try_from(args.host.turn)?),
            job: Duration::from_secs(minutes.saturating_mul(60)),
            ..Rules::default()
        },
        engine: engine_process::command(args)?,
        report: output::note,
    })
}

/// The host name of this computer.
fn own_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    name.or_else(|| std::env::var("COMPUTERNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "the host".to_owned())
}

/// Prints the link for this machine to standard output, everything else to standard error.
fn print_address(server: &Server, args: &ServeArgs) -> anyhow::Result<()> {
    let link = server.link();
    output::result(&format!("{link}\n"))?;
    match server.network_link() {
        Some(link) => output::note(&format!(
            "others in the network join by {link}\nanybody with that link can use this page; on a plain \
             network its token can be overheard"
        )),
        None if !args.bind.is_loopback() => {
            output::note("others join by this computer's own address; it does not know it itself");
        }
        None => {}
    }
    if args.port.is_none() && server.address().port() != spat_serve::PORT {
        output::note(&format!(
            "port {} is taken, so this is another: a browser keeps its history of runs by port",
            spat_serve::PORT
        ));
    }
    output::note("Ctrl-C ends the server");
    Ok(())
}

/// Opens the link in a browser. A link with a token is opened through a redirect file, which is removed
/// after a while or when the returned handle is dropped.
fn open_browser(link: &str) -> Option<OpenedRedirect> {
    let has_token = link.contains('#');
    let redirect = match has_token.then(|| Redirect::create(link)).transpose() {
        Ok(redirect) => redirect,
        Err(error) => {
            output::note(&format!(
                "no browser is opened, because its file cannot be written ({error}); open the link yourself"
            ));
            return None;
        }
    };
    let address = redirect
        .as_ref()
        .map_or_else(|| link.to_owned(), Redirect::address);
    let kept = Arc::new(Mutex::new(redirect));
    let shared = Arc::clone(&kept);
    // A browser in the terminal blocks until it is closed, and requests are only served after this.
    std::thread::spawn(move || {
        if webbrowser::open(&address).is_err() {
            output::note("no browser could be opened here; open the link yourself");
        }
        std::thread::sleep(REDIRECT_LIFETIME);
        shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    });
    Some(OpenedRedirect(kept))
}

/// Removes the redirect file when the server ends; the thread that opened the browser may still wait.
struct OpenedRedirect(Arc<Mutex<Option<Redirect>>>);

impl Drop for OpenedRedirect {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Ends with the first Ctrl-C; the second ends the process at once.
fn interrupted() -> anyhow::Result<impl Future<Output = ()>> {
    let (interrupt, interrupted) = oneshot::channel();
    let mut interrupt = Some(interrupt);
    ctrlc::set_handler(move || match interrupt.take() {
        Some(interrupt) => {
            // Printed first: the server may end at once, and the process with it.
            output::note("ending… press Ctrl-C again to end at once");
            interrupt.send(()).ok();
        }
        None => std::process::exit(1),
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(async {
        // The handler lives as long as the process.
        interrupted.await.ok();
    })
}
