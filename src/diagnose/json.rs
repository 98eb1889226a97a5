//! Just enough JSON to undo what a parser and a printer do to a body.

mod print;
mod read;
mod text;

pub(super) use print::spellings;
pub(super) use read::flat_object;
