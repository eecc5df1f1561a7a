//! One tmux command as a list of arguments, and the two ways to write it without loss.
//!
//! A control line is read by tmux's configuration parser, an argument list is not; each has its own
//! traps, and both are handled here and nowhere else. Formats are never built from foreign text: what
//! tmux would expand (folders, titles) goes through [`literal`].

use tmux_interface::TmuxCommand;

/// One tmux command.
#[derive(Debug, Clone)]
pub(super) struct Cmd(TmuxCommand<'static>);

impl Cmd {
    /// A command by its full name; what is written is [`unaliased`].
    pub(super) fn new(name: &'static str) -> Self {
        Self(TmuxCommand::new_full(name))
    }

    /// Adds a flag without a value.
    #[must_use]
    pub(super) fn flag(mut self, flag: &'static str) -> Self {
        self.0.push_flag(flag);
        self
    }

    /// Adds a flag with its value.
    #[must_use]
    pub(super) fn option(mut self, flag: &'static str, value: impl Into<String>) -> Self {
        self.0.push_option(flag, value.into());
        self
    }

    /// Adds a positional argument.
    #[must_use]
    pub(super) fn param(mut self, value: impl Into<String>) -> Self {
        self.0.push_param(value.into());
        self
    }

    /// The command's name, for messages.
    pub(super) fn name(&self) -> String {
        self.0.name.as_deref().unwrap_or_default().to_owned()
    }

    fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.0.to_vec().into_iter().map(Into::into).collect();
        if let Some(name) = words.first_mut() {
            *name = unaliased(name).to_owned();
        }
        words
    }
}

/// A command's name without its last letter. tmux knows a command by any beginning that no other one has, but an alias by all of
/// its name: a user who has given `kill-session` or `list-panes` another meaning does not give it to us.
pub(super) fn unaliased(name: &str) -> &str {
    let is_command = name.contains('-') && !name.starts_with('-');
    let mut letters = name.chars();
    match is_command && letters.next_back().is_some_and(|letter| letter.is_ascii_lowercase()) {
        true => letters.as_str(),
        false => name,
    }
}

/// What a chain is called in messages: the name of its first command.
pub(super) fn name_of(chain: &[Cmd]) -> String {
    chain.first().map(Cmd::name).unwrap_or_default()
}

/// The chain as one control line, without the newline.
pub(super) fn to_line(chain: &[Cmd]) -> String {
    let one = |cmd: &Cmd| cmd.words().iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    chain.iter().map(one).collect::<Vec<_>>().join(" ; ")
}

/// The chain as arguments of one process.
pub(super) fn to_argv(chain: &[Cmd]) -> Vec<String> {
    let mut argv = Vec::new();
    for cmd in chain {
        if !argv.is_empty() {
            argv.push(";".to_owned());
        }
        // A last `;` of any argument would end the command there.
        argv.extend(cmd.words().into_iter().map(|word| match word.strip_suffix(';') {
            Some(rest) => format!("{rest}\\;"),
            None => word,
        }));
    }
    argv
}

/// Quotes one word for tmux's parser. Single quotes take everything but themselves; a control
/// character (a newline would end the line) needs double quotes and an octal escape.
fn quote(word: &str) -> String {
    if !word.chars().any(char::is_control) {
        return format!("'{}'", word.replace('\'', "'\\''"));
    }
    let mut quoted = String::with_capacity(word.len() + 16);
    quoted.push('"');
    for c in word.chars() {
        match c {
            '"' | '\\' | '$' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_ascii_control() => quoted.push_str(&format!("\\{:03o}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A text that tmux will expand as a format, so written that it comes out as it is.
pub(super) fn literal(text: &str) -> String {
    text.replace('#', "##")
}

/// What an option is set on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Session,
    Window,
    Pane,
}

/// Sets an option on one of our objects; without a target, on what the chain has just made.
pub(super) fn set(scope: Scope, target: Option<&str>, key: &str, value: &str) -> Cmd {
    let cmd = Cmd::new("set-option");
    let cmd = match scope {
        Scope::Session => cmd,
        Scope::Window => cmd.flag("-w"),
        Scope::Pane => cmd.flag("-p"),
    };
    let cmd = match target {
        Some(target) => cmd.option("-t", target),
        None => cmd,
    };
    cmd.param(key).param(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_line_quotes_every_word() {
        let chain = [Cmd::new("set-buffer").option("-b", "b").param("it's #1; $HOME {~")];
        assert_eq!(to_line(&chain), r"'set-buffe' '-b' 'b' 'it'\''s #1; $HOME {~'");
    }

    #[test]
    fn a_command_is_never_written_as_an_alias_could_name_it() {
        assert_eq!(to_argv(&[Cmd::new("list-panes").flag("-a")]), ["list-pane", "-a"]);
        assert_eq!(to_argv(&[Cmd::new("-V")]), ["-V"]);
    }

    #[test]
    fn a_newline_never_ends_a_control_line() {
        let chain = [Cmd::new("set-buffer").param("a\n\"$x\"\\\t")];
        assert_eq!(to_line(&chain), r#"'set-buffe' "a\012\"\$x\"\\\011""#);
    }

    #[test]
    fn a_trailing_semicolon_stays_in_its_argument() {
        let chain = [Cmd::new("a").param("x;"), Cmd::new("b").param(";")];
        assert_eq!(to_argv(&chain), ["a", "x\\;", ";", "b", "\\;"]);
    }
}
