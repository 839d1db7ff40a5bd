//! One line of JSON that is an object of texts, numbers and truths: what the measuring programs print, and what is kept.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A truth is 1 or 0.
    Number(f64),
    Text(String),
}

pub(crate) type Object = BTreeMap<String, Value>;

/// `None` of what is no such object.
pub(crate) fn parse(line: &str) -> Option<Object> {
    let mut rest = line.trim().chars().peekable();
    let mut object = Object::new();
    expect(&mut rest, '{')?;
    if rest.peek() == Some(&'}') {
        return Some(object);
    }
    loop {
        let name = text(&mut rest)?;
        expect(&mut rest, ':')?;
        object.insert(name, value(&mut rest)?);
        skip_blanks(&mut rest);
        match rest.next()? {
            ',' => {}
            '}' => return rest.next().is_none().then_some(object),
            _ => return None,
        }
    }
}

/// The line that [`parse`] reads.
pub(crate) fn write(object: &Object) -> String {
    let fields = object.iter().map(|(name, value)| match value {
        Value::Number(number) => format!("{}:{number}", quoted(name)),
        Value::Text(text) => format!("{}:{}", quoted(name), quoted(text)),
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

fn value(rest: &mut Peekable<Chars<'_>>) -> Option<Value> {
    skip_blanks(rest);
    if rest.peek() == Some(&'"') {
        return text(rest).map(Value::Text);
    }
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c)) {
        word.push(c);
    }
    match word.as_str() {
        "true" => Some(Value::Number(1.0)),
        "false" => Some(Value::Number(0.0)),
        number => number.parse().ok().map(Value::Number),
    }
}

fn text(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    expect(rest, '"')?;
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(match rest.next()? {
                'n' => '\n',
                other => other,
            }),
            c => text.push(c),
        }
    }
}

fn expect(rest: &mut Peekable<Chars<'_>>, wanted: char) -> Option<()> {
    skip_blanks(rest);
    (rest.next()? == wanted).then_some(())
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let object = Object::from([
            ("rate".to_owned(), Value::Number(1.5e6)),
            (
                "error".to_owned(),
                Value::Text("a \"b\"\nand \\".to_owned()),
            ),
        ]);
        assert_eq!(parse(&write(&object)), Some(object));
    }

    #[test]
    fn truths_are_numbers_and_blanks_do_not_matter() {
        let object = parse(" { \"stalled\" : true, \"gaps\":0 } ").expect("an object");
        assert_eq!(object["stalled"], Value::Number(1.0));
        assert_eq!(object["gaps"], Value::Number(0.0));
        assert_eq!(parse("{}"), Some(Object::new()));
    }

    #[test]
    fn what_is_no_object_is_nothing() {
        for line in [
            "",
            "[1]",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1} x",
            "{\"a\":{}}",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
