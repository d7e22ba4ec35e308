//! Commands and what they print, as a text shows them.
//!
//! In a block fenced as `console`, a line `$ COMMAND` is run, a line `> TEXT` is typed, and the rest is what must be
//! printed: `...` stands for any lines, `[..]` for anything within a line. `^C` ends a command that would go on.

/// One command of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// The line of the text, counted from one.
    pub(crate) line: usize,
    /// What a shell is to run.
    pub(crate) text: String,
    /// What is typed, line by line.
    pub(crate) input: Vec<String>,
    /// What must be printed.
    pub(crate) output: Vec<String>,
    /// Whether it is interrupted when that has been printed.
    pub(crate) interrupted: bool,
}

const TYPED: &str = "> ";

/// Takes the commands out of a text.
pub(crate) fn commands(text: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut in_block = false;
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with("```") {
            in_block = line == "```console";
        } else if !in_block {
        } else if let Some(text) = line.strip_prefix("$ ") {
            let text = text.to_owned();
            commands.push(Command { line: number, text, input: vec![], output: vec![], interrupted: false });
        } else if let Some(command) = commands.last_mut() {
            if command.interrupted {
                continue;
            } else if line == "^C" {
                command.interrupted = true;
            } else if let Some(typed) = line.strip_prefix(TYPED) {
                command.input.push(typed.to_owned());
            } else {
                command.output.push(line.to_owned());
            }
        }
    }
    commands
}

/// Compares what was printed with what must be; what was typed is left out, since only some programs show it.
pub(crate) fn matches(expected: &[String], printed: &str) -> bool {
    let printed: Vec<&str> = printed.lines().filter(|line| !line.starts_with(TYPED)).collect();
    lines_match(expected, &printed)
}

fn lines_match(expected: &[String], printed: &[&str]) -> bool {
    let Some((first, rest)) = expected.split_first() else { return printed.is_empty() };
    if first == "..." {
        return (0..=printed.len()).any(|skipped| lines_match(rest, &printed[skipped..]));
    }
    let Some((line, after)) = printed.split_first() else { return false };
    line_matches(first, line.trim_end()) && lines_match(rest, after)
}

fn line_matches(expected: &str, printed: &str) -> bool {
    let mut parts = expected.trim_end().split("[..]");
    let Some(mut rest) = parts.next().and_then(|start| printed.strip_prefix(start)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn commands_input_and_output_are_told_apart() {
        let text = "# Title\n```sh\n$ not this\n```\n```console\n$ first one\nQuestion?\n> y\nDone\n\
                    $ second\nlistening\n^C\n```\nafter\n";
        let expected = [
            Command {
                line: 6,
                text: "first one".into(),
                input: lines("y"),
                output: lines("Question?\nDone"),
                interrupted: false,
            },
            Command {
                line: 10,
                text: "second".into(),
                input: vec![],
                output: lines("listening"),
                interrupted: true,
            },
        ];
        assert_eq!(commands(text), expected);
    }

    #[test]
    fn the_same_text_matches_and_another_does_not() {
        assert!(matches(&lines("one\ntwo"), "one  \n> typed\ntwo\n"));
        assert!(matches(&[], ""));
        for printed in ["one\n", "one\ntwo\nthree\n", "one\nzwei\n", ""] {
            assert!(!matches(&lines("one\ntwo"), printed), "{printed}");
        }
    }

    #[test]
    fn any_lines_may_stand_for_dots() {
        for printed in ["one\ntwo\n", "one\nmore\nand more\ntwo\n"] {
            assert!(matches(&lines("one\n...\ntwo"), printed), "{printed}");
        }
        assert!(matches(&lines("...\ntwo"), "two\n"));
        assert!(!matches(&lines("one\n...\ntwo"), "one\nmore\n"));
    }

    #[test]
    fn anything_within_a_line_may_stand_for_brackets() {
        assert!(line_matches("hello [..]", "hello 17052"));
        assert!(line_matches("[..] bytes, CRC 0x[..]", "1356 bytes, CRC 0xFB74"));
        assert!(line_matches("plain", "plain"));
        assert!(!line_matches("hello [..] end", "hello 17052"));
        assert!(!line_matches("plain", "plainer"));
        assert!(!line_matches("a[..]b[..]c", "acb"));
    }
}
