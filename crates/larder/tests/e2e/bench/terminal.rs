//! What people see who look on.

use testkit::{Gate, Pty, Reply};

use super::{MODULE, good};
use crate::world::larder;

#[test]
fn progress_is_drawn_while_it_works_and_gone_afterwards() {
    let (larder, upstream, gate) = (larder(), good(), Gate::new());
    upstream.script("*.zip", [Reply::natural().hold(&gate)]);
    let args = ["bench", "--module", MODULE, &upstream.url()];
    let pty = Pty::start(&mut larder.command(args), 100);
    for phase in ["1 of 1  connections of their own: ", "1 of 1  one after another: ", "1 of 1  zips: 0 of 2"]
    {
        assert!(pty.wait_for(phase), "{phase}: {}", pty.so_far());
    }
    gate.open();
    let shown = pty.wait();
    assert_eq!(shown.code(), Some(0), "{shown:?}");
    assert!(shown.raw.contains("200 at once: "), "{}", shown.raw);
    let screen = shown.screen();
    assert!(screen.starts_with(&format!("{} works.", upstream.url())), "{screen}");
    assert!(!screen.contains("1 of 1  "), "{screen}");
    assert!(screen.contains("█") && shown.raw.contains("\u{1b}[32m"), "{screen}");
    // What is wider than the terminal would not go away again.
    let narrow = Pty::start(&mut larder.command(args), 30).wait();
    assert!(!narrow.screen().contains("1 of 1  "), "{}", narrow.screen());
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let upstream = good();
    let args = ["bench", "--requests", "30", "--module", MODULE, &upstream.url()];
    let larder = larder();
    let ran = larder.run(args).ok();
    assert!(!ran.stdout.contains('\u{1b}') && ran.stderr.is_empty(), "{ran}");
    assert!(ran.stdout.contains("█"), "{ran}");
    let shown = Pty::start(&mut larder.env("NO_COLOR", "1").command(args), 100).wait();
    assert!(!shown.raw.contains("\u{1b}[3"), "{}", shown.raw);
}
