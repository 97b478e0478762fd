//! What holds for all commands alike.

use std::process::Command;

use crate::world::larder;

fn help(command: &[&str]) -> String {
    let ran = testkit::run(Command::new(larder().program()).args(command).arg("--help"));
    assert_eq!(ran.code(), Some(0), "{ran}");
    ran.stdout
}

/// The names of the commands in a text of help.
fn commands(help: &str) -> Vec<&str> {
    let lines =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that goes on begins further in.
    lines.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn the_help_of_every_command_teaches_by_examples() {
    let all = help(&[]);
    let commands = commands(&all);
    assert!(commands.len() > 10, "{all}");
    for command in commands {
        let help = help(&[command]);
        let (_, examples) = help.split_once("\nExamples:\n").unwrap_or_else(|| panic!("no examples: {help}"));
        assert!(examples.lines().any(|line| line.contains("larder")), "{help}");
    }
}
