//! The effective configuration as TOML, for `doorward config show`.

use std::fmt::Write;

use super::value::Value;
use super::{Loaded, Origin, table};

impl Loaded {
    /// Every key with its value and where it came from. Secrets are masked, so the text can be
    /// pasted into a bug report.
    #[must_use]
    pub fn show(&self) -> String {
        let mut shown = format!(
            "# data folder: {}\n",
            one_line(&self.settings.data.display().to_string())
        );
        let mut section = "";
        for key in table::keys() {
            if key.section() != section {
                section = key.section();
                add(&mut shown, format_args!("\n[{section}]\n"));
            }
            let (value, origin) = self
                .values
                .0
                .get(key.name)
                .unwrap_or(&(Value::Unset, Origin::Default));
            let name = key.short_name();
            match value.show() {
                Some(text) => {
                    let origin = one_line(&origin.to_string());
                    add(
                        &mut shown,
                        format_args!("{name} = {text} # from {origin}\n"),
                    );
                }
                None => add(&mut shown, format_args!("# {name} is not set\n")),
            }
        }
        shown
    }
}

/// A path with a newline in its name must not end the comment it stands in.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn add(shown: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _infallible = shown.write_fmt(text);
}
