//! `report.html`: what is in it, and that it works in a browser. The runs in `report_html/` have an outcome or two of
//! every verdict, and text that would break out of the page if it could.

mod browser;

use std::path::{Path, PathBuf};

use browser::{Browser, DESKTOP, View};
use kms_conformance::report::{RunLog, html};
use serde_json::json;

const NARROW: View = View { width: 400, ..DESKTOP };
const DARK: View = View { dark: true, ..DESKTOP };

fn logs() -> Vec<RunLog> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/report_html");
    ["one", "other"].iter().map(|name| RunLog::read(&folder.join(name)).unwrap()).collect()
}

/// The report in a file, with the folder that keeps it.
fn report() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.html");
    std::fs::write(&path, html::render(&logs())).unwrap();
    (dir, path)
}

/// The parts of the report between two texts.
fn between<'a>(page: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    let parts = page.split(start).skip(1);
    parts.map(|part| part.split(end).next().unwrap_or_default()).collect()
}

/// What a reader sees of a piece of the page.
fn text(piece: &str) -> String {
    let tag = regex::Regex::new("<[^>]*>").unwrap();
    let block =
        regex::Regex::new("<(p|h[1-6]|li|dt|pre|summary|tr|article|section|div|details|ol|ul|dl|table)[ >]").unwrap();
    let lines = block.replace_all(piece, "\n$0");
    let text = tag
        .replace_all(&lines, " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&");
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_same_runs_make_the_same_bytes() {
    assert_eq!(html::render(&logs()), html::render(&logs()));
}

#[test]
fn no_run_makes_a_report_too() {
    assert!(html::render(&[]).contains("Nothing deviates."));
}

#[test]
fn nothing_that_a_target_says_becomes_markup() {
    let page = html::render(&logs());
    let hostile = page.matches("window.hacked=1").count();
    assert!(hostile > 20, "{hostile} hostile texts");
    for (at, _) in page.match_indices("window.hacked=1") {
        let before = &page[..at];
        let opened = before.rfind("<script").map_or(0, |at| at + 1);
        let closed = before.rfind("</script>").map_or(0, |at| at + 1);
        assert!(opened <= closed, "a script of the target's: {}", &before[opened..]);
        let tag = before.rfind('<').unwrap();
        let quoted = page[tag..at].matches('"').count() % 2 == 1;
        assert!(before[tag..].contains('>') || quoted, "an attribute of the target's: {}", &page[tag..at]);
    }
    assert_eq!(page.matches("<script").count(), 2, "the theme's and the report's own");
    assert_eq!(page.matches("<img").count(), 0);
}

#[test]
fn a_finding_is_told_whole() {
    let page = html::render(&logs());
    let shared = between(&page, "<article id=\"finding-import-type_is_for_symmetric_keys-", "</article>");
    let [finding] = shared.as_slice() else { panic!("{} findings", shared.len()) };
    let shown = text(&format!("<article id=\"{finding}")).replace(env!("CARGO_PKG_VERSION"), "<version>");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/report_html");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("finding", shown));
}

#[test]
fn the_targets_stand_side_by_side() {
    let page = html::render(&logs());
    let overview = between(&page, "<section aria-labelledby=\"overview\">", "</section>");
    let undecided = between(&page, "<section aria-labelledby=\"undecided\">", "</section>");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/report_html");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        insta::assert_snapshot!("overview", text(overview[0]).replace(env!("CARGO_PKG_VERSION"), "<version>"));
    });
    settings.bind(|| insta::assert_snapshot!("undecided", text(undecided[0])));
}

/// Runs with generated sequences: some that deviated, and some that did not.
fn explored() -> Vec<RunLog> {
    let mut logs = logs();
    let found = logs[0].outcomes.iter().find(|outcome| outcome.scenario.starts_with("import/type_is")).unwrap();
    let (rule, told_by) = (found.findings[0].rule.to_string(), found.test.clone());
    let deviation = |operation: &str, told_by: Option<&str>| {
        json!({ "rule": rule, "operation": operation, "judged": operation,
        "state": "Enabled", "answer": "success </pre><script>window.hacked=1</script>", "told_by": told_by })
    };
    let deviations = json!([deviation("ImportKeyMaterial", Some(&told_by)), deviation("DescribeKey", None)]);
    for (log, verdict, deviations) in [(0, "deviation", deviations), (1, "pass", json!([]))] {
        let came_to = json!({ "sequences": 26, "operations": 578, "deviations": deviations });
        let generated = json!({ "property": "sequences/imports", "seed": 7, "cases": 182, "steps": 40, "clients": 2, "came_to": came_to });
        let outcome = json!({ "test": "sequences/imports", "scenario": "sequences/imports", "subject": "sequences",
            "title": "imports do what AWS does", "why": "", "file": "", "verdict": verdict, "reason": null, "findings": [],
            "exchanges": [], "generated": generated, "elapsed_ms": 1.0 });
        logs[log].outcomes.push(serde_json::from_value(outcome).unwrap());
    }
    logs
}

#[test]
fn generated_sequences_are_told_with_what_they_found_and_how_to_run_them_again() {
    let page = html::render(&explored());
    let section = between(&page, "<section aria-labelledby=\"sequences\">", "</section>");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/report_html");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("sequences", text(section[0])));
    assert!(page.contains("<b>26</b> in 578 operations<div class=\"note\">2 distinct deviations</div>"));
    assert!(page.contains("<b>26</b> in 578 operations<div class=\"note\">nothing deviated</div>"));
    assert!(!html::render(&logs()).contains("Generated sequences"));
}

#[test]
fn every_link_within_the_page_has_its_place() {
    let page = html::render(&explored());
    let mut ids: Vec<&str> = between(&page, " id=\"", "\"");
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is given twice");
    let links = between(&page, "href=\"#", "\"");
    assert!(links.len() > 50, "{} links", links.len());
    for link in links {
        assert!(ids.binary_search(&link).is_ok(), "#{link} leads nowhere");
    }
}

/// More findings than a small file has room for, each with an exchange of its own.
fn many() -> Vec<RunLog> {
    let mut logs = logs();
    let outcome = logs[0].outcomes.iter().find(|outcome| outcome.scenario.starts_with("import/")).unwrap().clone();
    for number in 0..800 {
        let mut outcome = outcome.clone();
        outcome.scenario = format!("import/number_{number}");
        outcome.test = format!("import/number_{number}");
        outcome
            .exchanges
            .iter_mut()
            .for_each(|exchange| exchange.response = json!({"Padding": format!("{number}").repeat(300)}));
        logs[0].outcomes.push(outcome);
    }
    logs
}

#[test]
fn a_file_that_would_be_too_large_tells_fewer_findings_whole_without_scripts() {
    let page = html::render(&many());
    assert!(page.len() <= 1_000_000, "{} bytes", page.len());
    assert!(page.contains("To keep this file small"));
    assert!(page.contains("<template id=\"packed\">"));
    assert_eq!(page.matches("<article").count(), page.matches(" id=\"finding-").count());
    assert!(page.matches("<article").count() > 800);
    let short = page.matches("<article class=\"short\"").count();
    assert!(short > 400 && page.matches("<details class=\"calls\">").count() > 20, "{short} in short");
}

#[test]
fn what_is_compressed_is_told_whole_in_a_browser() {
    let Some(mut browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.html");
    let page = html::render(&many());
    std::fs::write(&path, &page).unwrap();
    let short = page.split("<article class=\"short\" id=\"").nth(300).unwrap().split('"').next().unwrap();
    browser.open(&path, &format!("#{short}"), &DESKTOP);
    browser.until("document.querySelector('article:target details.calls[data-whole] pre') != null");
    let count = |what: &str| format!("document.querySelectorAll('{what}').length");
    let all = browser.js(&count("article")).as_u64().unwrap();
    assert!(all > 800);
    assert_eq!(browser.js(&count("article > details.calls")), all);
    assert_eq!(browser.js(&count("article.short, #unpacked")), 0);
    let seen = "(() => { const place = document.querySelector('article:target').getBoundingClientRect(); return place.top >= 0 && place.top < innerHeight; })()";
    browser.until(seen);
    let lost = browser.js("[...document.querySelectorAll('a[href^=\"#\"]')].filter(link => !document.getElementById(link.hash.slice(1))).map(link => link.hash)");
    assert_eq!(lost, json!([]), "links that lead nowhere");
    browser.press("/");
    for key in ["n", "u", "m", "b", "e", "r", "_", "7", "9", "9"] {
        browser.press(key);
    }
    browser.until("document.querySelector('#count').textContent.includes(', 1 of ')");
    assert_eq!(browser.js("typeof window.hacked"), "undefined");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn nothing_is_run_asked_for_or_complained_of() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &DESKTOP);
    browser.js("document.querySelectorAll('details').forEach(details => { details.open = true; })");
    browser.until("document.querySelectorAll('details.calls[data-whole]').length == document.querySelectorAll('details.calls').length");
    assert_eq!(browser.js("typeof window.hacked"), "undefined");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_policy_stops_what_an_escape_would_have_let_through() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    let page = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, page.replace("<main>", "<main><script>window.hacked=1</script>")).unwrap();
    browser.open(&path, "", &DESKTOP);
    assert_eq!(browser.js("typeof window.hacked"), "undefined");
    assert!(!browser.complaints().is_empty());
}

#[test]
fn filters_narrow_the_page_and_stay_in_its_address() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &DESKTOP);
    let all = browser.js("document.querySelectorAll('.matrix tbody tr').length").as_u64().unwrap();
    browser.press("/");
    assert_eq!(browser.js("document.activeElement.name"), "q");
    for key in ["I", "m", "p", "-", "t", "y", "p", "e"] {
        browser.press(key);
    }
    browser.until("location.search == '?q=Imp-type'");
    let shown = "[...document.querySelectorAll('.matrix tbody tr')].filter(row => row.checkVisibility()).length";
    let some = browser.js(shown).as_u64().unwrap();
    assert!(some > 0 && some < all, "{some} of {all}");
    let count = browser.js("document.querySelector('#count').textContent");
    assert!(count.as_str().unwrap().starts_with(&format!("{some} of {all} rules, ")), "{count}");
    browser.reload();
    assert_eq!(browser.js(shown), some);
    assert_eq!(browser.js("document.querySelector('#filters').elements.q.value"), "Imp-type");
    browser.press("/");
    browser.press("Escape");
    browser.until("location.search == ''");
    assert_eq!(browser.js(shown), all);
    let choose = |name: &str, value: &str| {
        format!(
            "{{ const field = document.querySelector('#filters').elements.{name}; field.value = '{value}'; \
             field.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
        )
    };
    browser.js(&choose("verdict", "deviation"));
    browser.js(&choose("target", "1"));
    browser.until("location.search == '?verdict=deviation&target=1'");
    let deviating = browser.js("[...document.querySelectorAll('.matrix tbody tr')].filter(row => row.checkVisibility()).every(row => row.cells[2].className == 'deviation')");
    assert_eq!(deviating, true);
    let targets = browser.js("[...document.querySelectorAll('article')].filter(finding => finding.checkVisibility()).every(finding => finding.dataset.t.split(' ').includes('1'))");
    assert_eq!(targets, true);
    browser.js(&choose("subject", "wrapping"));
    browser.until("document.querySelector('#count').textContent.startsWith('0 of ')");
    assert_eq!(browser.js(shown), 0);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_permanent_link_shows_its_finding_whatever_the_filters_say() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &DESKTOP);
    let anchor = browser.js("document.querySelector('article:not(.short)').id");
    let anchor = anchor.as_str().unwrap();
    browser.open(&path, &format!("?q=nothing+has+this#{anchor}"), &DESKTOP);
    let seen = format!(
        "(() => {{ const place = document.getElementById('{anchor}').getBoundingClientRect(); return place.top >= 0 && place.top < innerHeight && place.height > 0; }})()"
    );
    browser.until(&seen);
    browser.until("document.querySelector('article:target details.calls').open");
    browser.until("document.querySelector('article:target details.calls[data-whole] pre.sh') != null");
    let script = browser.js(
        "[...document.querySelectorAll('article:target details.calls pre.sh')].map(pre => pre.textContent).join('\\n')",
    );
    assert!(script.as_str().unwrap().starts_with("aws kms create-key "), "{script}");
    assert_eq!(browser.js("document.querySelectorAll('article:target details.calls li > a').length"), 0);
}

#[test]
fn the_theme_follows_the_system_until_one_is_chosen_and_kept() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    let page = "getComputedStyle(document.body).backgroundColor";
    browser.open(&path, "", &DESKTOP);
    let light = browser.js(page);
    browser.open(&path, "", &DARK);
    let dark = browser.js(page);
    assert_ne!(light, dark);
    browser.js("document.querySelector('#theme').focus()");
    browser.press("Enter");
    browser.until("document.querySelector('#theme').textContent == 'Theme: light'");
    assert_eq!(browser.js(page), light);
    browser.reload();
    assert_eq!(browser.js(page), light, "the choice is kept");
    browser.js("document.querySelector('#theme').focus()");
    browser.press("Enter");
    browser.until("document.querySelector('#theme').textContent == 'Theme: dark'");
    assert_eq!(browser.js(page), dark);
}

#[test]
fn text_stands_out_from_its_ground_in_both_themes() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    for view in [DESKTOP, DARK] {
        browser.open(&path, "", &view);
        browser.js("document.querySelectorAll('details').forEach(details => { details.open = true; })");
        let faint = browser.js(CONTRAST);
        assert_eq!(faint, json!([]), "dark: {}", view.dark);
    }
}

/// Texts with less than 4.5 : 1 of contrast (WCAG 2.2, 1.4.3).
const CONTRAST: &str = r#"(() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    paint.clearRect(0, 0, 1, 1); paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; }
    return [255, 255, 255, 255];
  };
  const faint = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType == 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest("script, .permalink, .sr")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(element.tagName + "." + element.className);
  }
  return [...faint];
})()"#;

#[test]
fn a_screen_reader_has_an_outline_and_a_name_for_each_control() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &DESKTOP);
    let levels =
        browser.js("[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(heading => +heading.tagName[1])");
    let levels: Vec<u64> = serde_json::from_value(levels).unwrap();
    assert_eq!(levels[0], 1);
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "a heading of level {} follows one of {}", pair[1], pair[0]);
    }
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    let tree = browser.accessibility();
    for role in ["banner", "navigation", "main", "search", "contentinfo", "status"] {
        assert!(tree.iter().any(|(found, _)| found == role), "there is no {role}");
    }
    let controls = ["button", "link", "searchbox", "combobox", "textbox", "DisclosureTriangle", "table", "region"];
    for (role, name) in tree.iter().filter(|(role, _)| controls.contains(&role.as_str())) {
        assert!(!name.trim().is_empty(), "a {role} has no name");
    }
    assert!(tree.iter().filter(|(role, _)| role == "combobox").count() >= 4);
    let loose = browser.js("[...document.querySelectorAll('th')].filter(th => !th.scope).map(th => th.textContent)");
    assert_eq!(loose, json!([]), "headers without a scope");
    assert_eq!(browser.js("document.querySelector('#count').getAttribute('aria-live')"), "polite");
}

#[test]
fn the_keyboard_reaches_all_and_shows_where_it_is() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &DESKTOP);
    let mut reached = Vec::new();
    for _ in 0..20 {
        browser.press("Tab");
        let here = browser
            .js("document.activeElement.name || document.activeElement.id || document.activeElement.textContent");
        reached.push(here.as_str().unwrap().to_owned());
        assert_ne!(browser.js("getComputedStyle(document.activeElement).outlineStyle"), "none", "{reached:?}");
    }
    for control in [
        "Skip to the rules",
        "theme",
        "q",
        "subject",
        "evidence",
        "verdict",
        "target",
        "Clear",
        "What the verdicts mean",
    ] {
        assert!(reached.iter().any(|here| here == control), "{control} is not among {reached:?}");
    }
}

#[test]
fn a_phone_shows_it_without_scrolling_sideways() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &NARROW);
    browser.js("document.querySelectorAll('details').forEach(details => { details.open = true; })");
    browser.until("document.querySelectorAll('details.calls[data-whole]').length == document.querySelectorAll('details.calls').length");
    assert_eq!(browser.js("document.documentElement.scrollWidth"), 400);
    let small = browser.js("[...document.querySelectorAll('.matrix td > a')].map(link => link.getBoundingClientRect()).filter(box => box.width < 24 || box.height < 24).length");
    assert_eq!(small, 0, "links too small for a finger (WCAG 2.2, 2.5.8)");
}

#[test]
fn a_phone_shows_four_targets_beside_each_other() {
    let Some(mut browser) = Browser::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.html");
    let four = [explored(), explored()].concat();
    std::fs::write(&path, html::render(&four)).unwrap();
    browser.open(&path, "", &NARROW);
    assert_eq!(browser.js("document.documentElement.scrollWidth"), 400);
    let heads = browser.js("[...document.querySelectorAll('.overview thead th')].filter(head => head.getBoundingClientRect().right <= 400).length");
    assert_eq!(heads, 4);
    let beyond = browser.js("[...document.querySelectorAll('.overview :is(td, th), .open :is(td, th)')].filter(cell => cell.checkVisibility() && cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.textContent)");
    assert_eq!(beyond, json!([]), "texts that run out of their cells");
}

#[test]
fn all_is_there_without_scripts() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &View { scripts: false, ..DESKTOP });
    assert_eq!(browser.js("document.querySelector('#filters').checkVisibility()"), false);
    assert_eq!(browser.js("document.querySelector('#theme').checkVisibility()"), false);
    assert_eq!(
        browser.js("[...document.querySelectorAll('.matrix tbody tr, article')].every(part => part.checkVisibility())"),
        true
    );
    assert_eq!(browser.js("document.querySelectorAll('details.calls li > a').length > 0"), true);
}

#[test]
fn on_paper_all_is_open_and_there_are_no_controls() {
    let Some(mut browser) = Browser::start() else { return };
    let (_dir, path) = report();
    browser.open(&path, "", &View { print: true, dark: true, ..DESKTOP });
    assert_eq!(
        browser.js("[...document.querySelectorAll('#filters, button, nav')].some(part => part.checkVisibility())"),
        false
    );
    browser.js("window.dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.js("[...document.querySelectorAll('details')].every(details => details.open)"), true);
    assert_eq!(browser.js("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    browser.js("window.dispatchEvent(new Event('afterprint'))");
    assert_eq!(browser.js("document.querySelectorAll('details[open]').length"), 0);
}
