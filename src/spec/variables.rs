//! `${NAME}` in paths.

use crate::diagnostic::{Diagnostic, Part, YamlPath};

/// Replaces `${NAME}` and `${NAME:-default}` by the environment's values.
///
/// # Errors
/// A variable that is not set and has no default, or an unclosed `${`.
pub fn expand_variables(text: &str, at: &YamlPath) -> Result<String, Diagnostic> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let offset = text.len() - rest.len() + start;
        out.push_str(&rest[..start]);
        let Some(length) = rest[start..].find('}') else {
            return Err(Diagnostic::pipeline("invalid-variable", "`${` without a closing `}`").place(
                at,
                Part::Within(offset..text.len()),
                "opened here",
            ));
        };
        let inner = &rest[start + 2..start + length];
        let (name, default) = inner.split_once(":-").map_or((inner, None), |(n, d)| (n, Some(d)));
        match (std::env::var(name), default) {
            (Ok(value), _) => out.push_str(&value),
            (Err(_), Some(default)) => out.push_str(default),
            (Err(_), None) => {
                return Err(Diagnostic::pipeline(
                    "unset-variable",
                    format!("the environment has no variable `{name}`"),
                )
                .place(at, Part::Within(offset..offset + length + 1), "used here")
                .help(format!("set it (`export {name}=…`), or give a default: `${{{name}:-value}}`")));
            }
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_values_defaults_or_errors() {
        let at = YamlPath::root();
        std::env::set_var("JALON_TEST_FOLDER", "data");
        assert_eq!(expand_variables("${JALON_TEST_FOLDER}/x", &at).as_deref(), Ok("data/x"));
        assert_eq!(expand_variables("a/${JALON_TEST_NONE:-b}/c", &at).as_deref(), Ok("a/b/c"));
        assert!(expand_variables("${JALON_TEST_NONE}", &at).is_err_and(|e| e.code == "unset-variable"));
        assert!(expand_variables("${oops", &at).is_err_and(|e| e.code == "invalid-variable"));
    }
}
