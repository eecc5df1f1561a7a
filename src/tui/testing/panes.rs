//! Pictures of panes: a shell, a program in colour, one that has ended.

use crate::service::workbench::viewing::{PaneId, PaneLife, Picture};
use crate::tui::msg::{Msg, Target};
use crate::tui::shot::Shot;

use super::{Stage, agent_of};

/// A pane with these rows; its cursor stands at the end of the last one.
pub fn picture(agent: &str, size: (u16, u16), rows: &[&str]) -> Picture {
    let row = u16::try_from(rows.len()).expect("few").saturating_sub(1);
    let last = rows.last().map_or(0, |row| row.chars().count());
    Picture {
        pane: PaneId("%1".to_owned()),
        agent: agent_of(agent),
        spawn: uuid::Uuid::from_u128(1),
        life: PaneLife::Alive,
        size,
        cursor: Some((u16::try_from(last).expect("short").min(size.0 - 1), row)),
        in_mode: false,
        history: 0,
        above: 0,
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
    }
}

/// A program with a frame, wide characters, colours and an input line.
pub fn a_program(agent: &str) -> Picture {
    let rows = [
        "\u{1b}[1;38;2;215;119;87m\u{273b} Welcome back\u{1b}[0m",
        "",
        "> add a login page \u{1b}[2m(漢字, e\u{301}, 🙂)\u{1b}[0m",
        "",
        "\u{1b}[32m\u{25cf}\u{1b}[0m I read \u{1b}[4msrc/login.rs\u{1b}[0m and its tests.",
        "  \u{1b}[41;37m-  keep(state);\u{1b}[0m",
        "  \u{1b}[42;30m+  session.keep(state);\u{1b}[0m",
        "",
        "\u{256d}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{256e}",
        "\u{2502} \u{203a} ok \u{2502}",
        "\u{2570}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{256f}",
        "  ? for shortcuts",
    ];
    Picture { cursor: Some((6, 9)), history: 240, ..picture(agent, (119, 48), &rows) }
}

impl Stage {
    /// What is looked at shows this.
    pub fn show(&mut self, picture: Picture) -> &mut Self {
        let asked = self.model.pane.asked.clone().expect("a pane is asked for");
        let target = Target { above: asked.above, ..asked };
        self.send(Msg::Pictured { target, result: Ok(Box::new(Shot::develop(picture, None))) });
        self
    }
}
