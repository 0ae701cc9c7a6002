//! `spat data`: public benchmark tables. They are not part of the program, in most cases because of
//! their licences.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use crate::args::{DataCommand, DatasetArgs};
use crate::failure::input;
use crate::{download, output, table};

/// A public table.
#[derive(Debug, Serialize)]
struct Dataset {
    /// The name in `spat data get`.
    name: &'static str,
    /// The file's name.
    file: &'static str,
    /// Its content.
    what: &'static str,
    /// Scheme and host.
    #[serde(skip)]
    host: &'static str,
    /// The rest of the address, pinned to a commit or version.
    path: &'static str,
    /// Its licence.
    licence: &'static str,
    /// SHA-256 of the file.
    sha256: &'static str,
}

const GITHUB: &str = "https://raw.githubusercontent.com";
const NPM: &str = "https://cdn.jsdelivr.net";
const ETT_LICENCE: &str = "CC BY-ND 4.0";

const DATASETS: &[Dataset] = &[
    Dataset {
        name: "ETTh1",
        file: "ETTh1.csv",
        what: "transformer load and oil temperature, 17,420 hours × 7",
        host: GITHUB,
        path: "/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/ETTh1.csv",
        licence: ETT_LICENCE,
        sha256: "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
    },
    Dataset {
        name: "ETTh2",
        file: "ETTh2.csv",
        what: "the same at another station, 17,420 hours × 7",
        host: GITHUB,
        path: "/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/ETTh2.csv",
        licence: ETT_LICENCE,
        sha256: "a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b",
    },
    Dataset {
        name: "ETTm1",
        file: "ETTm1.csv",
        what: "ETTh1 every 15 minutes, 69,680 rows × 7",
        host: GITHUB,
        path: "/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/ETTm1.csv",
        licence: ETT_LICENCE,
        sha256: "6ce1759b1a18e3328421d5d75fadcb316c449fcd7cec32820c8dafda71986c9e",
    },
    Dataset {
        name: "ETTm2",
        file: "ETTm2.csv",
        what: "ETTh2 every 15 minutes, 69,680 rows × 7",
        host: GITHUB,
        path: "/zhouhaoyi/ETDataset/1d16c8f4f943005d613b5bc962e9eeb06058cf07/ETT-small/ETTm2.csv",
        licence: ETT_LICENCE,
        sha256: "db973ca252c6410a30d0469b13d696cf919648d0f3fd588c60f03fdbdbadd1fd",
    },
    Dataset {
        name: "seattle-weather",
        file: "seattle-weather.csv",
        what: "daily weather in Seattle 2012–2015, 1,461 rows × 4",
        host: NPM,
        path: "/npm/vega-datasets@3.2.1/data/seattle-weather.csv",
        licence: "US government work (NOAA)",
        sha256: "0845078a290b48e3149ab8639966824110a251db4e06fc144c06ebb534af23be",
    },
    Dataset {
        name: "us-employment",
        file: "us-employment.csv",
        what: "monthly employment in the US 2006–2015, 120 rows × 23",
        host: NPM,
        path: "/npm/vega-datasets@3.2.1/data/us-employment.csv",
        licence: "US government work (BLS)",
        sha256: "0fa5366929bf738ac420509b84ed120155f740b0fa9c265ca309dad4057d1b1b",
    },
];

/// Lists or downloads.
pub(crate) fn data(args: &DatasetArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        DataCommand::List { json: true } => output::json(&DATASETS)?,
        DataCommand::List { json: false } => _ = output::result(&list())?,
        DataCommand::Get {
            name,
            output,
            origin,
        } => get(name, output, origin.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let mut text = String::new();
    for set in DATASETS {
        text += &format!(
            "{}\n  {}\n  {}{}\n  licence {}\n  sha256 {}\n",
            set.name, set.what, set.host, set.path, set.licence, set.sha256
        );
    }
    text + "\nDownload with `spat data get NAME`; the checksum is compared.\n"
}

fn get(name: &str, folder: &Path, origin: Option<&str>) -> anyhow::Result<()> {
    let set = DATASETS
        .iter()
        .find(|set| set.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| {
            let names: Vec<&str> = DATASETS.iter().map(|set| set.name).collect();
            input(format!(
                "there is no data set `{name}`; there are {}",
                names.join(", ")
            ))
        })?;
    let path = folder.join(set.file);
    if path.exists() {
        if table::sha256(&table::read_file(&path)?) == set.sha256 {
            output::note(&format!(
                "`{}` is already there, with the right checksum",
                path.display()
            ));
            return Ok(());
        }
        return Err(input(format!(
            "`{}` exists and is another file; move it away, or name another folder with --output",
            path.display()
        )));
    }
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the folder `{}`", folder.display()))?;
    let url = format!(
        "{}{}",
        origin.unwrap_or(set.host).trim_end_matches('/'),
        set.path
    );
    let bytes = download::to_file(&url, &path, set.sha256)?;
    output::note(&format!(
        "`{}`: {bytes} bytes from {url}, checksum right; licence {}",
        path.display(),
        set.licence
    ));
    Ok(())
}
