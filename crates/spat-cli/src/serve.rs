//! `spat serve`.

use std::process::ExitCode;

use anyhow::Context as _;
use spat_serve::{Page, Secret, Server, Settings};
use tokio::sync::oneshot;

use crate::args::ServeArgs;
use crate::output;

/// Serves the page until Ctrl-C.
pub(crate) fn serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let page = match &args.page {
        Some(folder) => Page::in_folder(folder)?,
        None => Page::embedded()?,
    };
    // On this machine everybody computes in a browser of their own; there is nothing to guard.
    let secret = match args.bind.is_loopback() {
        true => None,
        false => Some(Secret::random()?),
    };
    let settings = Settings {
        bind: args.bind,
        port: args.port,
        names: args.names.clone(),
        secret,
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
        tell(&server, args)?;
        server.run(stop).await;
        output::note("the server has ended");
        Ok(ExitCode::SUCCESS)
    })
}

/// The link for this machine on standard output, everything else beside it.
fn tell(server: &Server, args: &ServeArgs) -> anyhow::Result<()> {
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
    if !args.no_open && webbrowser::open(&link).is_err() {
        output::note("no browser could be opened here; open the link yourself");
    }
    Ok(())
}

/// Ends with the first Ctrl-C; the second ends the process at once.
fn interrupted() -> anyhow::Result<impl Future<Output = ()>> {
    let (interrupt, interrupted) = oneshot::channel();
    let mut interrupt = Some(interrupt);
    ctrlc::set_handler(move || match interrupt.take() {
        Some(interrupt) => {
            interrupt.send(()).ok();
            output::note("ending… press Ctrl-C again to end at once");
        }
        None => std::process::exit(1),
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(async {
        // The handler lives as long as the process.
        interrupted.await.ok();
    })
}
