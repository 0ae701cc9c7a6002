//! Commands that the web app may call. `capabilities/main.json` lists the same names.
//!
//! Arguments and results are frames ([`spat_spec::frame`]): JSON followed by bytes.
#![allow(clippy::needless_pass_by_value)] // Tauri passes every argument by value.

use spat_host::RunsFolder;
use spat_spec::{EngineRequest, RunSummary, frame, unframe};
use tauri::ipc::{Channel, Invoke, InvokeBody, InvokeResponseBody, Request, Response};
use tauri::{AppHandle, Wry};

use crate::{dialogs, session, tables};

/// The handler of all commands.
pub(crate) fn handler() -> impl Fn(Invoke<Wry>) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        listen,
        send_request,
        read_run_file,
        run_names,
        run_summaries,
        put_run_summary,
        delete_run,
        pick_table,
        save,
        runs_folder,
        change_runs_folder,
        show_runs,
    ]
}

/// The bytes of a call.
fn body(request: &Request<'_>) -> Result<Vec<u8>, String> {
    match request.body() {
        InvokeBody::Raw(bytes) => Ok(bytes.clone()),
        // Web views that cannot send bytes in a request send an array of numbers.
        InvokeBody::Json(list) => {
            serde_json::from_value(list.clone()).map_err(|error| error.to_string())
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(request: &Request<'_>) -> Result<(T, Vec<u8>), String> {
    let body = body(request)?;
    let (value, bytes) = unframe(&body).map_err(|error| error.to_string())?;
    Ok((value, bytes.to_vec()))
}

fn response(value: &impl serde::Serialize) -> Result<Response, String> {
    let frame = frame(value, &[]).map_err(|error| error.to_string())?;
    Ok(Response::new(frame))
}

/// An empty result.
fn done() -> Result<Response, String> {
    Ok(Response::new(Vec::new()))
}

#[tauri::command(async)]
fn listen(app: AppHandle, messages: Channel<InvokeResponseBody>) -> Result<(), String> {
    session::listen(&app, messages)?;
    // The web app is ready to open the table from the command line.
    if session::is_first_page(&app) {
        tables::open_given(&app);
    }
    Ok(())
}

#[tauri::command]
fn send_request(app: AppHandle, request: Request<'_>) -> Result<(), String> {
    let (request, bytes): (EngineRequest, _) = read(&request)?;
    let bytes = matches!(
        request,
        EngineRequest::Open { .. } | EngineRequest::Forecast { .. }
    )
    .then_some(bytes)
    .filter(|bytes| !bytes.is_empty());
    session::send_request(&app, request, bytes)
}

#[tauri::command(async)]
fn read_run_file(app: AppHandle, request: Request<'_>) -> Result<Response, String> {
    let ((run, name), _): ((String, String), _) = read(&request)?;
    let found = runs(&app)
        .read(&run, &name)
        .map_err(|error| error.to_string())?;
    // A leading byte distinguishes an empty file from a missing one.
    let marked = found.map(|mut bytes| {
        bytes.insert(0, 1);
        bytes
    });
    Ok(Response::new(marked.unwrap_or_default()))
}

#[tauri::command(async)]
fn run_names(app: AppHandle, request: Request<'_>) -> Result<Response, String> {
    let (run, _): (String, _) = read(&request)?;
    response(&runs(&app).names(&run).map_err(|error| error.to_string())?)
}

#[tauri::command(async)]
fn run_summaries(app: AppHandle) -> Result<Response, String> {
    response(&runs(&app).summaries())
}

#[tauri::command(async)]
fn put_run_summary(app: AppHandle, request: Request<'_>) -> Result<Response, String> {
    let ((run, summary), _): ((String, RunSummary), _) = read(&request)?;
    runs(&app)
        .put_summary(&run, &summary)
        .map_err(|error| error.to_string())?;
    done()
}

#[tauri::command(async)]
fn delete_run(app: AppHandle, request: Request<'_>) -> Result<Response, String> {
    let (run, _): (String, _) = read(&request)?;
    runs(&app).delete(&run).map_err(|error| error.to_string())?;
    done()
}

#[tauri::command(async)]
fn pick_table(app: AppHandle) {
    dialogs::pick_table(&app);
}

#[tauri::command(async)]
fn save(app: AppHandle, request: Request<'_>) -> Result<Response, String> {
    let (name, bytes): (String, _) = read(&request)?;
    dialogs::save(&app, &name, &bytes);
    done()
}

#[tauri::command(async)]
fn runs_folder(app: AppHandle) -> String {
    runs(&app).root().display().to_string()
}

#[tauri::command(async)]
fn change_runs_folder(app: AppHandle) -> Result<(), String> {
    dialogs::change_runs_folder(&app)
}

#[tauri::command(async)]
fn show_runs(app: AppHandle) -> Result<(), String> {
    dialogs::show_folder(runs(&app).root())
}

fn runs(app: &AppHandle) -> RunsFolder {
    session::runs(app)
}
