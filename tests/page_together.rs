//! What people see of each other on the page, in Chromium driven through chromedriver: rooms, who is here, questions and
//! answers, and a network that goes and comes back.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]

mod browser {
    #![allow(dead_code, reason = "other tests use more of it")]
    pub(crate) mod chromium;
    pub(crate) mod page;
    pub(crate) mod relay;
    pub(crate) mod webdriver;
}

use browser::chromium::Chromium;
use browser::page::Page;
use browser::relay::{Relay, TCP, WS};
use serde_json::{Value as Json, json};

/// Nothing was written to any console that a page should be ashamed of.
fn assert_quiet(browser: &Chromium) {
    assert_eq!(browser.complaints(), [""; 0]);
}

/// What stands in the list of the room on screen.
fn texts(page: &Page) -> Vec<String> {
    page.rows().into_iter().map(|row| row.text).collect()
}

#[test]
fn what_is_said_in_a_room_reaches_those_who_have_it_open_and_no_other_tab() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let url = relay.page();
    let one = Page::joined(&browser, &format!("{url}?name=Mira#tea"));
    let other = Page::joined(&browser, &format!("{url}?name=Noor#tea"));
    let outside = Page::joined(&browser, &format!("{url}?name=Ada"));
    one.lists(&other.id(), "Noor");
    outside.lists(&one.id(), "in #tea");
    outside.begins_to_listen();

    one.send("green or black?");
    other.row("green or black?");
    one.has_sent();
    one.enters("");
    one.send("good morning, everyone");
    outside.row("good morning, everyone");
    let heard = outside.heard(1);
    assert_eq!(
        heard.get(&one.id()),
        Some(&vec!["good morning, everyone".to_owned()]),
        "the relay sends what is asked for and nothing else"
    );
    assert_eq!(texts(&outside), ["good morning, everyone"]);
    assert_eq!(texts(&one), ["good morning, everyone"]);

    // The other is still in its room, and sees that there is something to read outside.
    other.room("everyone", "1");
    assert_eq!(texts(&other), ["green or black?"]);
    other.send("black, thanks");
    one.room("#tea", "1");
    one.enters("tea");
    one.room("#tea", "");
    assert_eq!(texts(&one), ["green or black?", "black, thanks"]);
    assert_quiet(&browser);
}

#[test]
fn a_late_tab_sees_who_is_here_and_joins_them_by_a_click() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let url = relay.page();
    let early = Page::joined(&browser, &format!("{url}?name=Mira#tea"));
    // It has seen who was there: whoever comes now is news.
    early.notes("Here already");
    let late = Page::joined(&browser, &format!("{url}?name=Noor"));
    late.lists(&early.id(), "Mira");
    late.lists(&early.id(), "in #tea");
    assert!(late.notes("Here already").contains("Mira"));
    assert!(early.notes("joined").contains("Noor"));
    late.room("#tea", "1");
    late.enters("tea");
    late.send("is this seat taken?");
    early.row("is this seat taken?");
    assert_quiet(&browser);
}

#[test]
fn a_tab_that_is_closed_says_goodbye_at_once() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let [stays, goes] = ["Mira", "Noor"]
        .map(|name| Page::joined(&browser, &format!("{}?name={name}", relay.page())));
    let id = goes.id();
    // Who comes and goes before anybody was told of it is no news.
    stays.notes("Noor");
    goes.window.close();
    // Far sooner than the 35 s after which a silent one is given up.
    assert_eq!(stays.notes("Noor left"), "Noor left: goodbye");
    let listed = format!("!document.querySelector('.person[data-id=\"{id}\"]')");
    stays.window.until("a list without it", &listed);
    assert_quiet(&browser);
}

#[test]
fn a_question_is_answered_from_tab_to_tab_and_a_ping_by_itself() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let [asker, asked] = ["Mira", "Noor"]
        .map(|name| Page::joined(&browser, &format!("{}?name={name}", relay.page())));
    asker.lists(&asked.id(), "Noor");
    asker.chooses(&asked.id(), "ping");
    let told = "document.querySelector('.card [data-field=answer]').textContent";
    let answered = asker.window.until(
        "the answer to a ping",
        &format!("{told}.startsWith('Answered in') && {told}"),
    );
    println!("A ping from tab to tab: {answered}");
    assert!(
        answered
            .as_str()
            .is_some_and(|words| words.contains("by way of"))
    );

    asker.chooses(&asked.id(), "ask");
    asker.send("tea or coffee?");
    let question = asked.row("tea or coffee?");
    assert_eq!(
        (question.kind.as_str(), question.sender),
        ("whisper", asker.id().to_string())
    );
    asked.window.write(".answering input", "coffee\u{e007}");
    let answer = "document.querySelector('.own .asked blockquote')?.textContent";
    assert_eq!(asker.window.until("an answer", answer), json!("coffee"));
    let how = asker
        .window
        .run("return document.querySelector('.own .asked small').textContent");
    assert!(
        how.as_str()
            .is_some_and(|how| how.starts_with("Noor answered in"))
    );
    assert_quiet(&browser);
}

#[test]
fn a_tab_without_network_says_so_and_catches_up_on_what_it_missed() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let [page, other] = ["Mira", "Noor"]
        .map(|name| Page::joined(&browser, &format!("{}?name={name}", relay.page())));
    other.lists(&page.id(), "Mira");
    page.suffers("off");
    page.says("No connection");
    other.send("can you hear me?");
    other.has_sent();
    page.says("Joined mesh");
    page.row("can you hear me?");
    let mark = "document.querySelector('#log .late .late-mark')?.textContent";
    let mark = page.window.until("the mark of what was missed", mark);
    assert!(
        mark.as_str()
            .is_some_and(|mark| mark.starts_with("caught up, "))
    );
    let summary = page.notes("Network off");
    assert!(
        summary.contains("Joined again") && summary.contains("1 message caught up, none lost"),
        "{summary}"
    );
    page.is_untroubled();
    assert_quiet(&browser);
}

#[test]
fn a_tab_that_is_frozen_is_seen_asleep_and_wakes() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let [sleeper, other] = ["Mira", "Noor"]
        .map(|name| Page::joined(&browser, &format!("{}?name={name}", relay.page())));
    let id = sleeper.id();
    other.lists(&id, "Mira");
    sleeper.suffers("freeze");
    other.lists(&id, "asleep");
    let drawn =
        format!("document.querySelector('#picture .node.sleeping[data-id=\"{id}\"]') !== null");
    other.window.until("a face that sleeps", &drawn);
    other.send("good night");
    sleeper.row("good night");
    let awake =
        format!("document.querySelector('.person[data-id=\"{id}\"]').dataset.state === 'awake'");
    other.window.until("a face that is awake", &awake);
    assert_quiet(&browser);
}

#[test]
fn who_has_no_mouse_and_no_screen_opens_rooms_and_asks_people() {
    const ENTER: &str = "\u{e007}";
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let [page, other] = ["Mira", "Noor"]
        .map(|name| Page::joined(&browser, &format!("{}?name={name}", relay.page())));
    page.window
        .write("#rooms input[name=room]", &format!("tea{ENTER}"));
    page.room("#tea", "");
    other.lists(&page.id(), "in #tea");
    page.lists(&other.id(), "with everyone");
    page.window.write(
        &format!(".person[data-id=\"{}\"] button", other.id()),
        ENTER,
    );
    let first = "document.activeElement.dataset.action === 'ask'";
    page.window.until("the focus on the card", first);

    let used = page.window.spoken(&["button", "link", "textbox", "radio"]);
    let unnamed: Vec<_> = used.iter().filter(|(_, name)| name.is_empty()).collect();
    assert!(unnamed.is_empty(), "without a name: {unnamed:?}");
    let names: Vec<_> = used.iter().map(|(_, name)| &**name).collect();
    for name in [
        "#tea, 0 others here",
        "Noor, with everyone",
        "Ask",
        "Message",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }

    page.window.write("[data-action=ask]", ENTER);
    page.send("can you read this?");
    assert_eq!(other.row("can you read this?").kind, "whisper");
    assert_quiet(&browser);
}

#[test]
fn rooms_with_long_names_leave_the_page_as_wide_as_a_phone() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let page = Page::joined(&browser, &relay.page());
    page.window.resize(390, 844, true);
    for letter in ["a", "b", "c"] {
        let name = letter.repeat(32);
        let open = format!("location.hash = '#{name}'; return null");
        page.window.run(&open);
        page.room(&format!("#{name}"), "");
    }
    let fits = "document.documentElement.scrollWidth <= screen.width && innerWidth === 390";
    page.window.until("nothing that sticks out", fits);
    // Each shows its name to the others within what a member may show.
    let shown = page.window.run("return mesh.presence.rooms.length");
    assert_eq!(shown, json!(3));
    assert_quiet(&browser);
}

/// The pairs of parts of the page, beside each other by what they are, that lie on each other.
const OVERLAPS: &str = "
    const parts = [...document.querySelectorAll('header > *, #rooms, #people, #stage, .below > *, #chat')];
    const shown = parts.filter((part) => part.offsetParent).map((part) => [part.id || part.className || part.localName,
        part.getBoundingClientRect()]);
    const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    return shown.flatMap(([name, place], at) => shown.slice(at + 1).filter(([, other]) => meet(place, other))
        .map(([other]) => `${name} and ${other}`))";

#[test]
fn no_part_of_the_page_lies_on_another_on_a_desk_a_small_window_or_a_phone_either_way() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let page = Page::joined(&browser, &relay.page());
    for (width, height) in [(1280, 800), (800, 600), (844, 390), (390, 844)] {
        page.window.resize(width, height, width == 390);
        let is_so = format!("innerWidth === {width} && innerHeight === {height}");
        page.window.until("the size", &is_so);
        let overlaps = page.window.run(OVERLAPS);
        assert_eq!(overlaps, json!([]), "at {width}×{height}");
    }
    assert_quiet(&browser);
}

#[test]
fn the_page_fetches_all_that_it_is_made_of_at_once_and_says_how_long_joining_took() {
    let relay = Relay::start(&[WS, TCP], &[]);
    let browser = Chromium::start();
    let page = Page::joined(&browser, &relay.page());
    // A module that is found only when another one is read costs a way to the relay and back.
    let undeclared = page.window.run(
        "const declared = new Set([...document.querySelectorAll('link, script')].map(({ href, src }) => href ?? src));
        return performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => !declared.has(name))",
    );
    assert_eq!(undeclared, json!([]), "to be declared in the page's head");
    let [joined, small_print]: [Json; 2] = [
        "performance.getEntriesByName('joined')[0]?.startTime",
        "document.querySelector('#small-print').textContent",
    ]
    .map(|what| page.window.until("the time", what));
    println!("From the click to the chat: {joined} ms. The page says: {small_print}");
    assert!(
        small_print
            .as_str()
            .is_some_and(|words| words.starts_with("Joined in "))
    );
    assert_quiet(&browser);
}
