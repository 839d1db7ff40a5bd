//! The table as a whole: every setting, said in every place.

mod said;
mod wrong;

use std::collections::BTreeMap;

use super::{Limits, Setting, all};
use said::Said;

/// The fields of a structure and their values, as it shows itself.
fn fields(shown: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut last = String::new();
    for line in shown.lines() {
        let field = line
            .strip_prefix("    ")
            .filter(|rest| !rest.starts_with([' ', '}', ']', ')']));
        if let Some((name, value)) = field.and_then(|field| field.split_once(": ")) {
            last = name.to_owned();
            fields.insert(last.clone(), value.to_owned());
        } else if let Some(value) = fields.get_mut(&last) {
            value.push_str(line);
        }
    }
    fields
}

fn all_fields(limits: &Limits) -> BTreeMap<String, String> {
    let mut all = fields(&format!("{:#?}", limits.config));
    all.extend(fields(&format!("{:#?}", limits.transport)));
    // What is judged before it is put into them.
    let mut own = fields(&format!("{limits:#?}"));
    own.retain(|name, _| !["config", "transport", "said"].contains(&&name[..]));
    all.extend(own);
    all
}

/// The fields that differ from those of a relay that was told nothing.
fn changed(limits: &Limits) -> Vec<String> {
    let default = all_fields(&Limits::default());
    let now = all_fields(limits).into_iter();
    now.filter(|(name, value)| default.get(name) != Some(value))
        .map(|(name, _)| name)
        .collect()
}

/// A word for each setting that is not its default. They fit the defaults of the others, and each other.
fn other_words() -> Vec<(&'static Setting, &'static str)> {
    const WORDS: [&str; 12] = [
        "17s",
        "301s",
        "2ms",
        "7KiB",
        "3MiB",
        "3",
        "1003",
        "off",
        "wss",
        "private",
        "192.0.2.7",
        "null",
    ];
    let mut others = Limits::default();
    let mut other_word = |setting: &'static Setting| {
        let default = setting.form.read(&mut Limits::default());
        let with = |limits: &Limits, word| {
            let mut limits = limits.clone();
            setting.form.clear(&mut limits);
            setting.form.write(&mut limits, word).ok()?;
            let is_other = setting.form.read(&mut limits) != default;
            (is_other && limits.config.validate().is_ok()).then_some(limits)
        };
        let word = WORDS.into_iter().find_map(|word| {
            with(&Limits::default(), word)?;
            others = with(&others, word)?;
            Some(word)
        });
        let word = word.unwrap_or_else(|| panic!("no word for --{}: add one", setting.name));
        (setting, word)
    };
    all().map(&mut other_word).collect()
}

fn variable(setting: &Setting) -> String {
    format!("RS2P_{}", setting.name.replace('-', "_").to_uppercase())
}

/// The line of a printed file that sets a key.
fn line_of<'t>(printed: &'t str, name: &str) -> &'t str {
    let start = format!("{name} = ");
    let mut lines = printed.lines().filter(|line| line.starts_with(&start));
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("no {name} in {printed}"));
    assert_eq!(lines.next(), None, "{name} is set twice");
    line
}

/// A printed file without where its values came from.
fn values(printed: &str) -> Vec<&str> {
    let lines = printed.lines();
    lines
        .map(|line| line.rsplit_once(" # ").map_or(line, |(value, _)| value))
        .collect()
}

#[test]
fn every_setting_has_its_own_field() {
    for (setting, word) in other_words() {
        let mut limits = Limits::default();
        setting.form.clear(&mut limits);
        setting.form.write(&mut limits, word).expect(word);
        assert_eq!(changed(&limits), [setting.field], "{setting:?}");
    }
}

#[test]
fn every_setting_is_heard_from_every_place_and_printed() {
    let all = other_words();
    let flags = all
        .iter()
        .flat_map(|(setting, word)| [format!("--{}", setting.name), (*word).to_owned()]);
    let flags: Vec<String> = flags.collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let variables = all
        .iter()
        .map(|(setting, word)| (variable(setting), (*word).to_owned()));
    let variables = Said {
        variables: variables.collect(),
        file: None,
    };
    let lines = all.iter().map(|(setting, word)| match word.parse::<u64>() {
        Ok(_) => format!("{} = {word}\n", setting.name),
        Err(_) => format!("{} = '{word}'\n", setting.name),
    });
    let file = Said::file(format!("[limits]\n{}", lines.collect::<String>()));
    for (said, words, place) in [
        (Said::default(), &flags[..], "flag"),
        (variables, &[], "environment"),
        (file, &[], "file"),
    ] {
        let (mut limits, printed) = (said.limits(words), said.printed(words));
        for (number, (setting, word)) in all.iter().enumerate() {
            let mut expected = Limits::default();
            setting.form.clear(&mut expected);
            setting.form.write(&mut expected, word).expect(word);
            let values = setting.form.read(&mut expected);
            assert_eq!(
                setting.form.read(&mut limits),
                values,
                "{setting:?}: {place}"
            );
            let source = match place {
                "environment" => format!("environment {}", variable(setting)),
                "file" => format!("file relay.toml:{}", number + 2),
                place => place.to_owned(),
            };
            let line = line_of(&printed, setting.name);
            let is_told = line.contains(&values[0]) && line.ends_with(&format!(" # {source}"));
            assert!(is_told, "{source}: {line}");
        }
    }
}

#[test]
fn what_is_printed_can_be_given_back_and_prints_the_same() {
    let default = Said::default().printed(&[]);
    assert_eq!(
        values(&Said::file(&default[..]).printed(&[])),
        values(&default)
    );
    assert_eq!(changed(&Said::file(&default[..]).limits(&[])), [""; 0]);

    let mut said = Said::file("subnet = \"a \\\"b\\\"\"\n[limits]\nlinks = 7\ndials = []\n");
    said.variables.insert("RS2P_SILENCE".into(), "1m".into());
    let words = [
        "--listen",
        "ws://a:1",
        "tcp://b:2",
        "--www",
        "a\\b",
        "--compress-from",
        "off",
        "--json",
    ];
    let first = said.printed(&words);
    let second = Said::file(&first[..]).printed(&[]);
    assert_eq!(values(&second), values(&first));
    assert_eq!(Said::file(&second[..]).printed(&[]), second);
    let relay = Said::file(&first[..]).relay(&[]);
    assert_eq!(relay.mesh.subnet, "a \"b\"");
    assert_eq!(relay.www.as_deref(), Some("a\\b".as_ref()));
    assert_eq!(
        changed(&relay.limits),
        ["compress_from", "dials", "links", "silence"]
    );
}

#[test]
fn a_rate_is_a_number_or_off_and_its_burst_is_twice_as_much() {
    let rate = |said: &Said, words: &[&str]| said.limits(words).config.message_rate;
    let per_second = |amount, burst| Some(rs2p::mesh::Rate::per_second(amount, burst));
    let none = Said::default();
    assert_eq!(rate(&none, &[]), per_second(200, 400));
    assert_eq!(rate(&none, &["--peer-rate", "50"]), per_second(50, 100));
    assert_eq!(rate(&none, &["--peer-rate", "50:60"]), per_second(50, 60));
    assert_eq!(rate(&none, &["--peer-rate", "off"]), None);
    let file = Said::file("[limits]\npeer-rate = 300\n");
    assert_eq!(rate(&file, &[]), per_second(300, 600));
    assert_eq!(rate(&Said::file("[limits]\npeer-rate = false"), &[]), None);
}

#[test]
fn a_flag_goes_before_a_variable_and_a_variable_before_the_file() {
    let mut said = Said::file("peer = ['ws://file:1']\n[limits]\nlinks = 3\n");
    let heard = |said: &Said, words: &[&str]| {
        let relay = said.relay(words);
        let peers: Vec<String> = relay.peer.iter().map(ToString::to_string).collect();
        (relay.limits.config.links, peers.join(" "))
    };
    assert_eq!(heard(&Said::default(), &[]), (16_384, String::new()));
    assert_eq!(heard(&said, &[]), (3, "ws://file:1".to_owned()));
    let variables = [("RS2P_LINKS", "4"), ("RS2P_PEER", "ws://a:1 ws://b:1")];
    for (name, value) in variables {
        said.variables.insert(name.into(), value.into());
    }
    assert_eq!(heard(&said, &[]), (4, "ws://a:1 ws://b:1".to_owned()));
    let words = ["--links", "5", "--peer", "ws://flag:1"];
    assert_eq!(heard(&said, &words), (5, "ws://flag:1".to_owned()));
    // A variable that is empty says nothing.
    for (name, _) in variables {
        said.variables.insert(name.into(), String::new());
    }
    assert_eq!(heard(&said, &[]), (3, "ws://file:1".to_owned()));
}

#[test]
fn the_file_holds_the_other_options_too_and_a_variable_names_it() {
    let mut said = Said::file(
        "listen = ['ws://a:1', 'tcp://b:2']\nid-file = 'id'\ntls-self-signed = true\nlog = 'debug'\n",
    );
    let relay = said.parse(&["--"]).expect("a relay");
    assert_eq!(relay.listen.len(), 2);
    assert!(relay.identity.tls_self_signed && !relay.style.json);
    assert_eq!(relay.id_file.as_deref(), Some("id".as_ref()));
    said.variables.insert("RS2P_JSON".into(), "true".into());
    assert!(said.parse(&[]).expect("a relay").style.json);
    let refused = Said::variable("RS2P_CONFIG", "there.toml").refused(&[]);
    assert_eq!(
        refused,
        "--config: there.toml cannot be read (entity not found)"
    );
}

#[test]
fn a_node_is_told_what_was_said_and_keeps_the_rest() {
    let words =
        "--links 7 --hearsay any --dials ws --pending 9 --allow-origin https://app.example null";
    let words: Vec<&str> = words.split(' ').collect();
    let limits = Said::default().limits(&words);
    let mut config = rs2p::Config::new("tea");
    config.hearsay = rs2p::Hearsay::Private;
    config.linger = core::time::Duration::from_secs(9);
    let mut expected = config.clone();
    (expected.links, expected.dials) = (7, vec![rs2p::Scheme::Ws]);
    expected.hearsay = rs2p::Hearsay::Any;
    let mut untold = config.clone();
    Limits::default().configure(&mut untold);
    assert_eq!(untold, config);
    limits.configure(&mut config);
    assert_eq!(config, expected);
    let mut options = rs2p::native::TransportOptions::default();
    options.max_frame = 77;
    limits.configure_transport(&mut options);
    assert_eq!((options.pending, options.max_frame), (9, 77));
    let mut origins = rs2p::native::Origins::own();
    for origin in ["https://app.example", "null"] {
        origins.allow(origin).expect(origin);
    }
    assert_eq!(options.origins, origins);
}

#[test]
fn every_field_is_a_setting_or_left_out_with_a_reason() {
    /// What nobody who runs a relay is asked for.
    const LEFT_OUT: [(&str, &str); 24] = [
        ("reports", "an option of its own"),
        ("subnet", "an option of its own"),
        ("advertise", "an option of its own"),
        ("www", "an option of its own"),
        ("tls", "options of its own"),
        ("handshake_timeout", "follows greeting_timeout"),
        ("max_frame", "follows frame"),
        ("hosts", "follows advertise"),
        ("anchors", "what an earlier run of a tab knew"),
        ("anchor_span", "as anchors"),
        ("relays", "for a tab that is to be sparing"),
        ("relays_tried", "as relays"),
        ("delivers", "a relay has no user to give messages to"),
        (
            "tellers",
            "few are enough, and more are not seen by anybody",
        ),
        ("unwanted", "whom a user disconnected, and a relay has none"),
        ("lookups", "a user's whispers"),
        ("questions", "a user's questions"),
        ("replies", "as questions"),
        ("doubt", "what a user is told of the node"),
        ("probe_timeout", "for a page that is frozen"),
        ("contest", "no peer can make use of it, and no operator"),
        ("greeting_patience", "measured on the family"),
        ("legacy_redial", "measured on py2p"),
        ("legacy_pace", "measured on py2p"),
    ];
    let fields = all_fields(&Limits::default());
    assert!(fields.len() > 60, "{fields:?}");
    for field in fields.keys() {
        let is_set = all().any(|setting| setting.field == field);
        let is_left_out = LEFT_OUT.iter().any(|(name, _)| name == field);
        assert!(
            is_set != is_left_out,
            "{field}: make it a setting in settings/table, or say here why it is none"
        );
    }
}
