//! A source file as the rules look at it: its text, its code without comments and literals, and its
//! code without what is for tests only.
//!
//! This is no parser: it knows just enough of the language (comments, literals, brackets, paths) to
//! tell words of code from words in texts. Blanked parts keep their length, so lines keep their numbers.

use std::collections::BTreeSet;

/// One file.
pub struct Source {
    /// Path from the repository's root, with `/`.
    pub path: String,
    /// What stands in it.
    pub text: String,
    /// The same with comments and literals blanked.
    pub code: String,
    /// The same with items for tests blanked as well.
    pub live: String,
    /// Words of live code at which a path, a macro or an import begins.
    pub roots: BTreeSet<String>,
    /// Modules in other files that are for tests only, as paths from the root without `.rs`.
    pub test_modules: Vec<String>,
}

impl Source {
    /// Reads a text.
    pub fn new(path: &str, text: &str) -> Self {
        let code = without_texts(text);
        let (live, names) = without_tests(&code);
        let folder = module_folder(path);
        let test_modules = names.iter().map(|name| format!("{folder}/{name}")).collect();
        let roots = roots_of(&live);
        Self { path: path.to_owned(), text: text.to_owned(), code, live, roots, test_modules }
    }

    /// The layer, and within the adapters the part: `adapters/git`.
    pub fn home(&self) -> String {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inside = inside.strip_suffix(".rs").unwrap_or(inside);
        let mut parts = inside.split('/');
        let first = parts.next().unwrap_or_default();
        match (first, parts.next()) {
            ("adapters", Some(part)) => format!("adapters/{part}"),
            _ => first.to_owned(),
        }
    }

    /// Every path of ours that live code names, from the crate's root: `["ports", "folder"]`.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let own: Vec<String> = module_of(&self.path);
        let mut found = Vec::new();
        for (at, word) in words(&self.live) {
            let is_start = !self.live[..at].trim_end().ends_with("::");
            let prefix = match word {
                "crate" if is_start => Vec::new(),
                // The thin binary sees the library from outside.
                "agency" if is_start && self.path == "src/main.rs" => Vec::new(),
                "super" if is_start => own[..own.len().saturating_sub(1)].to_vec(),
                _ => continue,
            };
            let rest = &self.live[at + word.len()..];
            if rest.trim_start().starts_with("::") {
                tree(&mut Tokens { rest }, prefix, &mut found);
            }
        }
        found
    }
}

/// The words at which paths, macros and imports begin; every crate that is used is among them.
fn roots_of(code: &str) -> BTreeSet<String> {
    let is_root = |at: usize, word: &str| {
        let after = &code[at + word.len()..];
        let is_start = !code[..at].trim_end().ends_with("::");
        is_start && ["::", "!", ";"].iter().any(|mark| after.starts_with(mark))
    };
    words(code).filter(|(at, word)| is_root(*at, word)).map(|(_, word)| word.to_owned()).collect()
}

/// The folder in which a file's modules lie.
fn module_folder(path: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    let is_root = ["/mod", "/lib", "/main"].iter().any(|end| stem.ends_with(end));
    if is_root { stem.rsplit_once('/').map_or("", |(folder, _)| folder) } else { stem }.to_owned()
}

/// The module that a file is: `src/tui/views/mod.rs` is `tui::views`.
fn module_of(path: &str) -> Vec<String> {
    let folder = module_folder(path);
    let parts = folder.split('/').skip(1);
    parts.map(str::to_owned).collect()
}

/// Every word of code with its position.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.split(move |c| !is_part(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - code.as_ptr() as usize, word))
}

struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(token);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    fn word(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.rest = &rest[end..];
        (end > 0).then(|| &rest[..end])
    }
}

/// Follows `::a::b` and `::{a::b, c}`, and puts down every path that is named.
fn tree(tokens: &mut Tokens<'_>, mut path: Vec<String>, found: &mut Vec<Vec<String>>) {
    while tokens.take("::") {
        if tokens.take("{") {
            while !tokens.take("}") && !tokens.rest.is_empty() {
                let mut branch = path.clone();
                match tokens.word() {
                    Some("self") => found.push(branch),
                    Some(word) => {
                        branch.push(word.to_owned());
                        tree(tokens, branch, found);
                    }
                    None => {
                        let mut rest = tokens.rest.chars();
                        rest.next();
                        tokens.rest = rest.as_str();
                    }
                }
            }
            return;
        }
        match tokens.word() {
            Some("super") => drop(path.pop()),
            Some(word) => path.push(word.to_owned()),
            None => break,
        }
    }
    found.push(path);
}

/// Blanks comments, strings and characters.
fn without_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let previous = code.chars().last().unwrap_or(' ');
        let length = text_length(rest, previous);
        let (part, after) = rest.split_at(length.max(first.len_utf8()));
        if length == 0 {
            code.push_str(part);
        } else {
            code.extend(part.chars().map(|c| if c == '\n' { c } else { ' ' }));
        }
        rest = after;
    }
    code
}

/// Length of the comment or literal that begins here; 0 for code.
fn text_length(rest: &str, previous: char) -> usize {
    let after_word = previous.is_alphanumeric() || previous == '_';
    let up_to = |from: usize, end: &str| {
        rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return up_to(2, "*/");
    }
    if !after_word && (rest.starts_with("r\"") || rest.starts_with("r#") || rest.starts_with("br"))
    {
        let marks = rest.trim_start_matches(['b', 'r']);
        let hashes = marks.len() - marks.trim_start_matches('#').len();
        let start = rest.len() - marks.len() + hashes + 1;
        if marks[hashes..].starts_with('"') {
            return up_to(start, &format!("\"{}", "#".repeat(hashes)));
        }
        return 0;
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if rest.starts_with('\'') {
        let mut chars = rest.chars().skip(1);
        let is_character =
            matches!((chars.next(), chars.next()), (Some('\\'), _) | (_, Some('\'')));
        return if is_character { quoted(rest, '\'') } else { 0 };
    }
    0
}

fn quoted(rest: &str, mark: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == mark => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Blanks every item behind `#[cfg(test)]`; tells the modules among them that lie in other files.
fn without_tests(code: &str) -> (String, Vec<String>) {
    const MARK: &str = "#[cfg(test)]";
    let mut live = String::with_capacity(code.len());
    let mut names = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        live.push_str(&rest[..at]);
        let item = &rest[at..at + item_length(&rest[at..])];
        if item.ends_with(';') {
            let mut parts = words(item).map(|(_, word)| word).skip_while(|word| *word != "mod");
            parts.next();
            names.extend(parts.next().map(str::to_owned));
        }
        live.extend(item.chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = &rest[at + item.len()..];
    }
    live.push_str(rest);
    (live, names)
}

/// Length of an item with its attributes: up to its `;`, or to the bracket that closes its body.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    let is_import =
        words(code).map(|(_, word)| word).find(|word| matches!(*word, "use" | "mod" | "fn"));
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if c == '}' && depth == 0 && is_import != Some("use") {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}
