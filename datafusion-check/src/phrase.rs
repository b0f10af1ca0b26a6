//! A piece of SQL in the words of both engines.

/// A piece of SQL, as each of the two engines is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// For colonna.
    pub ours: String,
    /// For DataFusion.
    pub theirs: String,
}

impl Phrase {
    /// Words that both read alike.
    pub fn same(words: impl Into<String>) -> Self {
        let words = words.into();
        Self { ours: words.clone(), theirs: words }
    }

    /// A template that both read alike; `{0}` stands for the first part, `{1}` for the second.
    pub fn of(template: &str, parts: &[Self]) -> Self {
        Self::pair(template, template, parts)
    }

    /// A template for each. Why they differ is said in [`crate::differences`].
    pub fn pair(ours: &str, theirs: &str, parts: &[Self]) -> Self {
        Self {
            ours: filled(ours, &|index| parts.get(index).map(|part| part.ours.as_str())),
            theirs: filled(theirs, &|index| parts.get(index).map(|part| part.theirs.as_str())),
        }
    }

    /// Phrases with a separator between them.
    pub fn joined(parts: &[Self], separator: &str) -> Self {
        let join =
            |words: fn(&Self) -> &str| parts.iter().map(words).collect::<Vec<_>>().join(separator);
        Self { ours: join(|part| &part.ours), theirs: join(|part| &part.theirs) }
    }

    /// This phrase and another behind it.
    pub fn then(self, next: &Self) -> Self {
        Self { ours: self.ours + &next.ours, theirs: self.theirs + &next.theirs }
    }
}

/// The template with its parts in their places. What a part says is not looked into.
fn filled<'a>(template: &str, part: &dyn Fn(usize) -> Option<&'a str>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let found = behind
            .split_once('}')
            .and_then(|(index, behind)| Some((part(index.parse().ok()?)?, behind)));
        match found {
            Some((words, behind)) => {
                text.push_str(words);
                rest = behind;
            }
            None => {
                text.push('{');
                rest = behind;
            }
        }
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_put_in_as_it_is() {
        let parts = [Phrase::same("'a{1,2}{0}'"), Phrase::same("b")];
        assert_eq!(Phrase::of("({1} ~ {0})", &parts).ours, "(b ~ 'a{1,2}{0}')");
    }
}
