//! Recipes: reading an agency's `sandbox.toml` with the digests of what it runs, having it recorded when
//! the operator starts the agency, and holding the folder against what was recorded before a proof.
//!
//! An agency's folder can be written by its agents. So what is recorded counts and not what lies there: a
//! script that is another one by then is not run, and the proof says so. What was looked at is what is run: it is read
//! once, and its bytes go into the proof.

use std::path::Path;

use crate::domain::checks::{CheckCommand, ChecksConfig};
use crate::domain::name::Name;
use crate::domain::recipe::Recipe;
use crate::domain::refusal::Refusal;
use crate::engine::input::Input;
use crate::manifest::problem::{Problem, Problems};
use crate::manifest::recipe;
use crate::ports::proving::RecordedFile;
use crate::service::outside::Outside;
use crate::service::preflight::folder_refusal;
use crate::service::supervisor::Handle;
use crate::service::templates;

/// Digits of a digest that people read.
const SHORT: usize = 12;

/// Which recipes are recorded anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Everything is started at once, or an agency is met for the first time: only where none is and none of its
    /// agents can have written one, for it has never run.
    First,
    /// What lies there now: the operator names the agency.
    Named,
}

/// Has the recipes of these agencies recorded. Only the operator's own acts, and an agency that nobody knew,
/// may lead here.
pub fn record(
    outside: &Outside,
    handle: &Handle,
    agencies: &[Name],
    occasion: Occasion,
) -> Result<(), Refusal> {
    let mut refused = None;
    for agency in agencies {
        let name = agency.clone();
        let is_settled = handle.read(move |state, _| {
            let record = state.sessions.agency(&name);
            record.is_some_and(|record| record.recipe.is_some() || record.wanted_since.is_some())
        });
        if occasion == Occasion::First && is_settled == Some(true) {
            continue;
        }
        match read(outside, agency) {
            Ok(recipe) => {
                let recipe = recipe.map(Box::new);
                handle.input(Input::RecipeSeen { agency: agency.clone(), recipe });
            }
            // One that cannot be read does not keep the others from being recorded.
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    refused.map_or(Ok(()), Err)
}

/// An agency's recipe as it lies in its folder; none if there is none.
pub fn read(outside: &Outside, agency: &Name) -> Result<Option<Recipe>, Refusal> {
    let load = |path: &Path| outside.folder.load_agency_file(agency, path).map_err(folder_refusal);
    let Some(file) = load(Path::new(Recipe::FILE))? else { return Ok(None) };
    let name = file.path.display().to_string();
    let mut recipe = recipe::parse(&name, &file.text)?;
    let mut missing = Vec::new();
    let named: Vec<_> = recipe.named().map(Path::to_owned).collect();
    for path in named {
        match load(&path)? {
            Some(script) => {
                recipe.scripts.insert(path, Recipe::digest_of(&script.text));
            }
            None => missing.push(Problem {
                line: None,
                column: None,
                field: "checks.commands".to_owned(),
                message: format!("names `{}`, which is not in that folder", path.display()),
            }),
        }
    }
    if !missing.is_empty() {
        return Err(Problems { file: name, problems: missing }.into());
    }
    Ok(Some(recipe))
}

/// What a proof runs.
pub struct Checks {
    /// The commands, in order.
    pub commands: Vec<CheckCommand>,
    /// What those of the recipe name, as it was recorded.
    pub recorded: Vec<RecordedFile>,
}

/// What a proof runs: the operator's checks or the found ones first, then what a recipe adds.
///
/// A script that is not the recorded one is a problem in words, and nothing is run.
pub fn checks(
    outside: &Outside,
    folder: &Path,
    config: &ChecksConfig,
    recipe: Option<(&Name, &Recipe)>,
) -> Result<Checks, String> {
    let find = |config: &ChecksConfig| {
        outside.proving.find_checks(folder, config).map_err(|error| error.to_string())
    };
    let mut commands = find(config)?;
    let Some((agency, recipe)) = recipe else {
        return Ok(Checks { commands, recorded: Vec::new() });
    };
    let agency_folder = outside.home.join("agencies").join(agency.as_str());
    let recorded = read_recorded(outside, agency, recipe, &agency_folder)?;
    let notes = not_as_shipped(&recorded);
    if recipe.found && !config.commands.is_empty() {
        let found = find(&ChecksConfig::default())?;
        let is_new = |command: &CheckCommand| commands.iter().all(|c| c.argv != command.argv);
        let new: Vec<CheckCommand> = found.into_iter().filter(is_new).collect();
        commands.extend(new);
    }
    let own = recipe.filled(agency, &agency_folder);
    commands.extend(own.into_iter().map(|command| CheckCommand {
        found_by: format!("{}{notes}", command.found_by),
        ..command
    }));
    Ok(Checks { commands, recorded })
}

/// The operator's limit and reports with what a recipe adds to them.
pub fn widened(config: &ChecksConfig, recipe: Option<&Recipe>) -> ChecksConfig {
    let mut config = config.clone();
    if let Some(recipe) = recipe {
        config.time_limit_s = config.time_limit_s.saturating_add(recipe.time_limit_s);
        config.junit.extend(recipe.junit.iter().cloned());
    }
    config
}

/// Reads every file that the recipe's commands name, each once, and holds what it read against the recorded digest.
fn read_recorded(
    outside: &Outside,
    agency: &Name,
    recipe: &Recipe,
    agency_folder: &Path,
) -> Result<Vec<RecordedFile>, String> {
    let mut recorded = Vec::new();
    for (path, digest) in &recipe.scripts {
        let file = outside.folder.load_agency_file(agency, path).map_err(|error| error.to_string());
        let text = file?.map(|file| file.text);
        let now = text.as_deref().map(Recipe::digest_of);
        let Some(text) = text.filter(|_| now.as_ref() == Some(digest)) else {
            return Err(not_recorded(agency, path, digest, now));
        };
        recorded.push(RecordedFile { named: agency_folder.join(path), path: path.clone(), text });
    }
    Ok(recorded)
}

fn not_recorded(agency: &Name, path: &Path, digest: &str, now: Option<String>) -> String {
    let short = |digest: &str| digest.chars().take(SHORT).collect::<String>();
    let now = now.map_or("gone".to_owned(), |now| format!("{} now", short(&now)));
    format!(
        "`{}` of {agency} is not the script that was recorded when the operator started it ({} then, {now}): \
         nothing was run; look at it, then record it with `agency start {agency}` and prove again",
        path.display(),
        short(digest),
    )
}

/// Names the files that no shipped template has.
fn not_as_shipped(recorded: &[RecordedFile]) -> String {
    let own = recorded.iter().filter(|file| !templates::is_shipped(&file.path, &file.text));
    let own: Vec<String> = own.map(|file| format!("`{}`", file.path.display())).collect();
    match own.is_empty() {
        true => String::new(),
        false => format!(", not as shipped: {}", own.join(", ")),
    }
}
