//! Runs other programs and says what failed.

use std::env;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What went wrong and, where known, what to do about it: one text for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl<T: Into<String>> From<T> for Failure {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs `command` with its output on the terminal. A status other than success is a failure.
pub(crate) fn run(command: &mut Command) -> Outcome {
    echo(command);
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`{}` failed: {status}", line(command)).into())
}

/// What `command` prints, trimmed; `None` if it cannot be run or fails. For questions, so nothing is shown.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// Shows the command that is about to run.
pub(crate) fn echo(command: &Command) {
    println!("     $ {}", line(command));
}

/// The failure of a command that could not even start.
pub(crate) fn not_started(command: &Command, error: &std::io::Error) -> Failure {
    format!("`{}` could not be started: {error}", line(command)).into()
}

/// The first of `names` that is a program in `PATH`.
pub(crate) fn in_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().find_map(|name| {
        let file = format!("{name}{}", env::consts::EXE_SUFFIX);
        folders
            .iter()
            .map(|folder| folder.join(&file))
            .find(|program| program.is_file())
    })
}

/// A command as a person would type it.
fn line(command: &Command) -> String {
    let mut words = vec![word(&command.get_program().to_string_lossy())];
    words.extend(command.get_args().map(|arg| word(&arg.to_string_lossy())));
    words.join(" ")
}

/// One word of a command, quoted for the shell where it must be.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=./:,@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("python3");
        command.args(["-c", "import py2p", "--at=1.2"]);
        assert_eq!(line(&command), "python3 -c 'import py2p' --at=1.2");
    }

    #[test]
    fn a_failing_command_is_a_failure_and_no_answer() {
        assert!(run(&mut Command::new("false")).is_err());
        assert!(answer(&mut Command::new("false")).is_none());
        assert!(run(&mut Command::new("/no/such/program")).is_err());
    }

    #[test]
    fn the_first_program_in_path_is_found() {
        assert!(in_path(&["no-such-program", "sh"]).is_some_and(|program| program.ends_with("sh")));
        assert!(in_path(&["no-such-program"]).is_none());
    }
}
